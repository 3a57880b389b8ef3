/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_STATUS_COPY_H
#define I2KIT_LOCAL_PLAN_STATUS_COPY_H

#include "local/plan/state.h"

/* A deep copy: the client's status is only borrowed during its callback. */
void status_copy(struct project_status *to, const struct project_status *from);
void instance_status_copy(struct instance_status *to, const struct instance_status *from);
void event_copy(struct project_event *to, const struct project_event *from);

#endif
