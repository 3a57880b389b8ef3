/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/config_diff.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/sha256.h"

#define MAX_DEPTH 32

static void compare(const char *path, json_t *here, json_t *there, unsigned depth,
		    struct string_list *out);

/* The digest of a secret's value in hex, however it stands there; false: it is none. */
static bool secret_digest(const json_t *entry, char out[SHA256_HEX_SIZE])
{
	const char *known = json_string_value(json_object_get(entry, "sha256"));
	const char *encoded = json_string_value(json_object_get(entry, "base64"));
	if (known != NULL && strlen(known) == SHA256_HEX_SIZE - 1) {
		memcpy(out, known, SHA256_HEX_SIZE);
		return true;
	}
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (encoded == NULL || !base64_decode(encoded, strlen(encoded), &bytes, &size))
		return false;
	uint8_t raw[SHA256_SIZE];
	sha256_bytes(bytes, size, raw);
	explicit_bzero(bytes, size);
	sha256_hex(raw, out);
	return true;
}

static bool is_same_secret(const json_t *here, const json_t *there)
{
	char one[SHA256_HEX_SIZE];
	char two[SHA256_HEX_SIZE];
	return secret_digest(here, one) && secret_digest(there, two) && strcmp(one, two) == 0;
}

static json_t *find_named(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		const char *text = json_string_value(json_object_get(item, "name"));
		if (text != NULL && strcmp(text, name) == 0)
			return item;
	}
	return NULL;
}

static bool has_names(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_object_get(json_array_get(list, i), "name")))
			return false;
	return json_array_size(list) > 0;
}

static void compare_named(const char *path, const json_t *here, const json_t *there, unsigned depth,
			  struct string_list *out)
{
	for (size_t i = 0; i < json_array_size(here); i++) {
		json_t *item = json_array_get(here, i);
		const char *name = json_string_value(json_object_get(item, "name"));
		AUTO_FREE char *below = xasprintf("%s.%s", path, name);
		compare(below, item, find_named(there, name), depth + 1, out);
	}
	for (size_t i = 0; i < json_array_size(there); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(there, i), "name"));
		if (name != NULL && find_named(here, name) == NULL)
			string_list_addf(out, "%s.%s: only there", path, name);
	}
}

static void compare_objects(const char *path, json_t *here, json_t *there, unsigned depth,
			    struct string_list *out)
{
	const char *key;
	json_t *value;
	json_object_foreach(here, key, value)
	{
		AUTO_FREE char *below =
			path[0] != '\0' ? xasprintf("%s.%s", path, key) : xstrdup(key);
		compare(below, value, json_object_get(there, key), depth + 1, out);
	}
	json_object_foreach(there, key, value) if (json_object_get(here, key) == NULL)
		string_list_addf(out, "%s%s%s: only there", path, path[0] != '\0' ? "." : "", key);
}

static void compare(const char *path, json_t *here, json_t *there, unsigned depth,
		    struct string_list *out)
{
	if (there == NULL) {
		string_list_addf(out, "%s: only here", path);
		return;
	}
	if (json_equal(here, there))
		return;
	bool is_secret = strncmp(path, "secrets.", 8) == 0 && json_is_object(here) &&
			 json_is_object(there) && depth == 3;
	bool is_variable =
		json_object_get(here, "name") != NULL && json_object_get(here, "value") != NULL;
	if (is_secret) {
		if (!is_same_secret(here, there))
			string_list_addf(out, "%s: differs", path);
	} else if (depth < MAX_DEPTH && json_is_object(here) && json_is_object(there) &&
		   !is_variable) {
		compare_objects(path, here, there, depth, out);
	} else if (depth < MAX_DEPTH && has_names(here) && has_names(there)) {
		compare_named(path, here, there, depth, out);
	} else {
		string_list_addf(out, "%s: differs", path);
	}
}

bool config_diff_make(const char *here, const char *there, struct string_list *ret,
		      struct error *err)
{
	json_t *one = json_loads(here, 0, NULL);
	json_t *two = json_loads(there, 0, NULL);
	bool is_good = json_is_object(one) && json_is_object(two);
	if (is_good)
		compare("", one, two, 0, ret);
	json_decref(one);
	json_decref(two);
	return is_good ? true
		       : error_set(err, ERROR_INVALID, "a configuration is not a JSON object");
}
