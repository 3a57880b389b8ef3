/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_UPLINK_H
#define I2KIT_GUEST_POD_UPLINK_H

/*
 * The way out where no host helps: DHCP, and the cloud agent, a program of its own that finds the
 * release in instance metadata and is the channel's host end from then on (doc/guest.md).
 */

#include "guest/pod/guest.h"

#define CLOUD_AGENT "/usr/bin/i2kit-cloud-agent"

struct uplink *uplink_new(struct guest *guest);
/* The release asks for DHCP: the pod starts when there is a lease. */
void uplink_want_lease(struct uplink *uplink);
/* The configuration is OpenStack's, on a drive: the cloud agent reads it, before there is a network. */
void uplink_serve_drive(struct uplink *uplink);
/* There is no channel and no configuration disk: ask the cloud. */
void uplink_find_release(struct uplink *uplink);

#endif
