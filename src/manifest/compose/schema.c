/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/schema.h"

static const struct compose_type *find_type(const char *name, size_t length)
{
	for (size_t i = 0; i < compose_type_count; i++) {
		if (strncmp(compose_types[i].name, name, length) == 0 &&
		    compose_types[i].name[length] == '\0')
			return &compose_types[i];
	}
	return NULL;
}

static size_t code_length(const char *code)
{
	return strcspn(code, " /");
}

/* "service.networks.NAME" is an entry of networks for people. */
static char *type_title(const char *name)
{
	const char *word = strrchr(name, '.');
	word = word != NULL ? word + 1 : name;
	size_t length = strcspn(word, "[?");
	if (strncmp(word, "NAME", 4) == 0 && word > name + 1) {
		const char *end = word - 1;
		const char *start = end;
		while (start > name && start[-1] != '.')
			start--;
		return xstrndup(start, (size_t)(end - start));
	}
	return length > 0 ? xstrndup(word, length) : xstrdup("the file");
}

static void unknown_key(struct compose_context *context, const struct yaml_node *key,
			const struct compose_type *type)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	string_list_split(&names, type->fields, ' ');
	for (size_t i = 0; i < names.count; i++)
		names.items[i][strcspn(names.items[i], ":")] = '\0';
	const char *nearest = suggest_nearest(key->text, &names);
	AUTO_FREE char *list = string_list_join(&names, ", ");
	bool is_top = strcmp(type->name, "compose") == 0;
	const struct compose_type *service = find_type("service", 7);
	AUTO_FREE char *hint =
		nearest != NULL ? xasprintf("did you mean '%s'?", nearest)
		: type->is_open ? xasprintf("it has %.300s; x-… is for what is your own", list)
				: xasprintf("it has %.300s", list);
	if (is_top && service != NULL && schema_code(service->fields, key->text) != NULL) {
		free(hint);
		hint = xstrdup("it belongs to a service: check the indentation");
	}
	AUTO_FREE char *title = is_top ? xstrdup("a Compose file") : type_title(type->name);
	compose_error(context, key, hint, "unknown key '%.80s' in %s", key->text, title);
}

static void check(struct compose_context *context, const struct yaml_node *node, const char *code,
		  const char *name);

static void check_required(struct compose_context *context, const struct yaml_node *node,
			   const struct compose_type *type)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (type->required[0] == '\0')
		return;
	string_list_split(&names, type->required, ' ');
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *title = type_title(type->name);
		if (yaml_get(node, names.items[i]) == NULL)
			compose_error(context, node, NULL, "'%s' is missing in %s", names.items[i],
				      title);
	}
}

static void check_map(struct compose_context *context, const struct yaml_node *node,
		      const struct compose_type *type)
{
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const char *code = schema_code(type->fields, key->text);
		if (code != NULL)
			check(context, node->pairs[i].value, code, key->text);
		else if (!type->is_open || strncmp(key->text, "x-", 2) != 0)
			unknown_key(context, key, type);
	}
	check_required(context, node, type);
}

static bool name_is_good(const char *name)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	return name[0] != '\0' && strspn(name, good) == strlen(name);
}

static void check_names(struct compose_context *context, const struct yaml_node *node,
			const char *name)
{
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		if (!name_is_good(key->text))
			compose_error(context, key, "letters, digits and . _ -",
				      "%s: '%.80s' is no name", name, key->text);
	}
}

struct item {
	const struct yaml_node *node;
	size_t index;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	int order = strcmp(left->node->text, right->node->text);
	return order != 0 ? order : (left->index < right->index ? -1 : 1);
}

static void check_unique(struct compose_context *context, const struct yaml_node *list,
			 const char *name)
{
	AUTO_FREE struct item *items = xcalloc(list->item_count + 1, sizeof(*items));
	size_t count = 0;
	for (size_t i = 0; i < list->item_count; i++) {
		if (list->items[i]->kind == YAML_SCALAR)
			items[count++] = (struct item){list->items[i], i};
	}
	qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 1; i < count; i++) {
		const struct yaml_node *one = items[i].node;
		if (one->type == items[i - 1].node->type &&
		    strcmp(one->text, items[i - 1].node->text) == 0)
			compose_error(context, one, "remove one of them",
				      "%s: '%.80s' is there twice", name, one->text);
	}
}

