/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/supervisor/supervisor.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/supervisor/supervisor_internal.h"

void supervisor_action_clear(struct supervisor_action *action)
{
	free(action->message);
	*action = (struct supervisor_action){0};
}

struct supervisor *supervisor_new(const struct pod_image *pod)
{
	struct supervisor *supervisor = xcalloc(1, sizeof(*supervisor));
	supervisor->pod = pod;
	supervisor->exit_code = -1;
	supervisor->phase = "Pending";
	supervisor->units = xcalloc(pod->container_count, sizeof(*supervisor->units));
	for (size_t i = 0; i < pod->container_count; i++) {
		supervisor->units[i].image = &pod->containers[i];
		supervisor->units[i].exit_code = -1;
		probes_stop(&supervisor->units[i]);
	}
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	for (size_t i = supervisor->action_first; i < supervisor->action_count; i++)
		supervisor_action_clear(&supervisor->actions[i]);
	free(supervisor->actions);
	free(supervisor->units);
	free(supervisor);
}

struct supervisor_action *supervisor_push(struct supervisor *supervisor, enum action_type type,
					  size_t container)
{
	struct supervisor_action *action =
		ARRAY_APPEND(supervisor->actions, supervisor->action_count);
	action->type = type;
	action->container = container;
	action->exit_code = -1;
	return action;
}

bool supervisor_next_action(struct supervisor *supervisor, struct supervisor_action *ret)
{
	if (supervisor->action_first == supervisor->action_count) {
		free(supervisor->actions);
		supervisor->actions = NULL;
		supervisor->action_first = 0;
		supervisor->action_count = 0;
		return false;
	}
	*ret = supervisor->actions[supervisor->action_first];
	supervisor->actions[supervisor->action_first++].message = NULL;
	return true;
}

static bool is_main(const struct unit *unit)
{
	return !unit->image->is_init;
}

static bool goes_on(const struct unit *unit)
{
	return is_main(unit) || unit->image->is_sidecar;
}

static bool is_over(const struct unit *unit)
{
	return unit->state == UNIT_ENDED || unit->state == UNIT_IDLE;
}

void supervisor_begin_ending(struct supervisor *supervisor, uint64_t now_ms, uint64_t grace_ms,
			     const char *phase, const char *reason)
{
	if (supervisor->stage == STAGE_ENDED)
		return;
	if (supervisor->stage != STAGE_ENDING) {
		supervisor->phase = phase;
		supervisor->reason = reason;
		supervisor->end_deadline_ms = now_ms + grace_ms;
		supervisor->stage = STAGE_ENDING;
	}
	if (supervisor->end_deadline_ms > now_ms + grace_ms)
		supervisor->end_deadline_ms = now_ms + grace_ms;
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		struct unit *unit = &supervisor->units[i];
		if (unit->state == UNIT_WAITING)
			unit->state = UNIT_ENDED;
		if (!unit->image->is_sidecar || unit->state == UNIT_STOPPING)
			supervisor_stop_unit(supervisor, i, now_ms, grace_ms);
	}
}

/* The next init container, or the main ones, once the one before is through. */
static void advance_init(struct supervisor *supervisor)
{
	const struct pod_image *pod = supervisor->pod;
	for (size_t i = 0; i < pod->container_count; i++) {
		struct unit *unit = &supervisor->units[i];
		if (is_main(unit))
			break;
		if (unit->state == UNIT_IDLE) {
			unit_start(supervisor, i);
			return;
		}
		bool is_through = unit->image->is_sidecar
					  ? unit->is_started && unit->has_post_started
					  : unit->state == UNIT_ENDED && unit->exit_code == 0;
		if (!is_through)
			return;
	}
	supervisor->stage = STAGE_MAIN;
	for (size_t i = 0; i < pod->container_count; i++) {
		if (is_main(&supervisor->units[i]))
			unit_start(supervisor, i);
	}
}

static void advance_main(struct supervisor *supervisor, uint64_t now_ms)
{
	bool is_complete = true;
	bool is_running = true;
	int exit_code = 0;
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		const struct unit *unit = &supervisor->units[i];
		if (!is_main(unit))
			continue;
		is_complete = is_complete && unit->state == UNIT_ENDED;
		is_running = is_running && (unit->started_ms > 0 || unit->exit_code >= 0);
		if (exit_code == 0 && unit->exit_code > 0)
			exit_code = unit->exit_code;
	}
	if (is_running && !supervisor->is_running_reported) {
		supervisor->is_running_reported = true;
		supervisor->phase = "Running";
		supervisor_push(supervisor, ACTION_REPORT_POD, 0)->phase = "Running";
	}
	if (!is_complete)
		return;
	supervisor->exit_code = exit_code;
	supervisor_begin_ending(supervisor, now_ms, supervisor->pod->grace_ms,
				exit_code == 0 ? "Succeeded" : "Failed",
				exit_code == 0 ? "Completed" : "Error");
}

