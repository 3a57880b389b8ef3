/* SPDX-License-Identifier: Apache-2.0 */
/* One container's life in the pod: started, stopped, ended, started again. */
#include "guest/kubelet/kubelet_unit.h"

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "guest/documents/oci_config.h"
#include "guest/kubelet/kubelet_parts.h"

#define BACKOFF_RESET_MS 600000U
#define BACKOFF_LIMIT	 6     /* of a Job that names none */
#define AFTER_HOOK_MS	 2000U /* what is left for a container whose preStop took all the grace */
#define KILL_AGAIN_MS	 5000U

static struct kubelet_action *report(struct kubelet *kubelet, size_t container, const char *state,
				     const char *reason)
{
	struct kubelet_action *action = kubelet_push(kubelet, ACTION_REPORT_CONTAINER, container);
	action->state = state;
	action->reason = reason;
	action->restarts = kubelet->units[container].restarts;
	return action;
}

void unit_start(struct kubelet *kubelet, size_t container)
{
	struct unit *unit = &kubelet->units[container];
	if (unit->exit_code >= 0)
		unit->restarts++;
	unit->state = UNIT_STARTING;
	unit->is_signalled = false;
	unit->is_hook_running = false;
	unit->is_stop_wanted = false;
	unit->is_restart_wanted = false;
	(void)report(kubelet, container, "waiting", "ContainerCreating");
	(void)kubelet_push(kubelet, ACTION_START, container);
}

static void push_signal(struct kubelet *kubelet, size_t container, int signal)
{
	kubelet_push(kubelet, ACTION_SIGNAL, container)->signal = signal;
	kubelet->units[container].is_signalled = true;
}

void kubelet_stop_unit(struct kubelet *kubelet, size_t container, uint64_t now_ms,
		       uint64_t grace_ms)
{
	struct unit *unit = &kubelet->units[container];
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
		kubelet_push(kubelet, ACTION_HOOK, container)->is_post_start = false;
		return;
	}
	if (grace_ms > 0)
		push_signal(kubelet, container, container_stop_signal(unit->image));
	else
		unit->is_signalled = true; /* straight to the kill */
}

static bool wants_restart(const struct kubelet *kubelet, const struct unit *unit)
{
	enum restart_policy policy = kubelet->pod->restart_policy;
	if (unit->image->is_sidecar)
		return true;
	if (unit->image->is_init)
		return unit->exit_code != 0 && policy != RESTART_NEVER;
	if (policy == RESTART_ON_FAILURE && kubelet->pod->restart_limit > 0 &&
	    unit->restarts >= kubelet->pod->restart_limit)
		return false; /* as Docker counts: what it ended with is the pod's end */
	return policy == RESTART_ALWAYS || (policy == RESTART_ON_FAILURE && unit->exit_code != 0);
}

static bool is_past_backoff_limit(const struct kubelet *kubelet, const struct unit *unit)
{
	int64_t limit = kubelet->pod->backoff_limit;
	if (kubelet->pod->workload != WORKLOAD_JOB || unit->image->is_sidecar)
		return false;
	return (int64_t)unit->restarts >= (limit >= 0 ? limit : BACKOFF_LIMIT);
}

static void wait_for_restart(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	static const struct backoff law = {10000, 300000, 200}; /* Kubernetes' own */
	/* The first restart comes at once. */
	uint64_t delay = unit->streak == 0 ? 0 : backoff_ms(&law, unit->streak - 1);
	unit->streak++;
	unit->state = UNIT_WAITING;
	unit->due_ms = now_ms + delay;
	if (delay > 0)
		report(kubelet, container, "waiting", "CrashLoopBackOff")->next_start_ms = delay;
}

static void after_end(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	unit->state = UNIT_ENDED;
	if (kubelet->stage == STAGE_ENDING)
		return;
	if (unit->is_restart_wanted) {
		unit->is_restart_wanted = false;
		unit->state = UNIT_WAITING;
		unit->due_ms = now_ms;
		return;
	}
	if (wants_restart(kubelet, unit)) {
		if (is_past_backoff_limit(kubelet, unit)) {
			kubelet->exit_code = unit->exit_code;
			kubelet_begin_ending(kubelet, now_ms, kubelet->pod->grace_ms, "Failed",
					     "BackoffLimitExceeded");
			return;
		}
		wait_for_restart(kubelet, container, now_ms);
	} else if (unit->image->is_init && unit->exit_code != 0) {
		kubelet->exit_code = unit->exit_code;
		kubelet_begin_ending(kubelet, now_ms, kubelet->pod->grace_ms, "Failed",
				     "InitFailed");
	}
}

