/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_SERVICE_SLOT_H
#define I2KIT_LOCAL_PLAN_SERVICE_SLOT_H

#include "local/plan/project_plan.h"

/*
 * Each Service with an address has a slot, a number from 1, which decides its address
 * (supervisor/services.c). Pods hold on to addresses (variables, connections, caches), so a Service
 * keeps its slot from plan to plan, whatever comes and goes beside it; a new one gets the slot its
 * name asks for, or the next free one.
 */
#define SERVICE_SLOT_COUNT 55 /* addresses .200 to .254 of the project's network */

/* Fills in what is 0: from the plan before (or NULL), else anew. Too many Services: ERROR_FULL. */
MUST_CHECK bool service_slots_fill(struct project_plan *plan, const struct project_plan *before,
				   struct error *err);

#endif
