/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_SAY_H
#define I2KIT_GUEST_CHANNEL_SAY_H

/* What init itself has to say: on the console, and in the log as source "init". */

#include "base/error.h"
#include "guest/channel/log_ring.h"

/* The console is opened by say_open(); before that and without a ring, lines go nowhere. */
void say_open(void);
void say_set_ring(struct log_ring *ring);
void say(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
