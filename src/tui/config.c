/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/suggest.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

/* One reading; where each action got its keys is kept for what clashes. */
struct reading {
	const char *file;
	struct tui_config config;
	const struct yaml_node *places[ACTION_LIMIT];
};

void tui_config_init(struct tui_config *config)
{
	*config = (struct tui_config){0};
	bindings_init(&config->bindings);
}

char *tui_config_path(void)
{
	return path_folder(PATH_CONFIG, "tui.yml");
}

static bool fail(const struct reading *reading, const struct yaml_node *node, struct error *err)
{
	AUTO_FREE char *place = xasprintf("%s:%u:%u", reading->file, node->line, node->column);
	return error_prefix(err, "%s", place);
}

static bool read_theme(struct reading *reading, const struct yaml_node *node, struct error *err)
{
	if (node->kind == YAML_SCALAR && theme_find(node->text, &reading->config.theme))
		return true;
	error_set(err, ERROR_INVALID, "theme is auto, dark, light or none, not %s",
		  node->kind == YAML_SCALAR ? node->text : yaml_describe(node));
	return fail(reading, node, err);
}

static bool read_mouse(struct reading *reading, const struct yaml_node *node, struct error *err)
{
	bool has_mouse = false;

	if (!yaml_is_bool(node, &has_mouse)) {
		error_set(err, ERROR_INVALID, "mouse is true or false");
		return fail(reading, node, err);
	}
	reading->config.has_no_mouse = !has_mouse;
	return true;
}

static bool add_key(struct reading *reading, size_t action, size_t index,
		    const struct yaml_node *node, struct error *err)
{
	unsigned key = node->kind == YAML_SCALAR ? key_from_name(node->text) : 0;

	if (index >= ACTION_MAX_KEYS) {
		error_set(err, ERROR_INVALID, "an action has at most %d keys", ACTION_MAX_KEYS);
		return fail(reading, node, err);
	}
	if (key == 0) {
		error_set(err, ERROR_INVALID, "%s is no key",
			  node->kind == YAML_SCALAR ? node->text : yaml_describe(node));
		error_hint(err, "one character, ctrl-r, space, enter, tab, esc, del, home, end, "
				"pgup, pgdn, up, down, left, right; in quotes what YAML reads "
				"otherwise");
		return fail(reading, node, err);
	}
	reading->config.bindings.keys[action][index] = key;
	return true;
}

static size_t find_action(const char *name)
{
	size_t i = 0;
	while (i < action_count && strcmp(actions[i].name, name) != 0)
		i++;
	return i;
}

static bool read_keys_of(struct reading *reading, const struct yaml_pair *pair, struct error *err)
{
	const struct yaml_node *value = pair->value;
	size_t action = find_action(pair->key->text);

	if (action == action_count) {
		AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
		for (size_t i = 0; i < action_count; i++)
			string_list_add(&known, actions[i].name);
		error_set(err, ERROR_INVALID, "no action is called '%s'", pair->key->text);
		suggest_hint(err, pair->key->text, &known);
		return fail(reading, pair->key, err);
	}
	memset(reading->config.bindings.keys[action], 0,
	       sizeof(reading->config.bindings.keys[action]));
	reading->places[action] = value;
	if (value->kind != YAML_LIST)
		return add_key(reading, action, 0, value, err);
	for (size_t i = 0; i < value->item_count; i++) {
		if (!add_key(reading, action, i, value->items[i], err))
			return false;
	}
	if (value->item_count == 0 && actions[action].kind == ACTION_QUIT) {
		error_set(err, ERROR_INVALID, "quit needs a key");
		return fail(reading, value, err);
	}
	return true;
}

static bool refuse_clash(const struct reading *reading, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;
	const struct action *first = NULL;
	const struct action *second = NULL;
	unsigned key = 0;

	if (!bindings_clash(&reading->config.bindings, &first, &second, &key))
		return true;
	const struct yaml_node *place = reading->places[second - actions];
	if (place == NULL) { /* a key of i2kit's own: the other one is the user's */
		const struct action *swapped = first;
		place = reading->places[first - actions];
		first = second;
		second = swapped;
	}
	key_name(key, &name);
	error_set(err, ERROR_INVALID, "the key %s of %s is that of %s on the same screen",
		  strbuf_text(&name), second->name, first->name);
	error_hint(err, "give %s another key in this file, or none: %s: []", first->name,
		   first->name);
	return place != NULL ? fail(reading, place, err) : error_prefix(err, "%s", reading->file);
}

static bool read_keys(struct reading *reading, const struct yaml_node *node, struct error *err)
{
	if (node->kind != YAML_MAP) {
		error_set(err, ERROR_INVALID, "keys has a key, or a list of them, for each action");
		return fail(reading, node, err);
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		if (!read_keys_of(reading, &node->pairs[i], err))
			return false;
	}
	return refuse_clash(reading, err);
}

typedef bool read_fn(struct reading *reading, const struct yaml_node *node, struct error *err);

static bool read_entry(struct reading *reading, const struct yaml_pair *pair, struct error *err)
{
	static const struct {
		const char *name;
		read_fn *read;
	} entries[] = {{"theme", read_theme}, {"mouse", read_mouse}, {"keys", read_keys}};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (strcmp(entries[i].name, pair->key->text) == 0)
			return entries[i].read(reading, pair->value, err);
	}
	error_set(err, ERROR_INVALID, "'%s' means nothing here; theme, mouse and keys do",
		  pair->key->text);
	return fail(reading, pair->key, err);
}

static bool read_root(struct reading *reading, const struct yaml_documents *documents,
		      struct error *err)
{
	if (documents->count == 0) /* nothing but comments */
		return true;
	const struct yaml_node *root = documents->roots[documents->count - 1];
	if (documents->count > 1 || root->kind != YAML_MAP) {
		error_set(err, ERROR_INVALID,
			  documents->count > 1 ? "one document is enough"
					       : "theme, mouse and keys are what it may have");
		return fail(reading, root, err);
	}
	for (size_t i = 0; i < root->pair_count; i++) {
		if (!read_entry(reading, &root->pairs[i], err))
			return false;
	}
	return true;
}

bool tui_config_read(const char *file, const char *text, size_t size, struct tui_config *ret,
		     struct error *err)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	struct reading reading = {.file = file};

	tui_config_init(&reading.config);
	if (!yaml_read(text, size, &documents, err)) {
		AUTO_FREE char *message = xasprintf("%s:%s", file, err->message);
		AUTO_FREE char *hint = xstrdup_or_null(err->hint);
		error_set(err, ERROR_INVALID, "%s", message);
		return hint != NULL ? error_hint(err, "%s", hint) : false;
	}
	if (!read_root(&reading, &documents, err))
		return false;
	*ret = reading.config;
	return true;
}

bool tui_config_load(const char *file, struct tui_config *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	tui_config_init(ret);
	if (!path_exists(file))
		return true;
	return file_read(file, CONFIG_MAX_BYTES, &text, &size, err) &&
	       tui_config_read(file, text, size, ret, err);
}
