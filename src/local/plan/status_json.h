/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_STATUS_JSON_H
#define I2KIT_LOCAL_PLAN_STATUS_JSON_H

#include "base/json.h"
#include "local/plan/state.h"

/* A project's status as `i2kit ps -o json` prints it and the control socket carries it. Owned. */
char *project_status_to_json(const struct project_status *status, bool is_indented);
/* Complaints are the document's; *ret is the caller's to clear all the same. */
void project_status_read(struct json_view object, struct project_status *ret);

/* One instance as in the above, and what to try. Owned. */
char *instance_status_to_json(const struct instance_status *status, const char *advice);

#endif
