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
#include "base/strbuf.h"
#include "base/utf8.h"
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

/* The first character's code; *ret_width 0: it is no UTF-8. */
static uint32_t decode(const char *text, size_t size, size_t *ret_width)
{
	static const uint8_t first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t width = utf8_width(text, size);
	uint32_t code = (uint8_t)text[0] & first[width];

	for (size_t i = 1; i < width; i++)
		code = code << 6 | ((uint8_t)text[i] & 0x3f);
	*ret_width = width;
	return code;
}

/* Controls, and what two names that look the same could differ in: blanks, marks of direction, what
 * has no width (Unicode 15, categories Cc, Cf, Zs but the blank, Zl, Zp, fillers). */
static bool is_unseen(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{0x00, 0x1f},	    {0x7f, 0xa0},	{0xad, 0xad},	    {0x34f, 0x34f},
		{0x600, 0x605},	    {0x61c, 0x61c},	{0x6dd, 0x6dd},	    {0x70f, 0x70f},
		{0x115f, 0x1160},   {0x1680, 0x1680},	{0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x2000, 0x200f},   {0x2028, 0x202f},	{0x205f, 0x206f},   {0x3000, 0x3000},
		{0x3164, 0x3164},   {0xfe00, 0xfe0f},	{0xfeff, 0xfeff},   {0xffa0, 0xffa0},
		{0xfff0, 0xfffb},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
		{0xf0000, 0x10ffff}};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

/* It is shown, and people are told apart by it: one short line, single blanks between its words. */
static bool is_name(const char *text, size_t size)
{
	size_t width = 0;

	if (size > MAX_NAME || strstr(text, "  ") != NULL)
		return false;
	for (size_t i = 0; i < size; i += width)
		if (is_unseen(decode(text + i, size - i, &width)) || width == 0)
			return false;
	return true;
}

/* One key under two names would be two people. */
static bool refuse_double(const char *before, const char *name, struct error *err)
{
	if (before[0] == '\0' || name[0] == '\0')
		return error_set(err, ERROR_INVALID,
				 "the key of '%s' is here once more, without a name",
				 before[0] != '\0' ? before : name);
	return error_set(err, ERROR_INVALID, "the key of '%s' is here once more, as '%s'", before,
			 name);
}

bool trusted_keys_add(struct trusted_keys *keys, const char *line, struct error *err)
{
	AUTO_FREE uint8_t *key = NULL;
	size_t key_size = 0;
	size_t size = strcspn(line, " \t");
	AUTO_FREE char *name = xstrdup(line + size + strspn(line + size, " \t"));
	size_t name_size = strlen(name);

	while (name_size > 0 && strchr(" \t", name[name_size - 1]) != NULL)
		name[--name_size] = '\0';
	if (!base64_decode(line, size, &key, &key_size) || key_size != ED25519_KEY_SIZE) {
		error_set(err, ERROR_INVALID, "'%.*s' is not the public key of receipts",
			  size < 60 ? (int)size : 60, line);
		return error_hint(err, "i2kit key show, on the other machine, prints it");
	}
	if (!is_name(name, name_size)) {
		error_set(err, ERROR_INVALID, "the name of a key is one short line");
		return error_hint(err, "UTF-8, nothing that is not seen, one blank between words");
	}
	if (strcmp(name, OWN_NAME) == 0)
		return error_set(err, ERROR_INVALID, "'" OWN_NAME "' is the name of your own key");
	const char *before = trusted_keys_name(keys, key);
	if (before != NULL && strcmp(before, name) != 0)
		return refuse_double(before, name, err);
	if (before == NULL)
		add(keys, key, name);
	return true;
}

void trusted_keys_merge(struct trusted_keys *keys, const struct trusted_keys *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (trusted_keys_name(keys, from->items[i].key) == NULL)
			add(keys, from->items[i].key, from->items[i].name);
}

