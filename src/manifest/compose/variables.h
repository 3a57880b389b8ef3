/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_VARIABLES_H
#define I2KIT_MANIFEST_COMPOSE_VARIABLES_H

/* Names and values: what a Compose file's ${NAME} stands for, and what env files set. */

#include <stdbool.h>
#include <stddef.h>

struct compose_variable {
	char *name;
	char *value;
	const char *file; /* borrowed; NULL: not from a file */
	unsigned line;
};

struct compose_variables {
	struct compose_variable *items; /* owned; by name, each once */
	size_t count;
};
enum { COMPOSE_VARIABLES_MAX = 20000 };

void compose_variables_clear(struct compose_variables *variables);
/* NULL: it is not set. */
const char *compose_variables_get(const struct compose_variables *variables, const char *name);
const struct compose_variable *compose_variables_find(const struct compose_variables *variables,
						      const char *name);
/* Sets it, whatever it was. False: there are too many. */
bool compose_variables_set(struct compose_variables *variables, const char *name, const char *value,
			   const char *file, unsigned line);
/* "NAME=VALUE" texts that end in NULL, as environ is; NULL is none. */
void compose_variables_add_environment(struct compose_variables *variables,
				       const char *const *environment);
/* Those of `from` that `to` has not. */
void compose_variables_complete(struct compose_variables *to, const struct compose_variables *from);

#endif
