/* SPDX-License-Identifier: Apache-2.0 */
#include "release/signed_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"

bool signed_text_make(const struct ed25519_key *key, const char *text, char **ret_key,
		      char **ret_signature, struct error *err)
{
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	if (!ed25519_sign(key, text, strlen(text), signature, err))
		return false;
	*ret_key = base64_encode(key->public_key, sizeof(key->public_key));
	*ret_signature = base64_encode(signature, sizeof(signature));
	return true;
}

static bool read_word(const char *word, uint8_t *ret, size_t wanted)
{
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (word == NULL || !base64_decode(word, strlen(word), &bytes, &size) || size != wanted)
		return false;
	memcpy(ret, bytes, wanted);
	return true;
}

bool signed_text_read_key(const char *word, uint8_t ret[ED25519_KEY_SIZE])
{
	return read_word(word, ret, ED25519_KEY_SIZE);
}

bool signed_text_check(const char *text, const char *key, const char *signature)
{
	uint8_t public_key[ED25519_KEY_SIZE];
	uint8_t bytes[ED25519_SIGNATURE_SIZE];
	return read_word(key, public_key, sizeof(public_key)) &&
	       read_word(signature, bytes, sizeof(bytes)) &&
	       ed25519_verify(public_key, text, strlen(text), bytes);
}