static bool word_is_one_of(const char *text, const char *words, size_t size)
{
	size_t length = strlen(text);
	for (size_t at = 0; at < size;) {
		size_t end = at;
		while (end < size && words[end] != '|')
			end++;
		if (end - at == length && strncmp(words + at, text, length) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

/* Whether the value is of the kind; what is inside comes after. */
static bool is_of(const struct yaml_node *node, const char *code)
{
	bool is_scalar = node->kind == YAML_SCALAR;
	const struct compose_type *type = NULL;
	switch (code[0]) {
	case 's':
		return is_scalar && node->type == YAML_TEXT;
	case '=':
		return is_scalar && node->type == YAML_TEXT;
	case 'i':
		return is_scalar && node->type == YAML_INTEGER;
	case 'n':
		return is_scalar && (node->type == YAML_INTEGER || node->type == YAML_FLOAT);
	case 'b':
		return is_scalar && node->type == YAML_BOOL;
	case '0':
		return node->kind == YAML_NULL;
	case '[':
	case '!':
		return node->kind == YAML_LIST;
	case '{':
	case '<':
	case '@':
		return node->kind == YAML_MAP;
	case '|':
		type = find_type(code + 1, code_length(code + 1));
		for (const char *at = type != NULL ? type->fields : NULL; at != NULL;) {
			if (is_of(node, at))
				return true;
			at = strchr(at, '/');
			at = at != NULL ? at + 1 : NULL;
		}
		return false;
	default:
		return true;
	}
}

static const char *word_of(char code)
{
	switch (code) {
	case 's':
	case '=':
		return "text";
	case 'i':
		return "a whole number";
	case 'n':
		return "a number";
	case 'b':
		return "true or false";
	case '0':
		return "nothing";
	case '[':
	case '!':
		return "a list";
	default:
		return "a map";
	}
}

/* "text, a list or nothing" */
static char *describe(const char *code)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	for (const char *at = code;;) {
		const struct compose_type *type =
			at[0] == '|' ? find_type(at + 1, code_length(at + 1)) : NULL;
		AUTO_FREE char *inner = type != NULL ? describe(type->fields) : NULL;
		string_list_add(&words, inner != NULL ? inner : word_of(at[0]));
		at += code_length(at);
		if (*at != '/')
			break;
		at++;
	}
	return string_list_join(&words, " or ");
}

static void check_inside(struct compose_context *context, const struct yaml_node *node,
			 const char *code, const char *name)
{
	size_t length = code_length(code);
	const struct compose_type *type =
		code[0] == '@' || code[0] == '|' ? find_type(code + 1, length - 1) : NULL;
	if (code[0] == '@' && type != NULL)
		check_map(context, node, type);
	if (code[0] == '|' && type != NULL)
		check(context, node, type->fields, name);
	if (code[0] == '<')
		check_names(context, node, name);
	if (code[0] == '!')
		check_unique(context, node, name);
	if (code[0] == '=' && !word_is_one_of(node->text, code + 1, length - 1)) {
		AUTO_FREE char *hint = xstrndup(code + 1, length - 1);
		compose_error(context, node, hint, "%s: '%.60s' is not known", name, node->text);
	}
	for (size_t i = 0; (code[0] == '[' || code[0] == '!') && i < node->item_count; i++)
		check(context, node->items[i], code + 1, name);
	for (size_t i = 0; (code[0] == '{' || code[0] == '<') && i < node->pair_count; i++)
		check(context, node->pairs[i].value, code + 1, node->pairs[i].key->text);
}

static void check(struct compose_context *context, const struct yaml_node *node, const char *code,
		  const char *name)
{
	for (const char *at = code;;) {
		if (is_of(node, at)) {
			check_inside(context, node, at, name);
			return;
		}
		at += code_length(at);
		if (*at != '/')
			break;
		at++;
	}
	AUTO_FREE char *wanted = describe(code);
	bool is_number = node->kind == YAML_SCALAR && node->type != YAML_TEXT;
	AUTO_FREE char *hint = is_number && is_of(&(struct yaml_node){.kind = YAML_SCALAR}, code)
				       ? xasprintf("quote it: \"%.60s\"", node->text)
				       : NULL;
	compose_error(context, node, hint, "%s: %s is wanted here, not %s", name, wanted,
		      yaml_describe(node));
}

bool compose_check_schema(struct compose_context *context, const struct yaml_node *root)
{
	size_t before = context->problems->error_count;
	check(context, root, "@compose", "a Compose file");
	return context->problems->error_count == before;
}
