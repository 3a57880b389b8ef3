/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_TUNNEL_TABLE_H
#define I2KIT_GUEST_POD_TUNNEL_TABLE_H

/*
 * Connections that run through the channel: from the host to a port of the pod, and from the pod to
 * a service's address that the guest listens on (INSTANCE.proxies).
 */

#include "guest/pod/guest.h"

struct tunnel_table *tunnel_table_new(struct guest *guest);
/* Those that are not listened to yet: a later release may bring more. */
void tunnel_table_listen(struct tunnel_table *table, const struct release *release);
void tunnel_table_clear(struct tunnel_table *table);
/* TUNNEL_OPEN, TUNNEL_DATA, TUNNEL_CLOSE. */
void tunnel_table_take(struct tunnel_table *table, const struct wire_message *message);
void tunnel_table_window(struct tunnel_table *table, uint16_t stream, uint32_t bytes);
void tunnel_table_pump(struct tunnel_table *table);

#endif
