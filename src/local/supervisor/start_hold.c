/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/start_hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/agent/agent.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/supervisor.h"
#include "local/supervisor/supervisor_parts.h"

/* ---- what is waited for: pure ---- */

static bool has_come(const struct instance_status *status, enum start_condition condition)
{
	switch (condition) {
	case START_STARTED:
		return status->state == INSTANCE_RUNNING || status->state == INSTANCE_READY ||
		       status->state == INSTANCE_SUCCEEDED || status->state == INSTANCE_FAILED;
	case START_HEALTHY:
		return status->is_ready;
	case START_COMPLETED:
		return status->state == INSTANCE_SUCCEEDED;
	}
	return true;
}

/* Why it has not come yet, of one of its instances. Owned; or NULL. */
static char *detail(const struct instance_status *status)
{
	const struct probe_result *last =
		status->probe_count > 0 ? &status->probes[status->probe_count - 1] : NULL;

	if (status->state == INSTANCE_FAILED || status->state == INSTANCE_CRASHED)
		return xasprintf("%s failed%s%s", status->name, status->reason != NULL ? ": " : "",
				 status->reason != NULL ? status->reason : "");
	if (status->reason != NULL && strncmp(status->reason, "waits for ", 10) == 0)
		return xasprintf("it %s", status->reason);
	if (last != NULL && !last->is_ok)
		return xasprintf("its last probe: %s",
				 last->message != NULL ? last->message : "failed");
	return NULL;
}

static const char *const wanted[] = {
	[START_STARTED] = "start", [START_HEALTHY] = "be healthy", [START_COMPLETED] = "end well"};

/* NULL: it has come. */
static char *look(const struct project_plan *plan, const struct start_wait *wait,
		  const struct instance_status *const *instances, size_t count,
		  const struct string_list *complete)
{
	const struct pod_plan *other = project_plan_find(plan, wait->pod);
	AUTO_FREE char *why = NULL;
	unsigned come = 0;
	bool has_failed = false;

	/* Nobody is wanted of it: stopped, scaled to none, done, or not of this `up`. */
	if (other == NULL || other->replicas == 0 || string_list_has(complete, wait->pod))
		return NULL;
	/* A pod of a Job that has succeeded may be one of many. */
	bool is_whole_job = other->workload == WORKLOAD_JOB && wait->condition == START_COMPLETED;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(instances[i]->pod, wait->pod) != 0)
			continue;
		if (has_come(instances[i], wait->condition)) {
			come++;
			continue;
		}
		has_failed = has_failed || instances[i]->state == INSTANCE_FAILED;
		if (why == NULL)
			why = detail(instances[i]);
	}
	if ((come >= other->replicas && !is_whole_job) || (has_failed && wait->is_optional))
		return NULL;
	if (why == NULL && other->replicas > 1)
		why = xasprintf("%u of %u", come, other->replicas);
	return xasprintf("waits for %s to %s%s%s%s", wait->pod, wanted[wait->condition],
			 why != NULL ? " (" : "", why != NULL ? why : "", why != NULL ? ")" : "");
}

char *start_hold_reason(const struct project_plan *plan, const struct pod_plan *pod,
			const struct instance_status *const *instances, size_t count,
			const struct string_list *complete)
{
	for (size_t i = 0; i < pod->wait_count; i++) {
		char *why = look(plan, &pod->waits[i], instances, count, complete);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* ---- the supervisor's instances ---- */

static char *reason_of(const struct instance *instance)
{
	const struct supervisor *supervisor = instance->supervisor;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);
	AUTO_FREE const struct instance_status **list =
		xcalloc(supervisor->instance_count + 1, sizeof(*list));
	size_t count = 0;

	if (pod == NULL || pod->wait_count == 0)
		return NULL;
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *other = supervisor->instances[i];
		const struct pod_plan *plan =
			project_plan_find(&supervisor->plan, other->status.pod);
		/* One that is about to be replaced says nothing about the one that comes. */
		if (plan != NULL && !other->is_leaving && instance_is_current(other, plan))
			list[count++] = &other->status;
	}
	AUTO(string_list_clear) struct string_list complete = STRING_LIST_INIT;
	for (size_t i = 0; i < supervisor->jobs.count; i++) {
		if (supervisor->jobs.items[i].end == JOB_COMPLETE)
			string_list_add(&complete, supervisor->jobs.items[i].pod);
	}
	return start_hold_reason(&supervisor->plan, pod, list, count, &complete);
}

static void let_go(struct instance *instance)
{
	instance->is_let_go = true;
	if (!instance->is_held)
		return;
	instance->is_held = false;
	free(instance->status.reason);
	instance->status.reason = NULL;
	/* What it has to do now has its time from now on. */
	instance->state_ms = clock_monotonic_ms();
}

bool start_hold_check(struct instance *instance)
{
	AUTO_FREE char *reason = instance->is_let_go ? NULL : reason_of(instance);

	if (reason == NULL || !agent_takes_holds(instance->agent)) {
		if (reason != NULL && !instance->is_let_go)
			supervisor_say(instance->supervisor, true, "NotHeld", instance->status.name,
				       "%s, but its base is older and starts its containers at "
				       "once",
				       reason);
		let_go(instance);
		return false;
	}
	if (!instance->is_held)
		supervisor_say(instance->supervisor, false, "Waiting", instance->status.name, "%s",
			       reason);
	instance->is_held = true;
	free(instance->status.reason);
	instance->status.reason = TAKE_PTR(reason);
	return true;
}

void start_holds_update(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		if (instance->is_let_go || !instance->is_held || instance->agent == NULL ||
		    !agent_is_up(instance->agent) || instance->is_leaving)
			continue;
		/* Its guest was let go by a supervisor before this one. */
		if (instance->status.state != INSTANCE_STARTING &&
		    instance->status.state != INSTANCE_BOOTING)
			let_go(instance);
		else if (!start_hold_check(instance))
			instance_send_release(instance);
	}
}

static bool restarts_with(const struct pod_plan *pod, const char *other)
{
	for (size_t i = 0; i < pod->wait_count; i++) {
		if (pod->waits[i].restarts && strcmp(pod->waits[i].pod, other) == 0)
			return true;
	}
	return false;
}

void start_holds_restart(struct supervisor *supervisor, const char *pod)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		const struct pod_plan *plan =
			project_plan_find(&supervisor->plan, instance->status.pod);
		if (plan == NULL || !restarts_with(plan, pod) ||
		    !instance_is_current(instance, plan))
			continue;
		instance->is_let_go = false;
		instance_restart(instance, "what it depends on starts again");
	}
}

void start_holds_compare(struct supervisor *supervisor, const struct project_plan *before)
{
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		const struct pod_plan *pod = &supervisor->plan.pods[i];
		const struct pod_plan *was = project_plan_find(before, pod->name);
		if (was != NULL && !release_id_equal(&was->release, &pod->release))
			start_holds_restart(supervisor, pod->name);
	}
}
