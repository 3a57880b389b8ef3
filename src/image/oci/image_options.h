/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_IMAGE_OPTIONS_H
#define I2KIT_IMAGE_OCI_IMAGE_OPTIONS_H

/* What a verb says about where images come from; resolving and building read it. */

#include "manifest/app.h"

struct image_options {
	const char *base;   /* folder or document of the base; NULL: the installed default base */
	const char *folder; /* relative oci:, archive paths start here */
	bool has_pull;	    /* --pull: overrides every container's own policy */
	enum pull_policy pull;
	const char *lock_file; /* i2kit.lock to honour and complete, or NULL */
	bool update_lock;      /* what the registry says now replaces what lock_file says */
	const char *const *insecure_registries; /* host[:port], NULL-terminated, or NULL */
};

#endif
