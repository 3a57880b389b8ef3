/* SPDX-License-Identifier: Apache-2.0 */
/* ConfigMap and Secret. */
#include "manifest/config_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void add_entry(struct config_map *map, const char *key, char *bytes, size_t size)
{
	struct config_entry *entry = ARRAY_APPEND(map->entries, map->entry_count);
	entry->key = xstrdup(key);
	entry->bytes = bytes;
	entry->size = size;
}

bool config_key_is_valid(const char *key)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < length; i++) {
		char c = key[i];
		bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
		if (!is_good)
			return false;
	}
	return length > 0 && length <= 253 && strcmp(key, ".") != 0 && strncmp(key, "..", 2) != 0;
}

/* Base64 in YAML blocks comes in lines. */
static char *without_blanks(const char *text)
{
	char *copy = xstrdup(text);
	char *to = copy;
	for (const char *at = text; *at != '\0'; at++) {
		if (strchr(" \t\r\n", *at) == NULL)
			*to++ = *at;
	}
	*to = '\0';
	return copy;
}

static void add_base64(struct loader *loader, const struct yaml_node *key,
		       const struct yaml_node *value, struct config_map *map)
{
	AUTO_FREE uint8_t *raw = NULL;
	AUTO_FREE char *text = without_blanks(value->text ? value->text : "");
	size_t size = 0;
	if (!base64_decode(text, strlen(text), &raw, &size)) {
		loader_error(loader, value,
			     map->is_secret ? "plain text goes under stringData"
					    : "plain text goes under data",
			     "the value of '%.80s' is not base64", key->text);
		return;
	}
	char *bytes = xmalloc(size + 1);
	if (size > 0)
		memcpy(bytes, raw, size);
	bytes[size] = '\0';
	add_entry(map, key->text, bytes, size);
}

static void remove_entry(struct config_map *map, const char *key)
{
	for (size_t i = 0; i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, key) != 0)
			continue;
		free(map->entries[i].key);
		free(map->entries[i].bytes);
		map->entries[i] = map->entries[--map->entry_count];
		return;
	}
}

void config_map_put(struct config_map *map, const char *key, char *bytes, size_t size)
{
	remove_entry(map, key);
	add_entry(map, key, bytes, size);
}

static void read_entries(struct loader *loader, const struct yaml_node *node,
			 struct config_map *map, bool is_base64)
{
	if (node->kind != YAML_MAP) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "KEY: \"text\" lines",
				"%s: a map is wanted here, not %s", loader->current->name,
				yaml_describe(node));
		return;
	}
	if (node->pair_count > ENTRIES_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "%s: more than %d keys",
				loader->current->name, ENTRIES_MAX);
		return;
	}
	const struct field *outer = loader->current;
	bool has_others = map->entry_count > 0;
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		AUTO_FREE char *text = NULL;
		check_text_key(loader, key);
		if (!config_key_is_valid(key->text))
			loader_error(loader, key, "letters, digits, '-', '_' and '.'",
				     "'%.80s' is not a valid key", key->text);
		const struct field entry = {.name = key->text};
		loader->current = &entry; /* what messages name */
		if (!yaml_is_null(value))
			read_text(loader, value, &text);
		loader->current = outer;
		if (!yaml_is_null(value) && text == NULL)
			continue;
		if (!is_base64 && has_others)
			remove_entry(map, key->text); /* stringData wins over data */
		if (is_base64)
			add_base64(loader, key, value, map);
		else
			add_entry(map, key->text, xstrdup(text ? text : ""),
				  text ? strlen(text) : 0);
	}
}

static void read_plain(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_entries(loader, node, target, false);
}

static void read_base64(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_entries(loader, node, target, true);
}

static const struct field config_map_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"binaryData", FIELD_USED, read_base64, 0, NULL, "base64", .takes = "map of base64 texts"},
	{"data", FIELD_USED, read_plain, 0, NULL, "configuration: never in the image",
	 .takes = "map of texts"},
	{"immutable", FIELD_NO_EFFECT, NULL, 0, NULL, "each release has its own copy"},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL}};
const struct field_set config_map_object_fields = {"ConfigMap", config_map_list,
						   ARRAY_SIZE(config_map_list)};

static const struct field secret_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"data", FIELD_USED, read_base64, 0, NULL, "base64; configuration: never in the image",
	 .takes = "map of base64 texts"},
	{"immutable", FIELD_NO_EFFECT, NULL, 0, NULL, "each release has its own copy"},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"stringData", FIELD_USED, read_plain, 0, NULL, "plain text; wins over data",
	 .takes = "map of texts"},
	{"type", FIELD_USED, read_text, offsetof(struct config_map, secret_type), NULL,
	 "kept, not checked"}};
const struct field_set secret_object_fields = {"Secret", secret_list, ARRAY_SIZE(secret_list)};

static void read_config(struct loader *loader, const struct yaml_node *root,
			const struct field_set *fields, bool is_secret)
{
	struct config_map *map =
		ARRAY_APPEND(loader->app->config_maps, loader->app->config_map_count);
	AUTO(metadata_clear) struct metadata metadata = {0};

	read_metadata(loader, root, &metadata, true);
	map->name = TAKE_PTR(metadata.name);
	map->namespace_name = TAKE_PTR(metadata.namespace_name);
	map->is_secret = is_secret;
	map->mark = loader_mark(loader, root);
	loader_read_map(loader, root, fields, map);
}

void read_config_map_object(struct loader *loader, const struct yaml_node *root)
{
	read_config(loader, root, &config_map_object_fields, false);
}

static bool has_key(const struct config_map *map, const char *key)
{
	for (size_t i = 0; i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, key) == 0)
			return true;
	}
	return false;
}

void read_secret_object(struct loader *loader, const struct yaml_node *root)
{
	static const char *const keys[] = {"tls.crt", "tls.key"};

	read_config(loader, root, &secret_object_fields, true);
	const struct config_map *map = &loader->app->config_maps[loader->app->config_map_count - 1];
	bool is_tls =
		map->secret_type != NULL && strcmp(map->secret_type, "kubernetes.io/tls") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && is_tls; i++) {
		if (!has_key(map, keys[i]))
			loader_error(loader, root, "stringData: {tls.crt: …, tls.key: …}",
				     "Secret '%.63s' of type kubernetes.io/tls has no %s",
				     map->name, keys[i]);
	}
}
