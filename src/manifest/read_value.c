/* SPDX-License-Identifier: Apache-2.0 */
/* Values of fields: strict, as kubectl is, so that what i2kit takes runs in a cluster too. */
#include "manifest/read_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/quantity.h"
#include "manifest/yaml_node.h"

static const char *field_name(const struct loader *loader)
{
	return loader->current ? loader->current->name : "value";
}

static bool has_variable(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && strchr(node->text, '$') != NULL;
}

void read_ignored(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	(void)node;
	(void)target;
}

static bool want_text(struct loader *loader, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR && node->type == YAML_TEXT)
		return true;
	if (node->kind != YAML_SCALAR) {
		loader_error_as(
			loader, PROBLEM_WRONG_TYPE, node,
			node->kind == YAML_MAP ? "for a text of several lines: KEY: |" : NULL,
			"%s: text is wanted here, not %s", field_name(loader), yaml_describe(node));
		return false;
	}
	AUTO_FREE char *hint = xasprintf("quote it: \"%.80s\"", node->text);
	loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint,
			"%s: %.80s is %s for YAML, text is wanted here", field_name(loader),
			node->text, yaml_describe(node));
	return false;
}

void read_text(struct loader *loader, const struct yaml_node *node, void *target)
{
	char **text = target;
	if (!want_text(loader, node))
		return;
	free(*text);
	*text = xstrdup(node->text);
}

void read_scalar(struct loader *loader, const struct yaml_node *node, void *target)
{
	char **text = target;
	if (node->kind != YAML_SCALAR) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, NULL,
				"%s: text is wanted here, not %s", field_name(loader),
				yaml_describe(node));
		return;
	}
	free(*text);
	*text = xstrdup(node->text);
}

void read_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (yaml_is_text(node, ""))
		return; /* not given */
	read_text(loader, node, target);
	if (node->kind == YAML_SCALAR && node->type == YAML_TEXT && !name_is_valid(node->text))
		loader_error(loader, node, name_hint(node->text), "%s: '%.80s' is not a valid name",
			     field_name(loader), node->text);
}

void read_bool(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (yaml_is_bool(node, target))
		return;
	bool is_scalar = node->kind == YAML_SCALAR;
	const char *hint =
		is_scalar && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
			? "without quotes"
			: NULL;
	loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint,
			"%s: true or false is wanted here, not %s", field_name(loader),
			yaml_describe(node));
}

void read_tristate(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool value = false;
	if (yaml_is_bool(node, &value))
		*(enum tristate *)target = value ? TRI_TRUE : TRI_FALSE;
	else
		read_bool(loader, node, &value);
}

static bool read_integer(struct loader *loader, const struct yaml_node *node, int64_t min,
			 int64_t max, int64_t *ret)
{
	bool is_integer = node->kind == YAML_SCALAR && node->type == YAML_INTEGER;
	uint64_t quoted = 0;
	if (is_integer && node->integer >= min && node->integer <= max) {
		*ret = node->integer;
		return true;
	}
	bool is_quoted = node->kind == YAML_SCALAR && node->type == YAML_TEXT &&
			 parse_u64(node->text, 0, UINT64_MAX, &quoted);
	if (is_integer || (node->kind == YAML_SCALAR && node->type == YAML_FLOAT))
		loader_error(loader, node, NULL,
			     "%s: %.40s is not a whole number from %lld to %lld",
			     field_name(loader), node->text, (long long)min, (long long)max);
	else
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node,
				is_quoted ? "without quotes"
				: has_variable(node)
					? "fill in the variables first: envsubst < FILE"
					: NULL,
				"%s: a whole number is wanted here, not %s", field_name(loader),
				yaml_describe(node));
	return false;
}

void read_u64(struct loader *loader, const struct yaml_node *node, void *target)
{
	int64_t value = 0;
	if (read_integer(loader, node, 0, INT64_MAX, &value))
		*(uint64_t *)target = (uint64_t)value;
}

void read_u32(struct loader *loader, const struct yaml_node *node, void *target)
{
	int64_t value = 0;
	if (read_integer(loader, node, 0, INT32_MAX, &value))
		*(uint32_t *)target = (uint32_t)value;
}

void read_port_number(struct loader *loader, const struct yaml_node *node, void *target)
{
	int64_t value = 0;
	if (read_integer(loader, node, 1, UINT16_MAX, &value))
		*(uint16_t *)target = (uint16_t)value;
}

/* 010 is eight for YAML 1.1, which kubectl reads; its text would be ten. */
static bool quantity_of(const struct yaml_node *node, uint64_t *ret_millis)
{
	static const int64_t most = INT64_MAX / 1000;
	if (node->kind != YAML_SCALAR)
		return false;
	if (node->type != YAML_INTEGER || node->integer < 0 || node->integer > most)
		return quantity_parse_millis(node->text, ret_millis);
	*ret_millis = (uint64_t)node->integer * 1000;
	return true;
}

void read_millis(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (!quantity_of(node, target))
		loader_error(loader, node, "as in 500m, 0.5, 2", "%s: '%.40s' is not a quantity",
			     field_name(loader), node->text ? node->text : yaml_describe(node));
}

