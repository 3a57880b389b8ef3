/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_CONFIG_H
#define I2KIT_IMAGE_OCI_REGISTRY_CONFIG_H

/*
 * Where to ask for the images of a host, and how far to trust it. Read from
 * ~/.config/i2kit/registries.json:
 *
 *	{"registries":[{"host":"docker.io","mirrors":["https://mirror.example/hub"],
 *	                "insecure":false}]}
 *
 * and from Docker's daemon.json (registry-mirrors, insecure-registries). Mirrors are asked first,
 * in order; the path of a mirror's URL goes before the repository's name.
 */

#include <stddef.h>

#include "base/error.h"

struct registry_endpoint {
	char *host;   /* host[:port] as in image names: for credentials, certificates, messages */
	char *server; /* host[:port] to connect to */
	char *prefix; /* "" or "hub/" */
	bool is_mirror;
	bool is_plain;	  /* http and nothing else: written so */
	bool is_insecure; /* certificate unchecked, http where https does not answer */
};

struct registry_endpoint_list {
	struct registry_endpoint *items;
	size_t count;
};
void registry_endpoint_list_clear(struct registry_endpoint_list *list);

/*
 * Mirrors of host and then host itself. insecure is NULL or a NULL-terminated list of hosts.
 * Loopback hosts count as insecure, as in Docker.
 */
MUST_CHECK bool registry_endpoints_find(const char *host, const char *const *insecure,
					struct registry_endpoint_list *ret, struct error *err);

/* The two parts of that, for one file's text: pure. */
MUST_CHECK bool registry_config_add(const char *text, size_t size, const char *host,
				    struct registry_endpoint_list *list, bool *is_insecure,
				    struct error *err);
MUST_CHECK bool docker_daemon_config_add(const char *text, size_t size, const char *host,
					 struct registry_endpoint_list *list, bool *is_insecure,
					 struct error *err);

#endif
