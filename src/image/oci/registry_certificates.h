/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_CERTIFICATES_H
#define I2KIT_IMAGE_OCI_REGISTRY_CERTIFICATES_H

/* Certificates of a registry's host, and ours for it. */

#include "base/error.h"

/*
 * Own certificates of a host, by Docker's convention: certs.d/HOST[:PORT]/ with *.crt (authorities,
 * trusted besides the system's), *.cert and *.key (ours). Folders: ~/.config/i2kit, containers and
 * docker below ~/.config and /etc. The first that has one counts.
 */
struct registry_certificates {
	char *ca_file; /* or NULL: the system's; the system's and the host's in one file */
	char *client_cert_file;
	char *client_key_file;
};
void registry_certificates_clear(struct registry_certificates *certificates);
MUST_CHECK bool registry_certificates_find(const char *host, struct registry_certificates *ret,
					   struct error *err);

#endif
