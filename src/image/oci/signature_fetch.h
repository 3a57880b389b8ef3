/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SIGNATURE_FETCH_H
#define I2KIT_IMAGE_OCI_SIGNATURE_FETCH_H

/*
 * The signatures of an image: of a lookaside server or folder (URL/NAME@sha256=HEX/signature-N, simple
 * signing), and attached to it in its registry (tag sha256-HEX.sig, sigstore).
 */

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"

struct registry;
struct reference;

struct image_signature {
	char *bytes; /* owned: a signed OpenPGP message, or what a sigstore signature is over */
	size_t size;
	char *signature; /* owned, or NULL: sigstore's, in base64 */
	char *bundle;	 /* owned, or NULL: of a transparency log */
	bool is_sigstore;
};

struct image_signatures {
	struct image_signature *items; /* owned */
	size_t count;
};
void image_signatures_clear(struct image_signatures *signatures);

/* Both add to *ret, at most 128 in all. None is no error. */
MUST_CHECK bool signature_fetch_lookaside(struct registry *registry, const char *url,
					  const struct reference *reference,
					  const struct digest *manifest,
					  struct image_signatures *ret, struct error *err);
MUST_CHECK bool signature_fetch_attached(struct registry *registry, const struct digest *manifest,
					 struct image_signatures *ret, struct error *err);

/* One layer of an attachment's manifest. */
struct signature_layer {
	struct digest digest;
	char *signature; /* owned, or NULL */
	char *bundle;	 /* owned, or NULL */
};
struct signature_layers {
	struct signature_layer *items; /* owned */
	size_t count;
};
void signature_layers_clear(struct signature_layers *layers);
/* The manifest's text; layers of other kinds are passed over. Pure. */
MUST_CHECK bool signature_layers_parse(const char *text, size_t size, struct signature_layers *ret,
				       struct error *err);

#endif
