/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_SYNC_MARK_H
#define I2KIT_LOCAL_PLAN_SYNC_MARK_H

/*
 * That files of this machine were synced into a VM (`develop.watch`), which therefore is not what
 * its image holds: PATH_RUNTIME/PROJECT/synced/INSTANCE, with the time at which that VM was made, so
 * that the next one of the name is clean. It is there before the first file is, and outlives
 * whoever supervises the VM.
 */

#include <stdint.h>

#include "base/error.h"

MUST_CHECK bool sync_mark_set(const char *project, const char *instance, int64_t created_ns,
			      struct error *err);
bool sync_mark_is_set(const char *project, const char *instance, int64_t created_ns);
void sync_mark_clear(const char *project, const char *instance);

#endif
