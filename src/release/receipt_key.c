/* SPDX-License-Identifier: Apache-2.0 */
#include "release/receipt_key.h"

#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"

#define MAX_KEY_FILE 256

static bool read_key(const char *path, struct ed25519_key *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, MAX_KEY_FILE, &text, &size, err))
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

bool receipt_key_load(struct ed25519_key *ret, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.key");
	if (path_exists(path))
		return read_key(path, ret, err);
	AUTO_FREE char *folder = path_folder(PATH_CONFIG, NULL);
	AUTO_FREE char *lock_path = path_folder(PATH_CONFIG, "receipt.lock");
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int lock = file_lock(lock_path, true, err);
	if (lock < 0)
		return false;
	if (path_exists(path))
		return read_key(path, ret, err);
	return make_key(path, ret, err);
}