void unit_advance(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	if (unit->state == UNIT_WAITING && unit->due_ms <= now_ms)
		unit_start(kubelet, container);
	if (unit->state == UNIT_STOPPING && unit->kill_ms <= now_ms) {
		bool was_signalled = unit->is_signalled;
		push_signal(kubelet, container,
			    was_signalled ? SIGKILL : container_stop_signal(unit->image));
		unit->kill_ms = now_ms + (was_signalled ? KILL_AGAIN_MS : AFTER_HOOK_MS);
	}
	probes_advance(kubelet, container, now_ms);
}

static void begin_running(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	unit->state = UNIT_RUNNING;
	unit->started_ms = now_ms;
	(void)report(kubelet, container, "running", "Started");
	unit->has_post_started = unit->image->post_start.type == CHECK_NONE;
	if (unit->is_stop_wanted || (kubelet->stage == STAGE_ENDING && !unit->image->is_sidecar)) {
		kubelet_stop_unit(kubelet, container, now_ms, unit->wanted_grace_ms);
		return;
	}
	if (!unit->has_post_started)
		kubelet_push(kubelet, ACTION_HOOK, container)->is_post_start = true;
	probes_begin(kubelet, container, now_ms);
}

void unit_report_start_error(struct kubelet *kubelet, size_t container, const char *message_or_null)
{
	struct kubelet_action *action = report(kubelet, container, "terminated", "StartError");
	kubelet->units[container].exit_code = START_FAILED_CODE;
	action->exit_code = START_FAILED_CODE;
	action->message = xstrdup_or_null(message_or_null);
}

void kubelet_started(struct kubelet *kubelet, size_t container, uint64_t now_ms, bool is_ok,
		     const char *message_or_null)
{
	struct unit *unit = &kubelet->units[container];
	if (unit->state != UNIT_STARTING)
		return;
	if (is_ok) {
		begin_running(kubelet, container, now_ms);
	} else {
		unit_report_start_error(kubelet, container, message_or_null);
		after_end(kubelet, container, now_ms);
	}
	kubelet_tick(kubelet, now_ms);
}

void kubelet_exited(struct kubelet *kubelet, size_t container, uint64_t now_ms,
		    const struct unit_end *end)
{
	struct unit *unit = &kubelet->units[container];
	if (unit->state != UNIT_RUNNING && unit->state != UNIT_STOPPING)
		return;
	if (now_ms - unit->started_ms >= BACKOFF_RESET_MS)
		unit->streak = 0;
	unit->exit_code = end->exit_code;
	probes_stop(unit);
	const char *reason = end->exit_code == 0 ? "Completed" : "Error";
	struct kubelet_action *action =
		report(kubelet, container, "terminated", end->is_oom ? "OOMKilled" : reason);
	action->exit_code = end->exit_code;
	action->ended_by = end->signal;
	action->message = xstrdup_or_null(end->message);
	after_end(kubelet, container, now_ms);
	kubelet_tick(kubelet, now_ms);
}

bool kubelet_restart(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	bool goes_on = !unit->image->is_init || unit->image->is_sidecar;
	if (kubelet->stage != STAGE_MAIN || !goes_on || unit->state == UNIT_IDLE)
		return false;
	/* Whoever changed what it runs may have mended it: it has no past. */
	unit->streak = 0;
	if (unit->state == UNIT_WAITING) {
		unit->due_ms = now_ms;
	} else if (unit->state == UNIT_ENDED) {
		unit_start(kubelet, container);
	} else {
		unit->is_restart_wanted = true;
		kubelet_stop_unit(kubelet, container, now_ms, kubelet->pod->grace_ms);
	}
	kubelet_tick(kubelet, now_ms);
	return true;
}

void kubelet_hook_done(struct kubelet *kubelet, size_t container, bool is_post_start,
		       uint64_t now_ms, bool is_ok, const char *message)
{
	struct unit *unit = &kubelet->units[container];
	if (is_post_start && unit->state == UNIT_RUNNING && !unit->has_post_started) {
		unit->has_post_started = is_ok;
		if (!is_ok) {
			report(kubelet, container, "running", "PostStartHookError")->message =
				xstrdup_or_null(message);
			kubelet_stop_unit(kubelet, container, now_ms, kubelet->pod->grace_ms);
		}
	}
	if (!is_post_start && unit->state == UNIT_STOPPING && unit->is_hook_running) {
		unit->is_hook_running = false;
		if (!unit->is_signalled)
			push_signal(kubelet, container, container_stop_signal(unit->image));
	}
	kubelet_tick(kubelet, now_ms);
}
