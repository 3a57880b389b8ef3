/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/variables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void compose_variables_clear(struct compose_variables *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		free(variables->items[i].name);
		free(variables->items[i].value);
	}
	free(variables->items);
	*variables = (struct compose_variables){0};
}

/* Where the name is, or where it would be. */
static size_t place_of(const struct compose_variables *variables, const char *name, bool *ret_found)
{
	size_t low = 0;
	size_t high = variables->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, variables->items[middle].name);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct compose_variable *compose_variables_find(const struct compose_variables *variables,
						      const char *name)
{
	bool is_found = false;
	size_t at = place_of(variables, name, &is_found);
	return is_found ? &variables->items[at] : NULL;
}

const char *compose_variables_get(const struct compose_variables *variables, const char *name)
{
	const struct compose_variable *found = compose_variables_find(variables, name);
	return found != NULL ? found->value : NULL;
}

bool compose_variables_set(struct compose_variables *variables, const char *name, const char *value,
			   const char *file, unsigned line)
{
	bool is_found = false;
	size_t at = place_of(variables, name, &is_found);

	if (!is_found || variables->items == NULL) {
		if (variables->count >= COMPOSE_VARIABLES_MAX)
			return false;
		(void)ARRAY_APPEND(variables->items, variables->count);
		memmove(&variables->items[at + 1], &variables->items[at],
			(variables->count - 1 - at) * sizeof(*variables->items));
		variables->items[at] = (struct compose_variable){.name = xstrdup(name)};
	}
	struct compose_variable *item = &variables->items[at];
	char *copy = xstrdup(value); /* it may be the very value that is replaced */
	free(item->value);
	item->value = copy;
	item->file = file;
	item->line = line;
	return true;
}

void compose_variables_add_environment(struct compose_variables *variables,
				       const char *const *environment)
{
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
		const char *equals = strchr(environment[i], '=');
		if (equals == NULL || equals == environment[i])
			continue;
		AUTO_FREE char *name = xstrndup(environment[i], (size_t)(equals - environment[i]));
		(void)compose_variables_set(variables, name, equals + 1, NULL, 0);
	}
}

void compose_variables_complete(struct compose_variables *to, const struct compose_variables *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct compose_variable *item = &from->items[i];
		if (compose_variables_find(to, item->name) == NULL)
			(void)compose_variables_set(to, item->name, item->value, item->file,
						    item->line);
	}
}
