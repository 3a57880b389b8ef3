/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_EVENTS_H
#define I2KIT_GUEST_CHANNEL_EVENTS_H

/*
 * EVENT messages, doc/formats.md §5. The last 256 are kept and sent again to each host process that
 * connects (same sequence numbers): it learns what happened before it came.
 */

#include "guest/channel/channel.h"
#include "guest/channel/log_ring.h"
#include "guest/kubelet/kubelet.h"

struct events;

struct events *events_new(void);
/* The VM keeps its own to the end; tests make several. */
void events_free(struct events *events);
void events_set_channel(struct events *events, struct channel *channel);
void events_replay(struct events *events);
/* Sends what waits for as long as the channel takes it: a stuck host does not make it grow. */
void events_pump(struct events *events);

/* All that was said goes, as if nothing had been: what comes is of another life. */
void events_forget(struct events *events);
/* Uptimes count from now on. */
void events_rebase(struct events *events);

void events_boot(struct events *events, const char *stage);
/* A REPORT action. */
void events_report(struct events *events, const struct pod_image *pod,
		   const struct kubelet_action *action);
/* Something that containers write to has no room left; message says what, and the way out. */
void events_full(struct events *events, const char *message);
void events_loss(struct events *events, const struct log_loss *loss);

#endif
