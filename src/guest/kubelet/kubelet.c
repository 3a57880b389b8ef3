/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kubelet/kubelet.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/kubelet/kubelet_parts.h"

void kubelet_action_clear(struct kubelet_action *action)
{
	free(action->message);
	*action = (struct kubelet_action){0};
}

struct kubelet *kubelet_new(const struct pod_image *pod)
{
	struct kubelet *kubelet = xcalloc(1, sizeof(*kubelet));
	kubelet->pod = pod;
	kubelet->exit_code = -1;
	kubelet->phase = "Pending";
	kubelet->units = xcalloc(pod->container_count, sizeof(*kubelet->units));
	for (size_t i = 0; i < pod->container_count; i++) {
		kubelet->units[i].image = &pod->containers[i];
		kubelet->units[i].exit_code = -1;
		probes_stop(&kubelet->units[i]);
	}
	return kubelet;
}

void kubelet_free(struct kubelet *kubelet)
{
	if (kubelet == NULL)
		return;
	for (size_t i = kubelet->action_first; i < kubelet->action_count; i++)
		kubelet_action_clear(&kubelet->actions[i]);
	free(kubelet->actions);
	free(kubelet->units);
	free(kubelet);
}

struct kubelet_action *kubelet_push(struct kubelet *kubelet, enum action_type type,
				    size_t container)
{
	struct kubelet_action *action = ARRAY_APPEND(kubelet->actions, kubelet->action_count);
	action->type = type;
	action->container = container;
	action->exit_code = -1;
	return action;
}

