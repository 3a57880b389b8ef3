/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PROXY_CONFIG_H
#define I2KIT_LOCAL_PLAN_PROXY_CONFIG_H

/*
 * The configuration of HAProxy (2.6 and later, docs.haproxy.org) for a plan's routes. All that comes
 * from a manifest is written so that it is one word, whatever it holds. Sockets are inherited: it
 * listens on descriptors, and reaches each Service's port by sending the one end of a socket pair
 * through another (`sockpair@`), so that it opens no connection itself.
 */

#include "local/plan/proxy_plan.h"

struct proxy_config {
	const struct proxy_plan *plan;
	/* Descriptors of listeners; -1: none. Two of each: on the address, on ::1 beside it. */
	int listeners[PROXY_FRONTS][2];
	uint16_t ports[PROXY_FRONTS];	      /* as they are published; 0: not */
	int first_target;		      /* descriptor of the first of routes_targets() */
	const struct string_list *cert_files; /* absolute paths, one for each certificate */
	const char *user;		      /* to become, started by root; NULL: stay */
	const char *group;
};

/* Owned. */
char *proxy_config_write(const struct proxy_config *config);

#endif
