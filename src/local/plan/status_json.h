/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_STATUS_JSON_H
#define I2KIT_LOCAL_PLAN_STATUS_JSON_H

#include "base/error.h"
#include "local/plan/state.h"

/* A project's status as `i2kit ps -o json` prints it and the control socket carries it. Owned. */
char *project_status_to_json(const struct project_status *status, bool is_indented);
MUST_CHECK bool project_status_from_json(const char *text, struct project_status *ret,
					 struct error *err);

/* One instance as in the above, and what to try. Owned. */
char *instance_status_to_json(const struct instance_status *status, const char *advice);

#endif
