/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_HOST_LINK_H
#define I2KIT_GUEST_POD_HOST_LINK_H

/* What the host says over the channel, carried out. */

#include "guest/pod/guest.h"

/* Opens the virtio-serial port where this VM has one; guest->channel stays NULL where not. */
void host_link_open(struct guest *guest);
/* Speaks the same over another descriptor, which it owns: the cloud agent is the host there. */
void host_link_attach(struct guest *guest, int fd);

#endif
