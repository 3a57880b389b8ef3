/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/oci_config.h"
#include "guest/supervisor_internal.h"

#define BACKOFF_FIRST_MS  10000U
#define BACKOFF_MAX_MS	  300000U
#define BACKOFF_RESET_MS  600000U
#define BACKOFF_LIMIT	  6	/* of a Job that names none */
#define AFTER_HOOK_MS	  2000U /* what is left for a container whose preStop took all the grace */
#define KILL_AGAIN_MS	  5000U
#define START_FAILED_CODE 128

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

static struct supervisor_action *report(struct supervisor *supervisor, size_t container,
					const char *state, const char *reason)
{
	struct supervisor_action *action =
		supervisor_push(supervisor, ACTION_REPORT_CONTAINER, container);
	action->state = state;
	action->reason = reason;
	action->restarts = supervisor->units[container].restarts;
	return action;
}

static void start_unit(struct supervisor *supervisor, size_t container)
{
	struct unit *unit = &supervisor->units[container];
	if (unit->exit_code >= 0)
		unit->restarts++;
	unit->state = UNIT_STARTING;
	unit->is_signalled = false;
	unit->is_hook_running = false;
	unit->is_stop_wanted = false;
	(void)report(supervisor, container, "waiting", "ContainerCreating");
	(void)supervisor_push(supervisor, ACTION_START, container);
}

static void push_signal(struct supervisor *supervisor, size_t container, int signal)
{
	supervisor_push(supervisor, ACTION_SIGNAL, container)->signal = signal;
	supervisor->units[container].is_signalled = true;
}

