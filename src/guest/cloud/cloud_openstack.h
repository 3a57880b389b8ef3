/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_OPENSTACK_H
#define I2KIT_GUEST_CLOUD_CLOUD_OPENSTACK_H

/*
 * OpenStack: Nova's metadata, from its service (openstack/latest/…, without tokens) or from the
 * configuration drive. A server may call nothing there: it has no role. So it attaches no volume
 * (Nova has, before it started), fetches no secret, stores no log, and says what it has to say on its console.
 */

#include "guest/cloud/cloud_backend.h"

extern const struct cloud_backend cloud_backend_openstack;

/* Whether init has found a configuration drive and laid its files down. */
bool cloud_openstack_has_drive(void);

#endif
