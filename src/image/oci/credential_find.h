/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_CREDENTIAL_FIND_H
#define I2KIT_IMAGE_OCI_CREDENTIAL_FIND_H

/* Who we are for a registry, wherever it is written down. */

#include "base/error.h"

struct credential;

/* Docker's own file, owned; NULL without a home. */
char *docker_config_path(void);

/*
 * Looks through $REGISTRY_AUTH_FILE, containers' auth.json and Docker's config.json, in this order,
 * and runs the helper where one is named. Empty when nobody knows the host.
 */
MUST_CHECK bool credential_find(const char *host, const char *name, struct credential *ret,
				struct error *err);
/* From now on credential_find() of this process asks that one instead: it may not look itself. */
typedef bool credential_ask_fn(const char *host, const char *name, struct credential *ret,
			       void *arg, struct error *err);
void credential_ask_of(credential_ask_fn *fn, void *arg);

#endif
