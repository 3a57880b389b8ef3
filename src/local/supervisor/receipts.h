/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_RECEIPTS_H
#define I2KIT_LOCAL_SUPERVISOR_RECEIPTS_H

#include "base/error.h"

struct instance;
struct supervisor;

/* Records the release of every pod whose wanted replicas are all ready now, once each. */
void receipts_write(struct supervisor *supervisor);
/*
 * What runs of that release is no longer what its image holds, and whoever tries it now tries
 * something else: a receipt that an instance of it earned before says so from here on. False: it
 * could not be written, and the change must not be made.
 */
MUST_CHECK bool receipts_void(const struct instance *instance, struct error *err);

#endif
