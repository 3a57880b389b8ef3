/* SPDX-License-Identifier: Apache-2.0 */
#include "release/approval_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/key_file.h"
#include "release/receipt_key.h"
#include "release/signed_text.h"

#define MAX_KEY_FILE   8192
#define MIN_PASSPHRASE 8

static void forget(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

static char *ask_passphrase(approval_ask_fn *ask, const char *question, struct error *err)
{
	const char *given = getenv("I2KIT_KEY_PASSPHRASE");
	return given != NULL && given[0] != '\0' ? xstrdup(given) : ask(question, err);
}

/* Also where it is a link to nothing: that is no wish for another key. */
static bool is_there(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* A key behind a passphrase was made: the receipts' key, which has none, is not taken for it. */
static bool refuse_lost(const char *path, struct error *err)
{
	AUTO_FREE char *public_path = path_folder(PATH_CONFIG, "approval.pub");
	(void)error_set(err, ERROR_NOT_FOUND, "%s is gone, and its public half is there", path);
	return error_hint(err,
			  "bring it back, or i2kit key new --passphrase; without %s the receipts' "
			  "key approves",
			  public_path);
}

static bool check_half(const struct ed25519_key *key, struct error *err)
{
	uint8_t known[ED25519_KEY_SIZE];
	bool is_known = false;
	if (!approval_key_public(known, &is_known, err))
		return false;
	if (!is_known || memcmp(known, key->public_key, ED25519_KEY_SIZE) == 0)
		return true;
	(void)error_set(err, ERROR_CORRUPT, "it is not the key whose public half is approval.pub");
	return error_hint(err, "i2kit key new --passphrase --replace makes both anew");
}

static bool unseal(const char *path, approval_ask_fn *ask, struct ed25519_key *ret,
		   struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!key_file_read(path, KEY_FILE_SECRET, MAX_KEY_FILE, &text, &size, err))
		return false;
	__attribute__((cleanup(forget))) char *passphrase =
		ask_passphrase(ask, "passphrase of the approval key", err);
	if (passphrase == NULL)
		return false;
	if (ed25519_unseal(text, size, passphrase, ret, err) && check_half(ret, err))
		return true;
	explicit_bzero(ret->seed, sizeof(ret->seed));
	return error_prefix(err, "%s", path);
}

bool approval_key_load(approval_ask_fn *ask, struct ed25519_key *ret, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.key");
	AUTO_FREE char *public_path = path_folder(PATH_CONFIG, "approval.pub");
	if (is_there(path))
		return unseal(path, ask, ret, err);
	return is_there(public_path) ? refuse_lost(path, err) : receipt_key_load(ret, err);
}

static char *new_passphrase(approval_ask_fn *ask, struct error *err)
{
	__attribute__((cleanup(forget))) char *first =
		ask_passphrase(ask, "passphrase for the approval key", err);
	__attribute__((cleanup(forget))) char *again =
		first != NULL ? ask_passphrase(ask, "once more", err) : NULL;
	if (again == NULL)
		return NULL;
	if (strcmp(first, again) != 0) {
		(void)error_set(err, ERROR_INVALID, "these were two different passphrases");
		return NULL;
	}
	if (strlen(first) < MIN_PASSPHRASE) {
		(void)error_set(err, ERROR_INVALID, "a passphrase has at least %d characters",
				MIN_PASSPHRASE);
		return NULL;
	}
	return TAKE_PTR(first);
}

/* The public half first: a key without it would not be known as this user's. */
static bool write_both(const struct ed25519_key *key, const char *sealed, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CONFIG, NULL);
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.key");
	AUTO_FREE char *public_path = path_folder(PATH_CONFIG, "approval.pub");
	AUTO_FREE char *public_key = base64_encode(key->public_key, sizeof(key->public_key));
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(public_path, public_key, strlen(public_key), 0600, err) &&
	       file_write_atomic(path, sealed, strlen(sealed), 0600, err);
}

bool approval_key_new(approval_ask_fn *ask, bool is_replacing, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.key");
	AUTO_FREE char *sealed = NULL;
	struct ed25519_key key;
	if (is_there(path) && !is_replacing) {
		(void)error_set(err, ERROR_EXISTS, "%s: there is a key already", path);
		return error_hint(err, "i2kit key show; --replace makes another");
	}
	__attribute__((cleanup(forget))) char *passphrase = new_passphrase(ask, err);
	if (passphrase == NULL || !ed25519_generate(&key, err))
		return false;
	bool is_ok = ed25519_seal(&key, passphrase, &sealed, err) && write_both(&key, sealed, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	return is_ok;
}

bool approval_key_public(uint8_t ret[ED25519_KEY_SIZE], bool *ret_is_there, struct error *err)
{
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.pub");
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	*ret_is_there = false;
	if (!is_there(path))
		return true;
	if (!key_file_read(path, KEY_FILE_SECRET, MAX_KEY_FILE, &text, &size, err))
		return false;
	text[strcspn(text, "\r\n")] = '\0';
	if (!signed_text_read_key(text, ret))
		return error_set(err, ERROR_CORRUPT, "%s: it is no public key", path);
	*ret_is_there = true;
	return true;
}
