/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_IMAGE_POLICY_H
#define I2KIT_IMAGE_OCI_IMAGE_POLICY_H

/*
 * Whether an image may come in: policy.json (the user's, else the machine's) as podman and skopeo read
 * it, and the key of --verify-key, which is asked for besides. Without a policy.json there is no rule.
 */

#include "base/digest.h"
#include "base/error.h"
#include "base/string_list.h"
#include "image/oci/image_options.h"
#include "image/policy/lookaside.h"
#include "image/policy/policy_document.h"
#include "image/policy/policy_key.h"

struct reference;
struct registry;

/* A requirement with the bytes of its keys. */
struct image_requirement {
	const struct policy_requirement *wanted; /* borrowed of the policy */
	struct policy_key_list keys;
	struct policy_key_list log_keys;
	bool is_own; /* --verify-key's */
};

struct image_policy {
	const struct reference *reference; /* borrowed */
	char *file;			   /* owned; NULL: there is no policy.json */
	struct policy_document document;
	const struct signature_rule *rule; /* of document; NULL: none */
	struct policy_requirement own;
	struct image_requirement *items; /* owned; of the rule, then --verify-key's */
	size_t count;
	struct string_list scopes;
	struct lookaside lookaside;
	struct digest id; /* of requirements and keys: what was checked by it need not be again */
};
void image_policy_clear(struct image_policy *policy);

/* Reads what there is about this image, which must outlive it. */
MUST_CHECK bool image_policy_open(const struct reference *reference,
				  const struct image_options *options, struct image_policy *ret,
				  struct error *err);

/* Some requirement needs a signature. */
bool image_policy_wants_signature(const struct image_policy *policy);
/* ERROR_DENIED where no signature can help: "reject", what is not done here, images without any. */
MUST_CHECK bool image_policy_admit(const struct image_policy *policy, struct error *err);

/*
 * The signatures of an image at a registry: of its manifest for our platform; for --verify-key those
 * of `top`, which names it, will do. *ret_checked (owned) says what held.
 */
MUST_CHECK bool image_policy_check(const struct image_policy *policy, struct registry *registry,
				   const struct digest *top, const struct digest *manifest,
				   char **ret_checked, struct error *err);

/* What is read for it beside /etc/containers, and the programs that it starts: for a fence. */
void image_policy_places(const struct image_options *options, struct string_list *reads,
			 struct string_list *programs);

/* Where an image's signatures are looked for beside its registry; owned. */
char *image_policy_lookaside(const struct image_policy *policy);

#endif