bool kubelet_next_action(struct kubelet *kubelet, struct kubelet_action *ret)
{
	if (kubelet->action_first == kubelet->action_count) {
		free(kubelet->actions);
		kubelet->actions = NULL;
		kubelet->action_first = 0;
		kubelet->action_count = 0;
		return false;
	}
	*ret = kubelet->actions[kubelet->action_first];
	kubelet->actions[kubelet->action_first++].message = NULL;
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

void kubelet_begin_ending(struct kubelet *kubelet, uint64_t now_ms, uint64_t grace_ms,
			  const char *phase, const char *reason)
{
	if (kubelet->stage == STAGE_ENDED)
		return;
	if (kubelet->stage != STAGE_ENDING) {
		kubelet->phase = phase;
		kubelet->reason = reason;
		kubelet->end_deadline_ms = now_ms + grace_ms;
		kubelet->stage = STAGE_ENDING;
	}
	if (kubelet->end_deadline_ms > now_ms + grace_ms)
		kubelet->end_deadline_ms = now_ms + grace_ms;
	for (size_t i = 0; i < kubelet->pod->container_count; i++) {
		struct unit *unit = &kubelet->units[i];
		if (unit->state == UNIT_WAITING)
			unit->state = UNIT_ENDED;
		if (!unit->image->is_sidecar || unit->state == UNIT_STOPPING)
			kubelet_stop_unit(kubelet, i, now_ms, grace_ms);
	}
}

/* The next init container, or the main ones, once the one before is through. */
static void advance_init(struct kubelet *kubelet)
{
	const struct pod_image *pod = kubelet->pod;
	for (size_t i = 0; i < pod->container_count; i++) {
		struct unit *unit = &kubelet->units[i];
		if (is_main(unit))
			break;
		if (unit->state == UNIT_IDLE) {
			unit_start(kubelet, i);
			return;
		}
		bool is_through = unit->image->is_sidecar
					  ? unit->is_started && unit->has_post_started
					  : unit->state == UNIT_ENDED && unit->exit_code == 0;
		if (!is_through)
			return;
	}
	kubelet->stage = STAGE_MAIN;
	for (size_t i = 0; i < pod->container_count; i++) {
		if (is_main(&kubelet->units[i]))
			unit_start(kubelet, i);
	}
}

static void advance_main(struct kubelet *kubelet, uint64_t now_ms)
{
	bool is_complete = true;
	bool is_running = true;
	int exit_code = 0;
	for (size_t i = 0; i < kubelet->pod->container_count; i++) {
		const struct unit *unit = &kubelet->units[i];
		if (!is_main(unit))
			continue;
		is_complete = is_complete && unit->state == UNIT_ENDED;
		is_running = is_running && (unit->started_ms > 0 || unit->exit_code >= 0);
		if (exit_code == 0 && unit->exit_code > 0)
			exit_code = unit->exit_code;
	}
	if (is_running && !kubelet->is_running_reported) {
		kubelet->is_running_reported = true;
		kubelet->phase = "Running";
		kubelet_push(kubelet, ACTION_REPORT_POD, 0)->phase = "Running";
	}
	if (!is_complete)
		return;
	kubelet->exit_code = exit_code;
	kubelet_begin_ending(kubelet, now_ms, kubelet->pod->grace_ms,
			     exit_code == 0 ? "Succeeded" : "Failed",
			     exit_code == 0 ? "Completed" : "Error");
}

/* Sidecars end after the containers they serve, the last one first. */
static void advance_ending(struct kubelet *kubelet, uint64_t now_ms)
{
	const struct pod_image *pod = kubelet->pod;
	for (size_t i = pod->container_count; i-- > 0;) {
		struct unit *unit = &kubelet->units[i];
		if (is_over(unit))
			continue;
		if (unit->image->is_sidecar && !unit->is_stop_wanted)
			kubelet_stop_unit(kubelet, i, now_ms,
					  kubelet->end_deadline_ms > now_ms
						  ? kubelet->end_deadline_ms - now_ms
						  : 0);
		/* The containers before the first sidecar from the end are stopping already. */
		if (unit->image->is_sidecar)
			return;
		bool has_running_main = false;
		for (size_t k = 0; k < pod->container_count; k++)
			has_running_main =
				has_running_main || (!kubelet->units[k].image->is_sidecar &&
						     !is_over(&kubelet->units[k]));
		if (has_running_main)
			return;
	}
	kubelet->stage = STAGE_ENDED;
	struct kubelet_action *action = kubelet_push(kubelet, ACTION_REPORT_POD, 0);
	action->phase = kubelet->phase;
	action->reason = kubelet->reason;
	action->exit_code = kubelet->exit_code;
	(void)kubelet_push(kubelet, ACTION_END, 0);
}

static void advance_ready(struct kubelet *kubelet)
{
	bool is_ready = kubelet->stage == STAGE_MAIN && !kubelet->is_leaving;
	for (size_t i = 0; i < kubelet->pod->container_count; i++) {
		const struct unit *unit = &kubelet->units[i];
		if (goes_on(unit) && !unit_is_ready(unit))
			is_ready = false;
	}
	if (is_ready == kubelet->is_ready)
		return;
	kubelet->is_ready = is_ready;
	kubelet_push(kubelet, ACTION_REPORT_READY, 0)->is_ok = is_ready;
}

void kubelet_tick(struct kubelet *kubelet, uint64_t now_ms)
{
	uint64_t deadline = kubelet->pod->active_deadline_ms;
	if (kubelet->stage == STAGE_NEW || kubelet->stage == STAGE_ENDED)
		return;
	if (kubelet->stage == STAGE_INIT)
		advance_init(kubelet);
	if (kubelet->stage == STAGE_MAIN)
		advance_main(kubelet, now_ms);
	if (deadline > 0 && kubelet->stage != STAGE_ENDING &&
	    now_ms >= kubelet->begun_ms + deadline)
		kubelet_begin_ending(kubelet, now_ms, kubelet->pod->grace_ms, "Failed",
				     "DeadlineExceeded");
	for (size_t i = 0; i < kubelet->pod->container_count; i++)
		unit_advance(kubelet, i, now_ms);
	if (kubelet->stage == STAGE_ENDING)
		advance_ending(kubelet, now_ms);
	advance_ready(kubelet);
}

void kubelet_begin(struct kubelet *kubelet, uint64_t now_ms)
{
	kubelet->stage = STAGE_INIT;
	kubelet->begun_ms = now_ms;
	kubelet_push(kubelet, ACTION_REPORT_POD, 0)->phase = "Pending";
	kubelet_tick(kubelet, now_ms);
}

void kubelet_leave(struct kubelet *kubelet, uint64_t now_ms)
{
	kubelet->is_leaving = true;
	kubelet_tick(kubelet, now_ms);
}

void kubelet_shutdown(struct kubelet *kubelet, uint64_t now_ms, int64_t grace_ms)
{
	uint64_t grace = grace_ms >= 0 ? (uint64_t)grace_ms : kubelet->pod->grace_ms;
	if (kubelet->stage == STAGE_NEW)
		kubelet->stage = STAGE_INIT;
	kubelet_begin_ending(kubelet, now_ms, grace, "Succeeded", "Shutdown");
	kubelet_tick(kubelet, now_ms);
}

uint64_t kubelet_next_tick_ms(const struct kubelet *kubelet)
{
	uint64_t next = NEVER;
	uint64_t deadline = kubelet->pod->active_deadline_ms;
	if (kubelet->stage == STAGE_NEW || kubelet->stage == STAGE_ENDED)
		return NEVER;
	if (deadline > 0 && kubelet->stage != STAGE_ENDING)
		next = kubelet->begun_ms + deadline;
	for (size_t i = 0; i < kubelet->pod->container_count; i++) {
		const struct unit *unit = &kubelet->units[i];
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

bool kubelet_is_running(const struct kubelet *kubelet, size_t container)
{
	enum unit_state state = kubelet->units[container].state;
	return state == UNIT_RUNNING || state == UNIT_STOPPING;
}

const char *kubelet_phase(const struct kubelet *kubelet)
{
	return kubelet->phase;
}

bool kubelet_phase_is_running(const struct kubelet *kubelet)
{
	return kubelet->is_running_reported;
}

void kubelet_fail(struct kubelet *kubelet, uint64_t now_ms, const char *reason, const char *message)
{
	kubelet->exit_code = START_FAILED_CODE;
	for (size_t i = 0; i < kubelet->pod->container_count; i++) {
		if (is_main(&kubelet->units[i]))
			unit_report_start_error(kubelet, i, message);
	}
	kubelet->stage = STAGE_INIT;
	kubelet_begin_ending(kubelet, now_ms, 0, "Failed", reason);
	kubelet_tick(kubelet, now_ms);
}
