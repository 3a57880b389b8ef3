/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SIGNED_IDENTITY_H
#define I2KIT_IMAGE_OCI_SIGNED_IDENTITY_H

/* Whether a signature is about the image that was asked for: signedIdentity of policy.json. */

#include "base/error.h"

struct identity_rule;
struct reference;

/* The names in the rule are names: ERROR_INVALID says which is not. */
MUST_CHECK bool signed_identity_check(const struct identity_rule *rule, struct error *err);

/* signed_name: docker-reference as the signature has it. */
bool signed_identity_matches(const struct identity_rule *rule, const struct reference *image,
			     const char *signed_name);

#endif
