/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UP_CHECK_H
#define I2KIT_CLI_UP_CHECK_H

/* What `up` looks at before anything changes. */

#include "cli/arguments.h"
#include "cli/verb.h"
#include "local/plan/project_plan.h"

/* Options that do not go together, before anything is read. */
MUST_CHECK bool up_check_options(const struct arguments *args, struct error *err);
/* Options about the end are for an `up` that sees it; names are those of pods. */
MUST_CHECK bool up_check_end(const struct arguments *args, const struct project_plan *plan,
			     struct error *err);
/* A plan that no supervisor can follow would stay "up". */
MUST_CHECK bool up_check_accel(const struct project_plan *plan, struct error *err);
/* Ports, egress and the proxy of routes. With -d --wait a port is waited for, as readiness is. */
MUST_CHECK bool up_check_ports(const struct invocation *invocation, const struct project_plan *plan,
			       struct error *err);
/* Folders that VMs share are made before anybody is fenced off from what is not there. */
MUST_CHECK bool up_check_shared(const struct project_plan *plan, struct error *err);

#endif
