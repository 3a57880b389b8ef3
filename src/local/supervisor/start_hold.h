/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_START_HOLD_H
#define I2KIT_LOCAL_SUPERVISOR_START_HOLD_H

/*
 * VMs boot side by side; the containers of a pod that waits for another are held in theirs
 * (INSTANCE.held of wire/release_document.h) until that one has come as far as it is to.
 */

#include "local/plan/project_plan.h"
#include "local/plan/state.h"

struct supervisor;

/*
 * Pure: what the pod waits for now, in words for people; NULL: for nobody. Owned. complete: the
 * Jobs that are, whose VMs may be long gone.
 */
char *start_hold_reason(const struct project_plan *plan, const struct pod_plan *pod,
			const struct instance_status *const *instances, size_t count,
			const struct string_list *complete);

/* Whether the instance is to be held now; takes note of it, and says so the first time. */
struct instance;
bool start_hold_check(struct instance *instance);
/* The pod was restarted or replaced: so are those that want to be with it (restart: true). */
void start_holds_restart(struct supervisor *supervisor, const char *pod);
/* The same for all that the plan before had in another release. */
void start_holds_compare(struct supervisor *supervisor, const struct project_plan *before);
/* Lets go those whose time has come. */
void start_holds_update(struct supervisor *supervisor);

#endif
