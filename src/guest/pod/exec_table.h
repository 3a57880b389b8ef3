/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_EXEC_TABLE_H
#define I2KIT_GUEST_POD_EXEC_TABLE_H

/* The exec sessions of the host: streams of the channel on one side, processes on the other. */

#include "guest/pod/guest.h"

struct exec_table *exec_table_new(struct guest *guest);
/* The host went away: its sessions end. */
void exec_table_clear(struct exec_table *table);
/* EXEC_START, EXEC_STDIN, EXEC_RESIZE, EXEC_SIGNAL. */
void exec_table_take(struct exec_table *table, const struct wire_message *message);
/* The host may be sent `bytes` more; false when the stream is no session of ours. */
bool exec_table_window(struct exec_table *table, uint16_t stream, uint32_t bytes);
/* The channel has room: sessions that waited read on. */
void exec_table_pump(struct exec_table *table);

#endif
