/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receipt as a tag of the cloud's objects:
 *	v1 ready READY_SECONDS ACCELERATOR REPLICAS/DESIRED KEY SIGNATURE
 *	v1 forced SECONDS - - KEY SIGNATURE
 * What is signed is the first five words, then project, pod and the two digests, each on a line of
 * its own; so a tag moved to another image or release no longer verifies.
 */
#include "release/receipt_tag.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/string_list.h"
#include "release/receipt.h"
#include "release/receipt_key.h"
#include "release/trusted_keys.h"

#define NS_PER_S INT64_C(1000000000)
#define WORDS	 7
#define MAX_TAG	 256

void receipt_claim_clear(struct receipt_claim *claim)
{
	free(claim->accelerator);
	free(claim->key_name);
	*claim = (struct receipt_claim){0};
}

static char *statement(const char *words, const char *project, const char *pod,
		       const struct release_id *release)
{
	return xasprintf("i2kit receipt %s\n%s\n%s\n%s\n%s\n", words, project, pod,
			 DIGEST_TEXT(&release->image), DIGEST_TEXT(&release->config));
}

static bool sign_words(const char *words, const char *project, const char *pod,
		       const struct release_id *release, char **ret, struct error *err)
{
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return false;
	AUTO_FREE char *text = statement(words, project, pod, release);
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	bool is_ok = ed25519_sign(&key, text, strlen(text), signature, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (!is_ok)
		return false;
	AUTO_FREE char *key_text = base64_encode(key.public_key, sizeof(key.public_key));
	AUTO_FREE char *signature_text = base64_encode(signature, sizeof(signature));
	*ret = xasprintf("%s %s %s", words, key_text, signature_text);
	return true;
}

bool receipt_to_tag(const struct receipt *receipt, char **ret, struct error *err)
{
	AUTO_FREE char *words =
		xasprintf("v1 ready %" PRId64 " %.16s %u/%u", receipt->ready_ns / NS_PER_S,
			  receipt->accelerator, receipt->replicas, receipt->desired);
	return sign_words(words, receipt->project, receipt->pod, &receipt->release, ret, err);
}

bool receipt_forced_tag(const char *project, const char *pod, const struct release_id *release,
			char **ret, struct error *err)
{
	AUTO_FREE char *words = xasprintf("v1 forced %" PRId64 " - -", clock_wall_ns() / NS_PER_S);
	return sign_words(words, project, pod, release, ret, err);
}

static bool is_verified(const struct string_list *words, const char *project, const char *pod,
			const struct release_id *release, const struct trusted_keys *trusted,
			char **ret_name)
{
	const char *key_text = words->items[5];
	const char *signature_text = words->items[6];
	AUTO_FREE uint8_t *key = NULL;
	AUTO_FREE uint8_t *signature = NULL;
	size_t key_size = 0;
	size_t signature_size = 0;
	if (!base64_decode(key_text, strlen(key_text), &key, &key_size) ||
	    !base64_decode(signature_text, strlen(signature_text), &signature, &signature_size) ||
	    key_size != ED25519_KEY_SIZE || signature_size != ED25519_SIGNATURE_SIZE)
		return false;
	*ret_name = xstrdup_or_null(trusted_keys_name(trusted, key));
	AUTO_FREE char *signed_words = xasprintf("%s %s %s %s %s", words->items[0], words->items[1],
						 words->items[2], words->items[3], words->items[4]);
	AUTO_FREE char *text = statement(signed_words, project, pod, release);
	return ed25519_verify(key, text, strlen(text), signature);
}

static bool read_words(const struct string_list *words, struct receipt_claim *out)
{
	int64_t seconds = 0;
	if (words->count != WORDS || strcmp(words->items[0], "v1") != 0 ||
	    !parse_i64(words->items[2], 0, INT64_C(9000000000), &seconds) ||
	    strlen(words->items[5]) >= sizeof(out->key))
		return false;
	out->ready_ns = seconds * NS_PER_S;
	out->is_forced = strcmp(words->items[1], "forced") == 0;
	memcpy(out->key, words->items[5], strlen(words->items[5]) + 1);
	out->accelerator = xstrdup(words->items[3]);
	if (out->is_forced)
		return true;
	AUTO(string_list_clear) struct string_list counts = STRING_LIST_INIT;
	string_list_split(&counts, words->items[4], '/');
	uint64_t replicas = 0;
	uint64_t desired = 0;
	if (strcmp(words->items[1], "ready") != 0 || counts.count != 2 ||
	    !parse_u64(counts.items[0], 0, UINT32_MAX, &replicas) ||
	    !parse_u64(counts.items[1], 0, UINT32_MAX, &desired))
		return false;
	out->replicas = (uint32_t)replicas;
	out->desired = (uint32_t)desired;
	return true;
}

bool receipt_check_tag(const char *tag, const char *project, const char *pod,
		       const struct release_id *release, const struct trusted_keys *trusted,
		       struct receipt_claim *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(receipt_claim_clear) struct receipt_claim out = {0};
	if (strlen(tag) <= MAX_TAG)
		string_list_split(&words, tag, ' ');
	if (!read_words(&words, &out))
		return error_set(err, ERROR_INVALID, "the tag is not a receipt");
	out.is_signature_good = is_verified(&words, project, pod, release, trusted, &out.key_name);
	*ret = out;
	out = (struct receipt_claim){0};
	return true;
}
