/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_RECEIPTS_H
#define I2KIT_LOCAL_SUPERVISOR_RECEIPTS_H

struct supervisor;

/* Records the release of every pod whose wanted replicas are all ready now, once each. */
void receipts_write(struct supervisor *supervisor);

#endif
