/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_STORE_APPEND_H
#define I2KIT_LOCAL_LOGS_LOG_STORE_APPEND_H

/* What comes in at a log store. */

#include <stddef.h>

#include "base/error.h"

struct log_entry;
struct log_store;

/*
 * Appends lines of one instance in order. boot_id tells the boots of one VM apart, for
 * log_store_guest_position(). What cannot be written is counted as lost, the count goes before the
 * next line that can be, and the caller may acknowledge all. What was stored before stays.
 */
MUST_CHECK bool log_store_append(struct log_store *store, const char *pod, const char *instance,
				 const char *boot_id, const struct log_entry *entries, size_t count,
				 struct error *err);

#endif