/* 100m of memory is a tenth of a byte: what was meant is 100M or 100Mi. */
void read_bytes(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint64_t millis = 0;
	if (!quantity_of(node, &millis)) {
		loader_error(loader, node, "as in 64Mi, 1Gi, 128974848",
			     "%s: '%.40s' is not a quantity", field_name(loader),
			     node->text ? node->text : yaml_describe(node));
		return;
	}
	if (millis > 0 && strchr(node->text, 'm') != NULL) {
		loader_error(loader, node, "M is a million bytes, Mi is 1024 times 1024",
			     "%s: in %.40s the m stands for thousandths of a byte",
			     field_name(loader), node->text);
		return;
	}
	*(uint64_t *)target = millis / 1000;
}

void read_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool is_integer = node->kind == YAML_SCALAR && node->type == YAML_INTEGER;
	if (is_integer && node->integer >= 0 && node->integer <= 0777)
		*(uint16_t *)target = (uint16_t)node->integer;
	else
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node,
				"as in 0644 (octal), without quotes",
				"%s: file permissions are wanted here", field_name(loader));
}

/* A command in one line is for a shell, or is its words. */
static char *list_hint(const struct loader *loader, const struct yaml_node *node)
{
	bool is_command = strcmp(field_name(loader), "command") == 0;
	if (node->kind != YAML_SCALAR)
		return xstrdup("[\"one\", \"two\"]");
	if (!is_command || strchr(node->text, ' ') == NULL)
		return xasprintf("[\"%.80s\"]", node->text);
	const char *quote = strpbrk(node->text, "\"'\\") != NULL ? "'…'" : node->text;
	return xasprintf("[sh, -c, \"%.80s\"], or each word an item of the list", quote);
}

void read_text_list(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		AUTO_FREE char *hint = list_hint(loader, node);
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint,
				"%s: a list of texts is wanted here, not %s", field_name(loader),
				yaml_describe(node));
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		if (yaml_is_null(node->items[i]))
			string_list_add(target, "");
		else if (want_text(loader, node->items[i]))
			string_list_add(target, node->items[i]->text);
	}
}

void read_number_list(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "[1000, 1001]",
				"%s: a list of numbers is wanted here, not %s", field_name(loader),
				yaml_describe(node));
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		int64_t value = 0;
		if (read_integer(loader, node->items[i], 0, INT32_MAX, &value))
			string_list_addf(target, "%lld", (long long)value);
	}
}

static const char *nearest_choice(const char *text, const struct string_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcasecmp(words->items[i], text) == 0)
			return words->items[i];
	}
	return suggest_nearest(text, words);
}

void read_choice(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct field *field = loader->current;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	/* As in clusters, an empty text is one that was not given. */
	if (yaml_is_text(node, ""))
		return;
	string_list_split(&words, field->choices, '|');
	for (size_t i = 0; node->kind == YAML_SCALAR && i < words.count; i++) {
		if (strcmp(words.items[i], node->text) == 0) {
			*(unsigned *)target = (unsigned)i;
			return;
		}
	}
	AUTO_FREE char *list = string_list_join(&words, ", ");
	const char *nearest = node->kind == YAML_SCALAR ? nearest_choice(node->text, &words) : NULL;
	AUTO_FREE char *hint =
		nearest != NULL ? xasprintf("did you mean %s? it is one of %s", nearest, list)
				: xasprintf("one of %s", list);
	loader_error(loader, node, hint, "%s: '%.60s' is not known", field->name,
		     node->text ? node->text : yaml_describe(node));
}

void check_text_key(struct loader *loader, const struct yaml_node *key)
{
	if (key->type != YAML_BOOL || key->is_quoted)
		return;
	AUTO_FREE char *hint = xasprintf("quote it: \"%.10s\"", key->text);
	loader_error(loader, key, hint, "the key %.10s is a boolean for YAML", key->text);
}

void read_key_values(struct loader *loader, const struct yaml_node *node, struct key_value **array,
		     size_t *count)
{
	if (node->kind != YAML_MAP) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "KEY: \"text\" lines",
				"%s: a map of texts is wanted here, not %s", field_name(loader),
				yaml_describe(node));
		return;
	}
	if (node->pair_count > PAIRS_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "%s: more than %d entries",
				field_name(loader), PAIRS_MAX);
		return;
	}
	const struct field *outer = loader->current;
	for (size_t i = 0; i < node->pair_count; i++) {
		check_text_key(loader, node->pairs[i].key);
		const struct yaml_node *value = node->pairs[i].value;
		const struct field entry = {.name = node->pairs[i].key->text};
		loader->current = &entry; /* what messages name */
		bool is_good = yaml_is_null(value) || want_text(loader, value);
		loader->current = outer;
		if (!is_good)
			continue;
		struct key_value *pair = ARRAY_APPEND(*array, *count);
		pair->key = xstrdup(node->pairs[i].key->text);
		pair->value = xstrdup(yaml_is_null(value) ? "" : value->text);
	}
}
