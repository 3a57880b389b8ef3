/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_AUTHORIZE_H
#define I2KIT_IMAGE_OCI_REGISTRY_AUTHORIZE_H

/* Tokens and passwords for a registry, and where a password may go. */

#include <stddef.h>

#include "base/error.h"

struct http_response;
struct registry;
struct registry_endpoint;

/* Makes the header for the challenge of a 401; false when there is nobody (else) to be. */
MUST_CHECK bool registry_authorize(struct registry *registry, const struct http_response *response,
				   struct error *err);

/* Whether the password may go where the registry says: as safe a way as to itself. */
MUST_CHECK bool registry_realm_is_safe(const struct registry_endpoint *endpoint, const char *realm,
				       struct error *err);

/* The token in a token server's answer, owned; pure. */
MUST_CHECK bool registry_parse_token(const char *text, size_t size, char **ret, struct error *err);

#endif
