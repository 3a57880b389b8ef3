/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RECEIPT_TAG_H
#define I2KIT_RELEASE_RECEIPT_TAG_H

/* A receipt as one line that fits a tag of a cloud. */

#include <stdint.h>

#include "base/error.h"

struct receipt;
struct release_id;
struct release_scope;
struct trusted_keys;

/*
 * The receipt as one line that fits a tag (at most 256 characters of A-Za-z0-9 space + - = . _ : /
 * @), with signature and public key; it holds in this scope alone.
 */
MUST_CHECK bool receipt_to_tag(const struct receipt *receipt, const struct release_scope *scope,
			       char **ret, struct error *err);

/* What a tag says; strings are empty where the tag has none of them (probes, version). */
struct receipt_claim {
	bool is_signature_good;
	bool is_old;	   /* of version 1, which covers neither environment nor the other pods */
	char *key_name;	   /* owned; whose key it is; NULL: nobody's that is trusted */
	char *accelerator; /* owned */
	uint32_t replicas;
	uint32_t desired;
	int64_t ready_ns; /* of a forced one: when it was forced */
	bool is_forced;	  /* promoted without a receipt, by --force */
	char key[45];	  /* the public key, base64 */
};
void receipt_claim_clear(struct receipt_claim *claim);
/* False when the tag is not a receipt at all; a wrong signature or a stranger's key is in *ret. */
MUST_CHECK bool receipt_check_tag(const char *tag, const struct release_scope *scope,
				  const char *pod, const struct release_id *release,
				  const struct trusted_keys *trusted, struct receipt_claim *ret,
				  struct error *err);
/* The tag of a release that was forced: signed too, so that who forced it can be told. */
MUST_CHECK bool receipt_forced_tag(const struct release_scope *scope, const char *pod,
				   const struct release_id *release, char **ret, struct error *err);

#endif
