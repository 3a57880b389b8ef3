/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_LOGS_H
#define I2KIT_GUEST_CLOUD_CLOUD_LOGS_H

/*
 * Log lines gathered into batches for the cloud's log service: stream POD/CONTAINER/INSTANCE of one
 * group.
 */

#include "guest/cloud/cloud_backend.h"
#include "wire/log_record.h"

struct cloud_logs;

struct cloud_logs *cloud_logs_new(struct guest_cloud *cloud, const char *group, const char *pod);
void cloud_logs_add(struct cloud_logs *logs, const struct wire_log_record *record);
/* A line of the agent's own: its stream is POD/.NAME/INSTANCE, a name no container can have. */
void cloud_logs_say(struct cloud_logs *logs, const char *name, const char *text);
/* Whether it is time to send: enough is there, or the oldest line is two seconds old. */
bool cloud_logs_is_due(const struct cloud_logs *logs);
bool cloud_logs_is_empty(const struct cloud_logs *logs);
/* Sends all. *ret_sequence: everything up to it is stored (or refused for good). */
MUST_CHECK bool cloud_logs_send(struct cloud_logs *logs, uint64_t *ret_sequence, struct error *err);

#endif