void supervisor_stop_unit(struct supervisor *supervisor, size_t container, uint64_t now_ms,
			  uint64_t grace_ms)
{
	struct unit *unit = &supervisor->units[container];
	if (unit->state == UNIT_STARTING) {
		unit->is_stop_wanted = true;
		unit->wanted_grace_ms = grace_ms;
	}
	if (unit->state == UNIT_STOPPING && unit->kill_ms > now_ms + grace_ms)
		unit->kill_ms = now_ms + grace_ms;
	if (unit->state != UNIT_RUNNING)
		return;
	unit->state = UNIT_STOPPING;
	unit->kill_ms = now_ms + grace_ms;
	if (unit->image->pre_stop.type != CHECK_NONE && grace_ms > 0) {
		unit->is_hook_running = true;
		supervisor_push(supervisor, ACTION_HOOK, container)->is_post_start = false;
		return;
	}
	if (grace_ms > 0)
		push_signal(supervisor, container, container_stop_signal(unit->image));
	else
		unit->is_signalled = true; /* straight to the kill */
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

static void begin_ending(struct supervisor *supervisor, uint64_t now_ms, uint64_t grace_ms,
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

static uint64_t backoff_ms(unsigned streak)
{
	if (streak == 0)
		return 0; /* the first restart comes at once */
	uint64_t delay = BACKOFF_FIRST_MS;
	for (; streak > 1 && delay < BACKOFF_MAX_MS; streak--)
		delay *= 2;
	return delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS;
}

static bool wants_restart(const struct supervisor *supervisor, const struct unit *unit)
{
	enum restart_policy policy = supervisor->pod->restart_policy;
	if (unit->image->is_sidecar)
		return true;
	if (unit->image->is_init)
		return unit->exit_code != 0 && policy != RESTART_NEVER;
	return policy == RESTART_ALWAYS || (policy == RESTART_ON_FAILURE && unit->exit_code != 0);
}

static bool is_past_backoff_limit(const struct supervisor *supervisor, const struct unit *unit)
{
	const char *workload = supervisor->pod->workload;
	int64_t limit = supervisor->pod->backoff_limit;
	if (workload == NULL || strcmp(workload, "Job") != 0 || unit->image->is_sidecar)
		return false;
	return (int64_t)unit->restarts >= (limit >= 0 ? limit : BACKOFF_LIMIT);
}

static void wait_for_restart(struct supervisor *supervisor, size_t container, uint64_t now_ms)
{
	struct unit *unit = &supervisor->units[container];
	uint64_t delay = backoff_ms(unit->streak++);
	unit->state = UNIT_WAITING;
	unit->due_ms = now_ms + delay;
	if (delay > 0)
		report(supervisor, container, "waiting", "CrashLoopBackOff")->next_start_ms = delay;
}

static void after_end(struct supervisor *supervisor, size_t container, uint64_t now_ms)
{
	struct unit *unit = &supervisor->units[container];
	bool is_by_hand = unit->is_restart_wanted;
	unit->is_restart_wanted = false;
	unit->state = UNIT_ENDED;
	if (supervisor->stage == STAGE_ENDING)
		return;
	if (is_by_hand) {
		unit->state = UNIT_WAITING;
		unit->due_ms = now_ms;
	} else if (wants_restart(supervisor, unit)) {
		if (is_past_backoff_limit(supervisor, unit)) {
			supervisor->exit_code = unit->exit_code;
			begin_ending(supervisor, now_ms, supervisor->pod->grace_ms, "Failed",
				     "BackoffLimitExceeded");
			return;
		}
		wait_for_restart(supervisor, container, now_ms);
	} else if (unit->image->is_init && unit->exit_code != 0) {
		supervisor->exit_code = unit->exit_code;
		begin_ending(supervisor, now_ms, supervisor->pod->grace_ms, "Failed", "InitFailed");
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
			start_unit(supervisor, i);
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
			start_unit(supervisor, i);
	}
}

static void advance_unit(struct supervisor *supervisor, size_t container, uint64_t now_ms)
{
	struct unit *unit = &supervisor->units[container];
	if (unit->state == UNIT_WAITING && unit->due_ms <= now_ms)
		start_unit(supervisor, container);
	if (unit->state == UNIT_STOPPING && unit->kill_ms <= now_ms) {
		bool was_signalled = unit->is_signalled;
		push_signal(supervisor, container,
			    was_signalled ? SIGKILL : container_stop_signal(unit->image));
		unit->kill_ms = now_ms + (was_signalled ? KILL_AGAIN_MS : AFTER_HOOK_MS);
	}
	probes_advance(supervisor, container, now_ms);
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
	begin_ending(supervisor, now_ms, supervisor->pod->grace_ms,
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
		begin_ending(supervisor, now_ms, supervisor->pod->grace_ms, "Failed",
			     "DeadlineExceeded");
	for (size_t i = 0; i < supervisor->pod->container_count; i++)
		advance_unit(supervisor, i, now_ms);
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

static void begin_running(struct supervisor *supervisor, size_t container, uint64_t now_ms)
{
	struct unit *unit = &supervisor->units[container];
	unit->state = UNIT_RUNNING;
	unit->started_ms = now_ms;
	(void)report(supervisor, container, "running", "Started");
	unit->has_post_started = unit->image->post_start.type == CHECK_NONE;
	if (unit->is_stop_wanted ||
	    (supervisor->stage == STAGE_ENDING && !unit->image->is_sidecar)) {
		supervisor_stop_unit(supervisor, container, now_ms, unit->wanted_grace_ms);
		return;
	}
	if (!unit->has_post_started)
		supervisor_push(supervisor, ACTION_HOOK, container)->is_post_start = true;
	probes_begin(supervisor, container, now_ms);
}

void supervisor_started(struct supervisor *supervisor, size_t container, uint64_t now_ms,
			bool is_ok, const char *message_or_null)
{
	struct unit *unit = &supervisor->units[container];
	if (unit->state != UNIT_STARTING)
		return;
	if (is_ok) {
		begin_running(supervisor, container, now_ms);
	} else {
		unit->exit_code = START_FAILED_CODE;
		struct supervisor_action *action =
			report(supervisor, container, "terminated", "StartError");
		action->exit_code = START_FAILED_CODE;
		action->message = xstrdup_or_null(message_or_null);
		after_end(supervisor, container, now_ms);
	}
	supervisor_tick(supervisor, now_ms);
}

void supervisor_exited(struct supervisor *supervisor, size_t container, uint64_t now_ms,
		       const struct unit_end *end)
{
	struct unit *unit = &supervisor->units[container];
	if (unit->state != UNIT_RUNNING && unit->state != UNIT_STOPPING)
		return;
	if (now_ms - unit->started_ms >= BACKOFF_RESET_MS)
		unit->streak = 0;
	unit->exit_code = end->exit_code;
	probes_stop(unit);
	const char *reason = end->exit_code == 0 ? "Completed" : "Error";
	struct supervisor_action *action =
		report(supervisor, container, "terminated", end->is_oom ? "OOMKilled" : reason);
	action->exit_code = end->exit_code;
	action->ended_by = end->signal;
	action->message = xstrdup_or_null(end->message);
	after_end(supervisor, container, now_ms);
	supervisor_tick(supervisor, now_ms);
}

void supervisor_hook_done(struct supervisor *supervisor, size_t container, bool is_post_start,
			  uint64_t now_ms, bool is_ok, const char *message)
{
	struct unit *unit = &supervisor->units[container];
	if (is_post_start && unit->state == UNIT_RUNNING && !unit->has_post_started) {
		unit->has_post_started = is_ok;
		if (!is_ok) {
			report(supervisor, container, "running", "PostStartHookError")->message =
				xstrdup_or_null(message);
			supervisor_stop_unit(supervisor, container, now_ms,
					     supervisor->pod->grace_ms);
		}
	}
	if (!is_post_start && unit->state == UNIT_STOPPING && unit->is_hook_running) {
		unit->is_hook_running = false;
		if (!unit->is_signalled)
			push_signal(supervisor, container, container_stop_signal(unit->image));
	}
	supervisor_tick(supervisor, now_ms);
}

void supervisor_shutdown(struct supervisor *supervisor, uint64_t now_ms, int64_t grace_ms)
{
	uint64_t grace = grace_ms >= 0 ? (uint64_t)grace_ms : supervisor->pod->grace_ms;
	if (supervisor->stage == STAGE_NEW)
		supervisor->stage = STAGE_INIT;
	begin_ending(supervisor, now_ms, grace, "Succeeded", "Shutdown");
	supervisor_tick(supervisor, now_ms);
}

bool supervisor_restart(struct supervisor *supervisor, const char *container, uint64_t now_ms)
{
	for (size_t i = 0; i < supervisor->pod->container_count; i++) {
		struct unit *unit = &supervisor->units[i];
		if (strcmp(unit->image->name, container) != 0 || !goes_on(unit))
			continue;
		unit->is_restart_wanted = supervisor->stage != STAGE_ENDING;
		unit->streak = 0;
		if (unit->state == UNIT_WAITING)
			unit->due_ms = now_ms;
		supervisor_stop_unit(supervisor, i, now_ms, supervisor->pod->grace_ms);
		supervisor_tick(supervisor, now_ms);
		return true;
	}
	return false;
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

bool supervisor_is_ready(const struct supervisor *supervisor)
{
	return supervisor->is_ready;
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

void supervisor_fail(struct supervisor *supervisor, uint64_t now_ms, const char *reason)
{
	supervisor->exit_code = START_FAILED_CODE;
	supervisor->stage = STAGE_INIT;
	begin_ending(supervisor, now_ms, 0, "Failed", reason);
	supervisor_tick(supervisor, now_ms);
}
