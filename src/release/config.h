/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_CONFIG_H
#define I2KIT_RELEASE_CONFIG_H

#include "base/error.h"
#include "base/sha256.h"
#include "manifest/app.h"

/*
 * The release configuration of one pod, CONFIG in doc/formats.md §4: canonical JSON text and its
 * digest. Pure. Secret values stand in it base64-encoded: keep it off disks other than 0600 files.
 */
struct release_config {
	char *json; /* owned */
	struct digest digest;
};

MUST_CHECK bool release_config_make(const struct app *app, const struct pod_spec *pod,
				    struct release_config *ret, struct error *err);
void release_config_clear(struct release_config *config);

#endif
