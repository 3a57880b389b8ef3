/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_IMAGE_OPTIONS_H
#define I2KIT_IMAGE_OCI_IMAGE_OPTIONS_H

/* What a verb says about where images come from; resolving and building read it. */

#include "base/error.h"
#include "manifest/app.h"

struct image_options {
	const char *base;   /* folder or document of the base; NULL: the installed default base */
	const char *folder; /* relative oci:, archive paths start here */
	bool has_pull;	    /* --pull: overrides every container's own policy */
	enum pull_policy pull;
	const char *lock_file;	/* i2kit.lock to honour and complete, or NULL */
	bool update_lock;	/* what the registry says now replaces what lock_file says */
	const char *verify_key; /* file of a public key that must have signed each image, or NULL */
	const char *const *insecure_registries; /* host[:port], NULL-terminated, or NULL */
};

/* The word of --pull, or NULL: every container's own policy. ERROR_USAGE says what it may be. */
MUST_CHECK bool image_options_take_pull(struct image_options *options, const char *word_or_null,
					struct error *err);

#endif
