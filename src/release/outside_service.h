/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_OUTSIDE_SERVICE_H
#define I2KIT_RELEASE_OUTSIDE_SERVICE_H

/*
 * How a guest finds a Service that leads out of the project (manifest/outside.h): the guest does it
 * by itself, on the laptop and in every cloud in the same way, so that nothing has to stand between
 * and what guards the VM sees where its connections go. Pure.
 *
 *	a name			an alias: the pod's DNS server answers with a CNAME
 *	addresses, direct	the Service's names are theirs
 *	addresses, else		the names are an address of the guest's, where it listens and leads on
 */

#include <stdbool.h>

#include "manifest/outside.h"
#include "release/service_env.h"
#include "wire/release_document.h"

struct outside_service {
	const char *name;
	const struct outside *outside;
	const struct service_env_port *ports;
	size_t port_count;
	bool is_headless;
	bool is_direct;
	bool is_sticky;
	const char *address; /* the guest's own for it, where it is not direct */
};

void outside_service_add_hosts(const struct outside_service *service, struct host_list *ret);
void outside_service_add_proxies(const struct outside_service *service, struct release *ret);
void outside_service_add_env(const struct outside_service *service, struct string_list *ret);

#endif
