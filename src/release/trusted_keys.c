/* SPDX-License-Identifier: Apache-2.0 */
#include "release/trusted_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/approval_key.h"
#include "release/key_file.h"
#include "release/receipt_key.h"

#define MAX_FILE ((size_t)64 * 1024)
#define MAX_NAME 128
#define OWN_NAME "you"

void trusted_keys_clear(struct trusted_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->items[i].name);
	free(keys->items);
	*keys = (struct trusted_keys){0};
}

static void add(struct trusted_keys *keys, const uint8_t *key, const char *name)
{
	struct trusted_key *added = ARRAY_APPEND(keys->items, keys->count);
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
		return error_hint(err, "i2kit key show, on the other machine, prints it");
	}
	if (!is_name(name))
		return error_set(err, ERROR_INVALID, "the name of a key is one short line");
	if (strcmp(name, OWN_NAME) == 0)
		return error_set(err, ERROR_INVALID, "'" OWN_NAME "' is the name of your own key");
	if (trusted_keys_name(keys, key) == NULL)
		add(keys, key, name);
	return true;
}

/* One key under two names would be two people. */
static bool check_double(const struct trusted_keys *own, const char *line, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys one = {0};
	if (!trusted_keys_add(&one, line, err))
		return false;
	if (one.count == 0)
		return true;
	const char *before = trusted_keys_name(own, one.items[0].key);
	return before == NULL || strcmp(before, one.items[0].name) == 0 ||
	       error_set(err, ERROR_INVALID, "the key of '%s' is here once more, as '%s'", before,
			 one.items[0].name);
}

bool trusted_keys_add_text(struct trusted_keys *keys, const char *text, const char *what,
			   struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys own = {0};
	unsigned number = 0;
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\r\n");
		AUTO_FREE char *line = xstrndup(at, length);
		bool is_key = length > 0 && at[0] != '#';
		number++;
		if (is_key &&
		    (!check_double(&own, line, err) || !trusted_keys_add(&own, line, err) ||
		     !trusted_keys_add(keys, line, err)))
			return error_prefix(err, "%s:%u", what, number);
		at += length;
		at += strncmp(at, "\r\n", 2) == 0 ? 2 : *at != '\0';
	}
	return true;
}

bool trusted_keys_add_file(struct trusted_keys *keys, const char *path, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct stat status;

	if (lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!key_file_read(path, KEY_FILE_PUBLIC, MAX_FILE, &text, &size, err))
		return false;
	if (strlen(text) != size)
		return error_set(err, ERROR_INVALID, "%s: it is not text", path);
	return trusted_keys_add_text(keys, text, path, err);
}

bool trusted_keys_append_file(const char *path, const char *line, mode_t mode, bool *ret_is_new,
			      struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys known = {0};
	AUTO(trusted_keys_clear) struct trusted_keys added = {0};
	AUTO_FREE char *old = NULL;
	size_t size = 0;

	*ret_is_new = false;
	if (!trusted_keys_add_file(&known, path, err) || !trusted_keys_add(&added, line, err))
		return false;
	const char *before = trusted_keys_name(&known, added.items[0].key);
	if (before != NULL)
		return true;
	if (path_exists(path) && !key_file_read(path, KEY_FILE_PUBLIC, MAX_FILE, &old, &size, err))
		return false;
	bool is_whole = size == 0 || old[size - 1] == '\n';
	AUTO_FREE char *text =
		xasprintf("%s%s%s\n", old != NULL ? old : "", is_whole ? "" : "\n", line);
	*ret_is_new = true;
	return file_write_atomic(path, text, strlen(text), mode, err);
}

/* The key that approvals are made with is this user's, too; its public half is beside it. */
static bool add_approval_key(struct trusted_keys *keys, struct error *err)
{
	uint8_t key[ED25519_KEY_SIZE];
	bool is_there = false;

	if (!approval_key_public(key, &is_there, err))
		return false;
	if (is_there && trusted_keys_name(keys, key) == NULL)
		add(keys, key, OWN_NAME);
	return true;
}

bool trusted_keys_add_own(struct trusted_keys *keys, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.trusted");
	struct ed25519_key own;

	if (!receipt_key_load(&own, err))
		return false;
	explicit_bzero(own.seed, sizeof(own.seed));
	if (trusted_keys_name(keys, own.public_key) == NULL)
		add(keys, own.public_key, OWN_NAME);
	return add_approval_key(keys, err) && trusted_keys_add_file(keys, path, err);
}

const char *trusted_keys_name(const struct trusted_keys *keys, const uint8_t *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].key, key, ED25519_KEY_SIZE) == 0)
			return keys->items[i].name;
	return NULL;
}
