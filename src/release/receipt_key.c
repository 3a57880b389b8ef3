/* SPDX-License-Identifier: Apache-2.0 */
#include "release/receipt_key.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "release/key_file.h"
#include "release/trusted_keys.h"

#define MAX_KEY_FILE 256

static bool read_key(const char *path, struct ed25519_key *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!key_file_read(path, KEY_FILE_SECRET, MAX_KEY_FILE, &text, &size, err))
		return false;
	size_t text_size = strcspn(text, "\r\n");
	AUTO_FREE uint8_t *seed = NULL;
	size_t seed_size = 0;
	bool is_good =
		base64_decode(text, text_size, &seed, &seed_size) && seed_size == ED25519_KEY_SIZE;
	explicit_bzero(text, size);
	if (!is_good) {
		error_set(err, ERROR_CORRUPT, "%s: this is not an i2kit receipt key", path);
		return error_hint(err, "move the file away; a new key is made, and older receipts "
				       "no longer count");
	}
	bool is_ok = ed25519_from_seed(seed, ret, err);
	explicit_bzero(seed, seed_size);
	return is_ok;
}

static bool make_key(const char *path, struct ed25519_key *ret, struct error *err)
{
	struct ed25519_key key;
	if (!ed25519_generate(&key, err))
		return false;
	AUTO_FREE char *text = base64_encode(key.seed, sizeof(key.seed));
	bool is_ok = file_write_atomic(path, text, strlen(text), 0600, err);
	explicit_bzero(text, strlen(text));
	if (is_ok)
		*ret = key;
	return is_ok;
}

static int lock_keys(struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CONFIG, NULL);
	AUTO_FREE char *lock_path = path_folder(PATH_CONFIG, "receipt.lock");
	return path_make_folders(folder, 0700, err) ? file_lock(lock_path, true, err) : -1;
}

bool receipt_key_load(struct ed25519_key *ret, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.key");
	if (path_exists(path))
		return read_key(path, ret, err);
	AUTO_CLOSE int lock = lock_keys(err);
	if (lock < 0)
		return false;
	if (path_exists(path))
		return read_key(path, ret, err);
	return make_key(path, ret, err);
}

/* What it has signed goes on to count. */
static bool retire(const char *path, struct error *err)
{
	struct ed25519_key old;
	char date[RFC3339_SIZE];
	bool is_new = false;
	AUTO_FREE char *trusted = path_folder(PATH_CONFIG, "receipt.trusted");
	if (!read_key(path, &old, err))
		return false;
	explicit_bzero(old.seed, sizeof(old.seed));
	clock_format_rfc3339(date, clock_wall_ns(), 0);
	AUTO_FREE char *key = base64_encode(old.public_key, sizeof(old.public_key));
	AUTO_FREE char *line = xasprintf("%s " TRUSTED_KEYS_RETIRED "%.10s", key, date);
	AUTO(trusted_keys_clear) struct trusted_keys known = {0};
	/* What it signed counts already, under whatever name. */
	if (trusted_keys_add_file(&known, trusted, err) &&
	    trusted_keys_name(&known, old.public_key) != NULL)
		return true;
	return trusted_keys_append_file(trusted, line, 0600, &is_new, err);
}

bool receipt_key_new(bool is_replacing, struct error *err)
{
	struct ed25519_key key;
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.key");
	AUTO_CLOSE int lock = lock_keys(err);
	if (lock < 0)
		return false;
	if (path_exists(path) && !is_replacing) {
		(void)error_set(err, ERROR_EXISTS, "%s: there is a key already", path);
		return error_hint(err, "i2kit key show; --replace makes another, and trusts what "
				       "the old one signed");
	}
	if (path_exists(path) && !retire(path, err))
		return false;
	bool is_ok = make_key(path, &key, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	return is_ok;
}
