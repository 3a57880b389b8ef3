/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_POLICY_SCOPE_H
#define I2KIT_IMAGE_OCI_POLICY_SCOPE_H

/* What an image is called in policy.json and registries.d. */

#include "base/string_list.h"
#include "image/oci/reference.h"

/* "docker", "oci", "oci-archive", "docker-archive", "docker-daemon". */
const char *policy_scope_transport(enum transport transport);

/*
 * The scopes that an image is in, most specific first: a registry's NAME:TAG or NAME@DIGEST, NAME,
 * the namespaces above it, the host, "*.example.com"; a path and the folders above it. Of a name with
 * tag and digest the digest counts.
 */
void policy_scope_list(const struct reference *reference, struct string_list *ret);

#endif
