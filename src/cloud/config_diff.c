/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/config_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/sha256.h"

#define MAX_DEPTH 32
#define MAX_ITEMS 10000

void config_difference_list_clear(struct config_difference_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct config_difference_list){0};
}

const char *config_side_name(enum config_side side)
{
	static const char *const names[] = {"differs", "only here", "only there"};
	return names[side];
}

static void add(struct config_difference_list *out, const char *path, const char *key,
		enum config_side side)
{
	struct config_difference *added = ARRAY_APPEND(out->items, out->count);
	added->path = xasprintf("%s%s%s", path, path[0] != '\0' && key[0] != '\0' ? "." : "", key);
	added->side = side;
}

static void compare(const char *path, struct json_view here, struct json_view there, unsigned depth,
		    struct config_difference_list *out);

/* The digest of a secret's value in hex, however it stands there; false: it is none. */
static bool secret_digest(struct json_view entry, char out[SHA256_HEX_SIZE])
{
	struct json_view known = json_view_get(entry, "sha256");
	struct json_view encoded = json_view_get(entry, "base64");
	if (json_view_is_text(known) && strlen(json_view_peek(known)) == SHA256_HEX_SIZE - 1) {
		memcpy(out, json_view_peek(known), SHA256_HEX_SIZE);
		return true;
	}
	if (!json_view_is_text(encoded))
		return false;
	const char *text = json_view_peek(encoded);
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (!base64_decode(text, strlen(text), &bytes, &size))
		return false;
	struct digest digest = sha256_digest(bytes, size);
	explicit_bzero(bytes, size);
	(void)digest_hex(&digest, out);
	return true;
}

static bool is_same_secret(struct json_view here, struct json_view there)
{
	char one[SHA256_HEX_SIZE];
	char two[SHA256_HEX_SIZE];
	return secret_digest(here, one) && secret_digest(there, two) && strcmp(one, two) == 0;
}

/* The name of an item of a list; NULL: it has none. */
static const char *name_of(struct json_view item)
{
	if (!json_view_is_object(item))
		return NULL;
	struct json_view name = json_view_get(item, "name");
	return json_view_is_text(name) ? json_view_peek(name) : NULL;
}

static struct json_view find_named(struct json_view list, const char *name)
{
	size_t count = json_view_count(list, MAX_ITEMS);
	for (size_t i = 0; i < count; i++) {
		const char *text = name_of(json_view_at(list, i));
		if (text != NULL && strcmp(text, name) == 0)
			return json_view_at(list, i);
	}
	return (struct json_view){0};
}

static bool has_names(struct json_view list)
{
	size_t count = json_view_is_list(list) ? json_view_count(list, MAX_ITEMS) : 0;
	for (size_t i = 0; i < count; i++)
		if (name_of(json_view_at(list, i)) == NULL)
			return false;
	return count > 0;
}

static void compare_named(const char *path, struct json_view here, struct json_view there,
			  unsigned depth, struct config_difference_list *out)
{
	size_t count = json_view_count(here, MAX_ITEMS);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(here, i);
		AUTO_FREE char *below = xasprintf("%s.%s", path, name_of(item));
		compare(below, item, find_named(there, name_of(item)), depth + 1, out);
	}
	count = json_view_count(there, MAX_ITEMS);
	for (size_t i = 0; i < count; i++) {
		const char *name = name_of(json_view_at(there, i));
		if (name != NULL && !json_view_exists(find_named(here, name)))
			add(out, path, name, CONFIG_ONLY_THERE);
	}
}

static void compare_objects(const char *path, struct json_view here, struct json_view there,
			    unsigned depth, struct config_difference_list *out)
{
	for (struct json_view m = json_view_first(here, MAX_ITEMS); json_view_exists(m);
	     m = json_view_next(m)) {
		AUTO_FREE char *below =
			path[0] != '\0' ? xasprintf("%s.%s", path, m.key) : xstrdup(m.key);
		compare(below, m, json_view_get(there, m.key), depth + 1, out);
	}
	for (struct json_view m = json_view_first(there, MAX_ITEMS); json_view_exists(m);
	     m = json_view_next(m))
		if (!json_view_exists(json_view_get(here, m.key)))
			add(out, path, m.key, CONFIG_ONLY_THERE);
}

static void compare(const char *path, struct json_view here, struct json_view there, unsigned depth,
		    struct config_difference_list *out)
{
	if (!json_view_exists(there)) {
		add(out, path, "", CONFIG_ONLY_HERE);
		return;
	}
	if (json_view_equals(here, there))
		return;
	bool are_objects = json_view_is_object(here) && json_view_is_object(there);
	bool is_secret = strncmp(path, "secrets.", 8) == 0 && are_objects && depth == 3;
	bool is_variable = are_objects && name_of(here) != NULL &&
			   json_view_exists(json_view_get(here, "value"));
	if (is_secret) {
		if (!is_same_secret(here, there))
			add(out, path, "", CONFIG_DIFFERS);
	} else if (depth < MAX_DEPTH && are_objects && !is_variable) {
		compare_objects(path, here, there, depth, out);
	} else if (depth < MAX_DEPTH && has_names(here) && has_names(there)) {
		compare_named(path, here, there, depth, out);
	} else {
		add(out, path, "", CONFIG_DIFFERS);
	}
}

bool config_diff_make(const char *here, const char *there, struct config_difference_list *ret,
		      struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *one =
		json_document_parse(here, strlen(here), "a configuration", 0, err);
	AUTO_PTR(json_document)
	struct json_document *two =
		one != NULL ? json_document_parse(there, strlen(there), "a configuration", 0, err)
			    : NULL;
	if (two == NULL)
		return false;
	compare("", json_document_root(one), json_document_root(two), 0, ret);
	return json_document_check(one, err) && json_document_check(two, err);
}
