/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_SINK_H
#define I2KIT_LOCAL_LOGS_LOG_SINK_H

#include "local/agent/agent.h"
#include "local/logs/log_store.h"

/*
 * From an agent's handlers into the store. Where a line belongs: the names are the supervisor's
 * own, never the guest's. boot_id is what `up` gave.
 */
struct log_sink {
	struct log_store *store;
	const char *pod;
	const char *instance;
	const char *boot_id;
};

/* For agent_handler.up: lines stored before are acknowledged, not stored twice. */
void log_sink_up(const struct log_sink *sink, struct agent *agent);
/* For agent_handler.log, with its result. What cannot be stored is counted as lost. */
bool log_sink_log(const struct log_sink *sink, const struct log_entry *entries, size_t count);
/* For agent_handler.event: counts losses in the guest, begins runs of containers. */
void log_sink_event(const struct log_sink *sink, const struct guest_event *event);

#endif
