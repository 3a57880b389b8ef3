/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_STATUS_H
#define I2KIT_LOCAL_SUPERVISOR_STATUS_H

/* What everybody sees of a project. */

struct project_status;
struct supervisor;

void supervisor_status(const struct supervisor *supervisor, struct project_status *ret);

#endif
