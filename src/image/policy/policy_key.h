/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_POLICY_KEY_H
#define I2KIT_IMAGE_POLICY_POLICY_KEY_H

/* The public keys that a rule names, as bytes. */

#include <stddef.h>

#include "base/error.h"
#include "image/policy/policy_document.h"

#define POLICY_KEY_MAX_BYTES ((size_t)1 << 20)

struct policy_key {
	char *name;  /* owned: the file, or "keyData" */
	char *bytes; /* owned; NUL-terminated */
	size_t size;
};

struct policy_key_list {
	struct policy_key *items; /* owned */
	size_t count;
};
void policy_key_list_clear(struct policy_key_list *list);

MUST_CHECK bool policy_key_list_read(const struct policy_keys *keys, struct policy_key_list *ret,
				     struct error *err);

#endif
