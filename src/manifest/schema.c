/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/schema.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/loader.h"
#include "manifest/yaml_node.h"

static const struct schema_type *find_type(const char *name, size_t length)
{
	size_t low = 0;
	size_t high = schema_type_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = schema_types[middle].name;
		int order = strncmp(name, other, length);
		if (order == 0 && other[length] != '\0')
			order = -1;
		if (order == 0)
			return &schema_types[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *schema_code(const char *fields, const char *field)
{
	size_t length = strlen(field);
	for (const char *at = fields; at != NULL && at[0] != '\0';) {
		if (strncmp(at, field, length) == 0 && at[length] == ':')
			return at + length + 1;
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	return NULL;
}

const char *schema_field(const char *type, const char *field)
{
	const struct schema_type *found = find_type(type, strlen(type));
	return found != NULL ? schema_code(found->fields, field) : NULL;
}

/* Owned; or NULL. */
static char *unknown_hint(const struct schema_type *type, const char *name)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	string_list_split(&known, type->fields, ' ');
	for (size_t i = 0; i < known.count; i++) {
		known.items[i][strcspn(known.items[i], ":")] = '\0';
		string_list_add(&names, known.items[i]);
	}
	const char *nearest = suggest_nearest(name, &names);
	AUTO_FREE char *list = string_list_join(&names, ", ");
	return nearest != NULL ? xasprintf("did you mean '%s'?", nearest)
			       : xasprintf("it has %.200s", list);
}

static void check_type(struct loader *loader, const struct yaml_node *node, const char *code)
{
	size_t length = strcspn(code, " ");
	const struct schema_type *type = find_type(code, length);
	if (type == NULL)
		return;
	if (node->kind != YAML_MAP) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "KEY: VALUE lines",
				"%s: a map is wanted here, not %s", type->name,
				yaml_describe(node));
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const char *field = schema_code(type->fields, key->text);
		if (field != NULL) {
			schema_check(loader, node->pairs[i].value, field, key->text);
			continue;
		}
		AUTO_FREE char *hint = unknown_hint(type, key->text);
		loader_error_as(loader, PROBLEM_UNKNOWN_FIELD, key, hint,
				"unknown field '%.80s' in %s", key->text, type->name);
	}
}

static bool is_of_code(const struct yaml_node *node, char code)
{
	bool is_scalar = node->kind == YAML_SCALAR;
	bool is_integer = is_scalar && node->type == YAML_INTEGER;
	bool value = false;
	switch (code) {
	case 's':
		return is_scalar && node->type == YAML_TEXT;
	case 'i':
		return is_integer;
	case 'b':
		return yaml_is_bool(node, &value);
	case 'n':
		return is_integer || (is_scalar && node->type == YAML_FLOAT);
	case 'q':
		return is_integer ||
		       (is_scalar && (node->type == YAML_TEXT || node->type == YAML_FLOAT));
	case '[':
		return node->kind == YAML_LIST;
	case '{':
		return node->kind == YAML_MAP;
	default:
		return true;
	}
}

static const char *word_of_code(char code)
{
	switch (code) {
	case 's':
		return "text";
	case 'i':
		return "a whole number";
	case 'b':
		return "true or false";
	case 'n':
	case 'q':
		return "a number";
	case '[':
		return "a list";
	default:
		return "a map";
	}
}

void schema_check(struct loader *loader, const struct yaml_node *node, const char *code,
		  const char *name)
{
	if (yaml_is_null(node))
		return;
	if (!is_of_code(node, code[0])) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, NULL,
				"%s: %s is wanted here, not %s", name, word_of_code(code[0]),
				yaml_describe(node));
		return;
	}
	if (code[0] == '@')
		check_type(loader, node, code + 1);
	for (size_t i = 0; code[0] == '[' && i < node->item_count; i++)
		schema_check(loader, node->items[i], code + 1, name);
	for (size_t i = 0; code[0] == '{' && i < node->pair_count; i++)
		schema_check(loader, node->pairs[i].value, code + 1, name);
}
