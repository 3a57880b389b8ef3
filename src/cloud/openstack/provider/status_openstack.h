/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_STATUS_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_STATUS_OPENSTACK_H

/* status of provider.h: what the servers of a scope are, and what they say of themselves. */

#include "cloud/openstack/server/server.h"
#include "cloud/provider.h"

/*
 * The servers as instances and pods: of a pod, what its youngest server was made of. states: what each
 * has signed on its console, in the same order. Pure.
 */
void openstack_status_of(const struct server_list *servers, const struct console_state *states,
			 struct cloud_status *ret);

MUST_CHECK bool openstack_status(struct cloud *cloud, const struct cloud_scope *scope,
				 struct cloud_status *ret, struct error *err);

#endif
