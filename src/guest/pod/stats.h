/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_STATS_H
#define I2KIT_GUEST_POD_STATS_H

/* STATS messages: what each container and the VM use, every interval while the host asks for it. */

#include "guest/pod/guest.h"

struct stats *stats_new(struct guest *guest);
/* Sends one at once and then one every interval_ms (at least 100); 0 stops. */
void stats_request(struct stats *stats, uint32_t interval_ms);
void stats_stop(struct stats *stats);

#endif