/* Sidecars end after the containers they serve, the last one first. */
static void advance_ending(struct supervisor *supervisor, uint64_t now_ms)
{
	const struct pod_image *pod = supervisor->pod;
	for (size_t i = pod->container_count; i-- > 0;) {
		struct unit *unit = &supervisor->units[i];
		if (is_over(unit))
			continue;
		if (unit->image->is_sidecar && !unit->is_stop_wanted)
			supervisor_stop_unit(supervisor, i, now_ms,
					     supervisor->end_deadline_ms > now_ms
						     ? supervisor->end_deadline_ms - now_ms
						     : 0);
		/* The containers before the first sidecar from the end are stopping already. */
		if (unit->image->is_sidecar)
			return;
		bool has_running_main = false;
		for (size_t k = 0; k < pod->container_count; k++)
			has_running_main =
				has_running_main || (!supervisor->units[k].image->is_sidecar &&
						     !is_over(&supervisor->units[k]));
		if (has_running_main)
			return;
	}
	supervisor->stage = STAGE_ENDED;
	struct supervisor_action *action = supervisor_push(supervisor, ACTION_REPORT_POD, 0);
	action->phase = supervisor->phase;
	action->reason = supervisor->reason;
	action->exit_code = supervisor->exit_code;
	(void)supervisor_push(supervisor, ACTION_END, 0);
}

static void advance_ready(struct supervisor *supervisor)
{
	bool is_ready = supervisor->stage == STAGE_MAIN;
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		const struct unit *unit = &supervisor->units[i];
		if (goes_on(unit) && !unit_is_ready(unit))
			is_ready = false;
	}
	if (is_ready == supervisor->is_ready)
		return;
	supervisor->is_ready = is_ready;
	supervisor_push(supervisor, ACTION_REPORT_READY, 0)->is_ok = is_ready;
}

void supervisor_tick(struct supervisor *supervisor, uint64_t now_ms)
{
	uint64_t deadline = supervisor->pod->active_deadline_ms;
	if (supervisor->stage == STAGE_NEW || supervisor->stage == STAGE_ENDED)
		return;
	if (supervisor->stage == STAGE_INIT)
		advance_init(supervisor);
	if (supervisor->stage == STAGE_MAIN)
		advance_main(supervisor, now_ms);
	if (deadline > 0 && supervisor->stage != STAGE_ENDING &&
	    now_ms >= supervisor->begun_ms + deadline)
		supervisor_begin_ending(supervisor, now_ms, supervisor->pod->grace_ms, "Failed",
					"DeadlineExceeded");
	for (size_t i = 0; i < supervisor->pod->container_count; i++)
		unit_advance(supervisor, i, now_ms);
	if (supervisor->stage == STAGE_ENDING)
		advance_ending(supervisor, now_ms);
	advance_ready(supervisor);
}

void supervisor_begin(struct supervisor *supervisor, uint64_t now_ms)
{
	supervisor->stage = STAGE_INIT;
	supervisor->begun_ms = now_ms;
	supervisor_push(supervisor, ACTION_REPORT_POD, 0)->phase = "Pending";
	supervisor_tick(supervisor, now_ms);
}

void supervisor_shutdown(struct supervisor *supervisor, uint64_t now_ms, int64_t grace_ms)
{
	uint64_t grace = grace_ms >= 0 ? (uint64_t)grace_ms : supervisor->pod->grace_ms;
	if (supervisor->stage == STAGE_NEW)
		supervisor->stage = STAGE_INIT;
	supervisor_begin_ending(supervisor, now_ms, grace, "Succeeded", "Shutdown");
	supervisor_tick(supervisor, now_ms);
}

uint64_t supervisor_next_tick_ms(const struct supervisor *supervisor)
{
	uint64_t next = NEVER;
	uint64_t deadline = supervisor->pod->active_deadline_ms;
	if (supervisor->stage == STAGE_NEW || supervisor->stage == STAGE_ENDED)
		return NEVER;
	if (deadline > 0 && supervisor->stage != STAGE_ENDING)
		next = supervisor->begun_ms + deadline;
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		const struct unit *unit = &supervisor->units[i];
		uint64_t own = probes_next_ms(unit);
		if (unit->state == UNIT_WAITING)
			own = unit->due_ms;
		if (unit->state == UNIT_STOPPING)
			own = unit->kill_ms;
		if (own < next)
			next = own;
	}
	return next;
}

bool supervisor_is_running(const struct supervisor *supervisor, size_t container)
{
	enum unit_state state = supervisor->units[container].state;
	return state == UNIT_RUNNING || state == UNIT_STOPPING;
}

const char *supervisor_phase(const struct supervisor *supervisor)
{
	return supervisor->phase;
}

bool supervisor_phase_is_running(const struct supervisor *supervisor)
{
	return supervisor->is_running_reported;
}

void supervisor_fail(struct supervisor *supervisor, uint64_t now_ms, const char *reason,
		     const char *message)
{
	supervisor->exit_code = START_FAILED_CODE;
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		if (is_main(&supervisor->units[i]))
			unit_report_start_error(supervisor, i, message);
	}
	supervisor->stage = STAGE_INIT;
	supervisor_begin_ending(supervisor, now_ms, 0, "Failed", reason);
	supervisor_tick(supervisor, now_ms);
}
