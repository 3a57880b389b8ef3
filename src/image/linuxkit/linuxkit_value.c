/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_value.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/yaml_node.h"

enum scalar_kind { SCALAR_TEXT, SCALAR_BOOL, SCALAR_NUMBER, SCALAR_OTHER };

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static bool looks_like_float(const char *text)
{
	double value = 0;
	return strpbrk(text, "0123456789") != NULL &&
	       strspn(text, "0123456789+-.eE_") == strlen(text) && parse_double(text, &value);
}

static enum scalar_kind kind_of(const struct yaml_node *node)
{
	static const char *const bools[] = {"true",  "True",  "TRUE", "false",
					    "False", "FALSE", NULL};
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	int64_t number = 0;
	if (node->is_quoted)
		return SCALAR_TEXT;
	if (is_one_of(node->text, bools))
		return SCALAR_BOOL;
	if (parse_i64(node->text, INT64_MIN, INT64_MAX, &number))
		return SCALAR_NUMBER;
	if (is_one_of(node->text, nulls) || looks_like_float(node->text))
		return SCALAR_OTHER;
	return SCALAR_TEXT;
}

static bool refuse(const struct yaml_node *node, const char *name, const char *wanted,
		   struct error *err)
{
	return error_set(err, ERROR_INVALID, "%u:%u: '%s' is not %s", node->line, node->column,
			 name, wanted);
}

static bool write_text(const struct yaml_node *node, const char *name, struct strbuf *json,
		       struct error *err)
{
	if (node->kind != YAML_SCALAR || kind_of(node) != SCALAR_TEXT) {
		refuse(node, name, "a text", err);
		return node->kind == YAML_SCALAR
			       ? error_hint(err, "put it in quotes: \"%.100s\"", node->text)
			       : false;
	}
	strbuf_append_json(json, node->text);
	return true;
}

static bool write_bool(const struct yaml_node *node, const char *name, struct strbuf *json,
		       struct error *err)
{
	if (node->kind != YAML_SCALAR || kind_of(node) != SCALAR_BOOL)
		return refuse(node, name, "true or false", err);
	strbuf_append(json, node->text[0] == 't' || node->text[0] == 'T' ? "true" : "false");
	return true;
}

static bool write_number(const struct yaml_node *node, const char *name, struct strbuf *json,
			 struct error *err)
{
	int64_t number = 0;
	if (node->kind != YAML_SCALAR || node->is_quoted ||
	    !parse_i64(node->text, INT64_MIN, INT64_MAX, &number))
		return refuse(node, name, "a whole number", err);
	strbuf_appendf(json, "%lld", (long long)number);
	return true;
}

static bool write_id(const struct yaml_node *node, const char *name, struct strbuf *json,
		     struct error *err)
{
	if (node->kind == YAML_SCALAR && kind_of(node) == SCALAR_NUMBER)
		return write_number(node, name, json, err);
	return write_text(node, name, json, err);
}

typedef bool item_fn(const struct yaml_node *node, const char *name, struct strbuf *json,
		     struct error *err);

static bool write_list(const struct yaml_node *node, const char *name, item_fn *item,
		       struct strbuf *json, struct error *err)
{
	if (node->kind != YAML_LIST)
		return refuse(node, name, "a list", err);
	strbuf_append_char(json, '[');
	for (size_t i = 0; i < node->item_count; i++) {
		if (i > 0)
			strbuf_append_char(json, ',');
		if (!item(node->items[i], name, json, err))
			return false;
	}
	strbuf_append_char(json, ']');
	return true;
}

static bool write_map(const struct yaml_node *node, const char *name, struct strbuf *json,
		      struct error *err)
{
	if (node->kind != YAML_MAP)
		return refuse(node, name, "a map", err);
	strbuf_append_char(json, '{');
	for (size_t i = 0; i < node->pair_count; i++) {
		if (i > 0)
			strbuf_append_char(json, ',');
		strbuf_append_json(json, node->pairs[i].key->text);
		strbuf_append_char(json, ':');
		if (!write_text(node->pairs[i].value, node->pairs[i].key->text, json, err))
			return false;
	}
	strbuf_append_char(json, '}');
	return true;
}

static bool write_objects(const struct yaml_node *node, const struct linuxkit_key *key,
			  struct strbuf *json, struct error *err)
{
	if (node->kind != YAML_LIST)
		return refuse(node, key->name, "a list", err);
	strbuf_append_char(json, '[');
	for (size_t i = 0; i < node->item_count; i++) {
		if (i > 0)
			strbuf_append_char(json, ',');
		if (!linuxkit_value_write(node->items[i], key->keys, json, err))
			return false;
	}
	strbuf_append_char(json, ']');
	return true;
}

static bool write_value(const struct yaml_node *node, const struct linuxkit_key *key,
			struct strbuf *json, struct error *err)
{
	switch (key->kind) {
	case LINUXKIT_TEXT:
		return write_text(node, key->name, json, err);
	case LINUXKIT_BOOL:
		return write_bool(node, key->name, json, err);
	case LINUXKIT_NUMBER:
		return write_number(node, key->name, json, err);
	case LINUXKIT_ID:
		return write_id(node, key->name, json, err);
	case LINUXKIT_TEXTS:
		return write_list(node, key->name, write_text, json, err);
	case LINUXKIT_IDS:
		return write_list(node, key->name, write_id, json, err);
	case LINUXKIT_MAP:
		return write_map(node, key->name, json, err);
	case LINUXKIT_OBJECT:
		return linuxkit_value_write(node, key->keys, json, err);
	case LINUXKIT_OBJECTS:
		break;
	}
	return write_objects(node, key, json, err);
}

static const struct linuxkit_key *find_key(const struct linuxkit_key *keys, const char *name)
{
	for (; keys->name != NULL; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

static bool refuse_key(const struct yaml_node *node, const struct linuxkit_key *keys,
		       struct error *err)
{
	AUTO(strbuf_clear) struct strbuf known = STRBUF_INIT;
	for (; keys->name != NULL; keys++)
		strbuf_appendf(&known, "%s%s", known.size ? ", " : "", keys->name);
	error_set(err, ERROR_INVALID, "%u:%u: LinuxKit has no key '%.100s' here", node->line,
		  node->column, node->text);
	return error_hint(err, "keys here: %s", strbuf_text(&known));
}

bool linuxkit_value_write(const struct yaml_node *node, const struct linuxkit_key *keys,
			  struct strbuf *json, struct error *err)
{
	if (node->kind != YAML_MAP)
		return error_set(err, ERROR_INVALID, "%u:%u: not a map of keys", node->line,
				 node->column);
	strbuf_append_char(json, '{');
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *name = node->pairs[i].key;
		const struct linuxkit_key *key = find_key(keys, name->text);
		if (key == NULL)
			return refuse_key(name, keys, err);
		if (i > 0)
			strbuf_append_char(json, ',');
		strbuf_append_json(json, name->text);
		strbuf_append_char(json, ':');
		if (!write_value(node->pairs[i].value, key, json, err))
			return false;
	}
	strbuf_append_char(json, '}');
	return true;
}
