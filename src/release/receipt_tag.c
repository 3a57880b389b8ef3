/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receipt as a tag of the cloud's objects:
 *	v2 ready READY_SECONDS ACCELERATOR REPLICAS/DESIRED KEY SIGNATURE
 *	v2 forced SECONDS - - KEY SIGNATURE
 * What is signed is "i2kit receipt" and the first five words, then project, environment, pod, its two
 * digests and that of all pods of the release, each on a line of its own; so a tag moved to another
 * image, release or environment, or beside other pods, no longer verifies. Version 1 had neither
 * environment nor the other pods.
 */
#include "release/receipt_tag.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/string_list.h"
#include "release/receipt.h"
#include "release/receipt_key.h"
#include "release/release_scope.h"
#include "release/signed_text.h"
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

static char *statement(const char *words, const struct release_scope *scope, const char *pod,
		       const struct release_id *release)
{
	if (strncmp(words, "v1 ", 3) == 0)
		return xasprintf("i2kit receipt %s\n%s\n%s\n%s\n%s\n", words, scope->project, pod,
				 DIGEST_TEXT(&release->image), DIGEST_TEXT(&release->config));
	return xasprintf("i2kit receipt %s\n%s\n%s\n%s\n%s\n%s\n%s\n", words, scope->project,
			 scope->environment, pod, DIGEST_TEXT(&release->image),
			 DIGEST_TEXT(&release->config), DIGEST_TEXT(&scope->pods));
}

static bool sign_words(const char *words, const struct release_scope *scope, const char *pod,
		       const struct release_id *release, char **ret, struct error *err)
{
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return false;
	AUTO_FREE char *text = statement(words, scope, pod, release);
	AUTO_FREE char *key_text = NULL;
	AUTO_FREE char *signature = NULL;
	bool is_ok = signed_text_make(&key, text, &key_text, &signature, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (is_ok)
		*ret = xasprintf("%s %s %s", words, key_text, signature);
	return is_ok;
}

bool receipt_to_tag(const struct receipt *receipt, const struct release_scope *scope, char **ret,
		    struct error *err)
{
	AUTO_FREE char *words =
		xasprintf("v2 ready %" PRId64 " %.16s %u/%u", receipt->ready_ns / NS_PER_S,
			  receipt->accelerator, receipt->replicas, receipt->desired);
	return sign_words(words, scope, receipt->pod, &receipt->release, ret, err);
}

bool receipt_forced_tag(const struct release_scope *scope, const char *pod,
			const struct release_id *release, char **ret, struct error *err)
{
	AUTO_FREE char *words = xasprintf("v2 forced %" PRId64 " - -", clock_wall_ns() / NS_PER_S);
	return sign_words(words, scope, pod, release, ret, err);
}

static bool is_verified(const struct string_list *words, const struct release_scope *scope,
			const char *pod, const struct release_id *release,
			const struct trusted_keys *trusted, char **ret_name)
{
	uint8_t key[ED25519_KEY_SIZE];
	if (!signed_text_read_key(words->items[5], key))
		return false;
	*ret_name = xstrdup_or_null(trusted_keys_name(trusted, key));
	AUTO_FREE char *signed_words = xasprintf("%s %s %s %s %s", words->items[0], words->items[1],
						 words->items[2], words->items[3], words->items[4]);
	AUTO_FREE char *text = statement(signed_words, scope, pod, release);
	return signed_text_check(text, words->items[5], words->items[6]);
}

static bool read_words(const struct string_list *words, struct receipt_claim *out)
{
	int64_t seconds = 0;
	if (words->count != WORDS ||
	    (strcmp(words->items[0], "v1") != 0 && strcmp(words->items[0], "v2") != 0) ||
	    !parse_i64(words->items[2], 0, INT64_C(9000000000), &seconds) ||
	    strlen(words->items[5]) >= sizeof(out->key))
		return false;
	out->is_old = strcmp(words->items[0], "v1") == 0;
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

bool receipt_check_tag(const char *tag, const struct release_scope *scope, const char *pod,
		       const struct release_id *release, const struct trusted_keys *trusted,
		       struct receipt_claim *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(receipt_claim_clear) struct receipt_claim out = {0};
	if (strlen(tag) <= MAX_TAG)
		string_list_split(&words, tag, ' ');
	if (!read_words(&words, &out))
		return error_set(err, ERROR_INVALID, "the tag is not a receipt");
	out.is_signature_good = is_verified(&words, scope, pod, release, trusted, &out.key_name);
	*ret = out;
	out = (struct receipt_claim){0};
	return true;
}
