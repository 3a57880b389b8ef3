/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_EGRESS_CHECK_H
#define I2KIT_LOCAL_CLIENT_EGRESS_CHECK_H

#include "local/plan/project_plan.h"

/* Whether this user can have the egress policies of the plan kept: ERROR_UNSUPPORTED if not. */
MUST_CHECK bool egress_check(const struct project_plan *plan, struct error *err);

#endif
