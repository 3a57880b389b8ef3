/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SIGNATURE_CHECK_H
#define I2KIT_IMAGE_OCI_SIGNATURE_CHECK_H

/* Whether one signature fulfils one requirement. */

#include "base/error.h"

struct digest;
struct image_requirement;
struct image_signature;
struct reference;

struct signature_subject {
	const struct reference *reference;
	const struct digest *manifest;
	const struct digest *top; /* will do as well; or NULL */
};

/* *ret_words (owned) says whose it is. ERROR_DENIED or ERROR_INVALID: why it does not count. */
MUST_CHECK bool signature_check(const struct image_requirement *requirement,
				const struct image_signature *signature,
				const struct signature_subject *subject, char **ret_words,
				struct error *err);

#endif
