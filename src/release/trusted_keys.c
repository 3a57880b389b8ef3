/* SPDX-License-Identifier: Apache-2.0 */
#include "release/trusted_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/receipt_key.h"

#define MAX_FILE ((size_t)64 * 1024)
#define MAX_NAME 128

void trusted_keys_clear(struct trusted_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->items[i].name);
	free(keys->items);
	*keys = (struct trusted_keys){0};
}

static void add(struct trusted_keys *keys, const uint8_t *key, const char *name)
{
	struct trusted_key *added = NULL;

	if (trusted_keys_name(keys, key) != NULL)
		return;
	added = ARRAY_APPEND(keys->items, keys->count);
	memcpy(added->key, key, ED25519_KEY_SIZE);
	added->name = xstrdup(name);
}

/* It is shown: one short line. */
static bool is_name(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return size <= MAX_NAME;
}

bool trusted_keys_add(struct trusted_keys *keys, const char *line, struct error *err)
{
	AUTO_FREE uint8_t *key = NULL;
	size_t key_size = 0;
	size_t size = strcspn(line, " \t");
	const char *name = line + size + strspn(line + size, " \t");

	if (!base64_decode(line, size, &key, &key_size) || key_size != ED25519_KEY_SIZE) {
		error_set(err, ERROR_INVALID, "'%.*s' is not the public key of receipts",
			  size < 60 ? (int)size : 60, line);
		return error_hint(err, "i2kit receipt key, on the other machine, prints it");
	}
	if (!is_name(name))
		return error_set(err, ERROR_INVALID, "the name of a key is one short line");
	add(keys, key, name);
	return true;
}

bool trusted_keys_add_file(struct trusted_keys *keys, const char *path, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	unsigned number = 0;

	if (!path_exists(path))
		return true;
	if (!file_read(path, MAX_FILE, &text, &size, err))
		return false;
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\r\n");
		AUTO_FREE char *line = xstrndup(at, length);
		bool is_key = length > 0 && at[0] != '#';
		number++;
		if (is_key && !trusted_keys_add(keys, line, err))
			return error_prefix(err, "%s:%u", path, number);
		at += length;
		at += strncmp(at, "\r\n", 2) == 0 ? 2 : *at != '\0';
	}
	return true;
}

bool trusted_keys_add_own(struct trusted_keys *keys, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.trusted");
	struct ed25519_key own;

	if (!receipt_key_load(&own, err))
		return false;
	explicit_bzero(own.seed, sizeof(own.seed));
	add(keys, own.public_key, "you");
	return trusted_keys_add_file(keys, path, err);
}

const char *trusted_keys_name(const struct trusted_keys *keys, const uint8_t *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].key, key, ED25519_KEY_SIZE) == 0)
			return keys->items[i].name;
	return NULL;
}