bool trusted_keys_add_text(struct trusted_keys *keys, const char *text, const char *what,
			   struct error *err)
{
	unsigned number = 0;
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\r\n");
		AUTO_FREE char *line = xstrndup(at, length);
		bool is_key = length > 0 && at[0] != '#';
		number++;
		if (is_key && !trusted_keys_add(keys, line, err))
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

/* The text with the line in the place of those that have its key and no name, or at its end. */
static char *put_line(const char *text, const struct trusted_key *key, bool is_replacing)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *key_text = base64_encode(key->key, sizeof(key->key));
	AUTO_FREE char *line =
		xasprintf("%s%s%s", key_text, key->name[0] != '\0' ? " " : "", key->name);
	bool is_placed = false;

	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\r\n");
		size_t end =
			length + (strncmp(at + length, "\r\n", 2) == 0 ? 2 : at[length] != '\0');
		bool is_this = is_replacing && length >= strlen(key_text) &&
			       strcspn(at, " \t\r\n") == strlen(key_text) &&
			       strncmp(at, key_text, strlen(key_text)) == 0;
		if (!is_this)
			strbuf_appendf(&out, "%.*s%s", (int)end, at, end > length ? "" : "\n");
		else if (!is_placed)
			strbuf_appendf(&out, "%s\n", line);
		is_placed = is_placed || is_this;
		at += end;
	}
	if (!is_placed)
		strbuf_appendf(&out, "%s\n", line);
	return strbuf_take(&out);
}

/* Whether the file is to have it so; false too for what must not be (err). */
static bool is_wanted(const struct trusted_keys *known, const struct trusted_key *fresh,
		      const char *path, struct error *err)
{
	const char *before = trusted_keys_name(known, fresh->key);
	if (before == NULL || (before[0] == '\0' && fresh->name[0] != '\0'))
		return true;
	if (fresh->name[0] == '\0' || strcmp(before, fresh->name) == 0)
		return false;
	error_set(err, ERROR_EXISTS, "%s: this key is there already, as '%s'", path, before);
	return error_hint(err, "change the name in the file, if '%s' is right", fresh->name);
}

bool trusted_keys_append_all(const char *path, const struct trusted_keys *added, mode_t mode,
			     bool *ret_is_new, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys known = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	bool has_new = false;

	if (!trusted_keys_add_file(&known, path, err) ||
	    (path_exists(path) &&
	     !key_file_read(path, KEY_FILE_PUBLIC, MAX_FILE, &text, &size, err)))
		return false;
	for (size_t i = 0; i < added->count; i++) {
		const struct trusted_key *fresh = &added->items[i];
		ret_is_new[i] = is_wanted(&known, fresh, path, &failure);
		if (failure.kind != ERROR_NONE)
			return error_move(err, &failure);
		if (!ret_is_new[i])
			continue;
		bool is_replacing = trusted_keys_name(&known, fresh->key) != NULL;
		char *next = put_line(text != NULL ? text : "", fresh, is_replacing);
		free(text);
		text = next;
		has_new = true;
	}
	return !has_new || file_write_atomic(path, text, strlen(text), mode, err);
}

bool trusted_keys_append_file(const char *path, const char *line, mode_t mode, bool *ret_is_new,
			      struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys added = {0};

	*ret_is_new = false;
	return trusted_keys_add(&added, line, err) &&
	       trusted_keys_append_all(path, &added, mode, ret_is_new, err);
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

/* The lines of receipt.trusted: machines and people, and own keys of before. */
static bool load_trusted(struct trusted_keys *ret, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.trusted");
	return trusted_keys_add_file(ret, path, err);
}

static bool add_present(struct trusted_keys *keys, struct error *err)
{
	struct ed25519_key own;

	if (!receipt_key_load(&own, err))
		return false;
	explicit_bzero(own.seed, sizeof(own.seed));
	if (trusted_keys_name(keys, own.public_key) == NULL)
		add(keys, own.public_key, OWN_NAME);
	return add_approval_key(keys, err);
}

bool trusted_keys_add_own(struct trusted_keys *keys, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys others = {0};

	if (!add_present(keys, err) || !load_trusted(&others, err))
		return false;
	trusted_keys_merge(keys, &others);
	return true;
}

bool trusted_keys_of_user(struct trusted_keys *ret, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys others = {0};

	if (!add_present(ret, err) || !load_trusted(&others, err))
		return false;
	for (size_t i = 0; i < others.count; i++) {
		const struct trusted_key *one = &others.items[i];
		if (strncmp(one->name, TRUSTED_KEYS_RETIRED, strlen(TRUSTED_KEYS_RETIRED)) == 0 &&
		    trusted_keys_name(ret, one->key) == NULL)
			add(ret, one->key, OWN_NAME);
	}
	return true;
}

const char *trusted_keys_name(const struct trusted_keys *keys, const uint8_t *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].key, key, ED25519_KEY_SIZE) == 0)
			return keys->items[i].name;
	return NULL;
}
