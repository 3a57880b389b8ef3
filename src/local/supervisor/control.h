/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONTROL_H
#define I2KIT_LOCAL_SUPERVISOR_CONTROL_H

/* The supervisor's socket: its clients, what they ask, what they are told. */

#include <stdint.h>

#include "base/error.h"

struct control;
struct supervisor;

MUST_CHECK struct control *control_open(struct supervisor *supervisor, struct error *err);
void control_close(struct control *control);
void control_update_stats(struct control *control); /* who wants numbers has changed */
void control_notify(struct control *control);	    /* the status or the events changed */
/* libvirt was looked at: hypervisor_look(). */
void control_seen(struct control *control, uint64_t number);

#endif
