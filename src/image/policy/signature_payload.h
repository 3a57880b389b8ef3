/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_SIGNATURE_PAYLOAD_H
#define I2KIT_IMAGE_POLICY_SIGNATURE_PAYLOAD_H

/*
 * What is signed of an image: which manifest, under which name. One JSON object, the same for simple
 * signing (containers-signature(5)) and for sigstore but for the word that names the kind.
 */

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"

#define SIGNATURE_SIMPLE   "atomic container signature"
#define SIGNATURE_SIGSTORE "cosign container image signature"

/* A signature's text is larger than a few hundred bytes only where somebody means harm. */
#define SIGNATURE_MAX_BYTES ((size_t)1 << 20)

struct signature_payload {
	struct digest manifest;
	char *reference; /* owned: "docker.io/library/nginx:1", as the signer wrote it */
};
void signature_payload_clear(struct signature_payload *payload);

/* kind is one of the two above. Other keys than its own are refused, but below "optional". */
MUST_CHECK bool signature_payload_parse(const char *text, size_t size, const char *kind,
					struct signature_payload *ret, struct error *err);

#endif
