/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UP_RUN_H
#define I2KIT_CLI_UP_RUN_H

#include "cli/up_watch.h"
#include "cli/verb.h"
#include "local/plan/project_plan.h"

/*
 * Everything is planned and saved: has it run, and sees to what the options of `up` ask for, to the
 * end. *lock is the project's, let go when others may change it; watch may be NULL. The exit
 * status.
 */
int up_run(const struct invocation *invocation, const struct project_plan *plan,
	   uint64_t timeout_ms, struct up_watch *watch, int *lock, struct error *err);

#endif
