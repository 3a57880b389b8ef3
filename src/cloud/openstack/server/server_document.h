/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_DOCUMENT_H
#define I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_DOCUMENT_H

/*
 * The release document of a server as Nova's user data (doc/formats.md §4 and §13). A server may call
 * nothing, so all of it is in there; secrets too, where the environment allows it. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "manifest/app.h"
#include "wire/release_id.h"

#define SERVER_DOCUMENT_MAX 65535 /* characters of base64, as Nova counts */

/* Where the other pods reach a service. All borrowed. */
struct server_address {
	const char *service;
	const char *address; /* IPv4 */
	bool is_instance; /* it is the one instance's own, not a balancer's: with the pod's ports */
};

/* A claim's disk, attached before the server starts. */
struct server_volume {
	const char *claim;
	const char *id; /* Cinder's UUID */
};

struct server_document_input {
	const struct app *app;
	const struct pod_spec *pod;
	const char *config_json; /* CONFIG, secret values in base64 */
	struct release_id id;
	const char *console_key;
	const struct server_address *addresses; /* a service that is not in it has no name inside */
	size_t address_count;
	const struct server_volume *volumes;
	size_t volume_count;
	const char *scratch;   /* Cinder's UUID of what containers write to; NULL: memory */
	bool may_hold_secrets; /* environment.openstack.has_open_secrets */
};

/* *ret owned; base64. ERROR_FULL: too long. ERROR_UNSUPPORTED: secrets that may not be in there. */
MUST_CHECK bool server_document_make(const struct server_document_input *input, char **ret,
				     struct error *err);

#endif
