/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_PORT_CHECK_H
#define I2KIT_LOCAL_CLIENT_PORT_CHECK_H

/* Whether the ports that a plan publishes can be had, before anything of it is done. */

#include "local/plan/project_plan.h"
#include "local/plan/state.h"

/* Two services that ask for one port of this machine: ERROR_INVALID. Pure. */
MUST_CHECK bool port_check_plan(const struct project_plan *plan, struct error *err);
/*
 * And nobody else holds one: ERROR_EXISTS. What the project's own supervisor has now (or NULL: it
 * is not up) counts as free. A wrong or foreign address to bind to is an error, too.
 */
MUST_CHECK bool port_check_free(const struct project_plan *plan,
				const struct project_status *running, struct error *err);

#endif
