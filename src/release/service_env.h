/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_SERVICE_ENV_H
#define I2KIT_RELEASE_SERVICE_ENV_H

/*
 * The environment variables that tell a container where a service is, as the kubelet makes them
 * (Kubernetes, "Discovering services", and the Docker links' form). The laptop and every cloud give
 * the same, but for the address. Pure.
 */

#include <stdint.h>

#include "base/string_list.h"
#include "wire/kinds.h"

struct service_env_port {
	const char *name; /* or NULL */
	uint16_t port;
	enum protocol protocol;
};

/* Appends "REDIS_SERVICE_HOST=10.77.1.9" and so on; nothing for a service without ports. */
void service_env_add(struct string_list *ret, const char *service, const char *address,
		     const struct service_env_port *ports, size_t port_count);

#endif
