/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/control_acts.h"

#include <string.h>

#include "local/plan/project_plan_json.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/jobs.h"
#include "local/supervisor/start_hold.h"
#include "local/supervisor/supervisor_parts.h"

static bool do_scale(struct supervisor *supervisor, const char *name, uint32_t replicas,
		     struct error *err)
{
	struct pod_plan *pod = project_plan_pod(&supervisor->plan, name);
	if (pod == NULL)
		return supervisor_no_pod(supervisor, name, err);
	if (!pod_plan_scale(pod, replicas, err))
		return false;
	/* Kept, so that a supervisor that starts again knows of it. */
	if (!project_plan_save(&supervisor->plan, err))
		return false;
	supervisor_changed(supervisor);
	return true;
}

/* What `stop` took away comes back. */
static void give_back(struct pod_plan *pod)
{
	pod->replicas = pod->stopped_replicas > 0 ? pod->stopped_replicas : 1;
	pod->stopped_replicas = 0;
}

static void take_away(struct pod_plan *pod)
{
	if (pod->replicas > 0)
		pod->stopped_replicas = pod->replicas;
	pod->replicas = 0;
}

static bool is_run_of(const struct pod_plan *pod, const char *cron)
{
	return pod->cron_of != NULL && strcmp(pod->cron_of, cron) == 0;
}

static bool start_again(struct supervisor *supervisor, struct pod_plan *pod, struct error *err)
{
	give_back(pod);
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		struct pod_plan *run = &supervisor->plan.pods[i];
		if (is_run_of(run, pod->name) && run->replicas == 0)
			give_back(run);
	}
	if (!project_plan_save(&supervisor->plan, err))
		return false;
	supervisor_changed(supervisor);
	return true;
}

/* A pod of a Job that has ended: another one comes when the Job wants it. */
static bool is_try_over(const struct supervisor *supervisor, const struct instance *instance)
{
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);

	return pod != NULL && pod->workload == WORKLOAD_JOB &&
	       (instance->status.state == INSTANCE_SUCCEEDED ||
		instance->status.state == INSTANCE_FAILED);
}

static bool restart_job(struct supervisor *supervisor, const struct instance *instance,
			struct error *err)
{
	const char *pod = instance->status.pod;

	if (jobs_restart(supervisor, project_plan_find(&supervisor->plan, pod)))
		return true;
	(void)error_set(err, ERROR_UNSUPPORTED, "%s is over, and its Job goes on by itself",
			instance->status.name);
	return error_hint(err, "i2kit why %s", pod);
}

static bool do_restart(struct supervisor *supervisor, const char *name, struct error *err)
{
	struct instance *instance = supervisor_find(supervisor, name);
	struct pod_plan *pod = project_plan_pod(&supervisor->plan, name);
	size_t count = 0;

	if (instance != NULL && is_try_over(supervisor, instance))
		return restart_job(supervisor, instance, err);
	if (instance != NULL) {
		instance_restart(instance, "asked to restart");
		return true;
	}
	if (pod != NULL && pod->replicas == 0)
		return start_again(supervisor, pod, err);
	if (pod != NULL && pod_plan_is_cron(pod)) {
		(void)error_set(err, ERROR_UNSUPPORTED, "'%s' is a CronJob: its runs are Jobs",
				name);
		return error_hint(err, "i2kit start cronjob/%s starts one now", name);
	}
	if (pod != NULL && pod->workload == WORKLOAD_JOB && jobs_restart(supervisor, pod))
		return true;
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (strcmp(supervisor->instances[i]->status.pod, name) != 0 ||
		    is_try_over(supervisor, supervisor->instances[i]))
			continue;
		instance_restart(supervisor->instances[i], "asked to restart");
		count++;
	}
	start_holds_restart(supervisor, name);
	/* Without a VM it waits for its turn: there is nothing to start again. */
	return count > 0 || pod != NULL || supervisor_no_pod(supervisor, name, err);
}

static bool do_stop(struct supervisor *supervisor, const char *name, struct error *err)
{
	struct pod_plan *pod = project_plan_pod(&supervisor->plan, name);

	if (pod == NULL)
		return supervisor_no_pod(supervisor, name, err);
	take_away(pod);
	/* With a CronJob those of its runs that are not over. */
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		if (is_run_of(&supervisor->plan.pods[i], name))
			take_away(&supervisor->plan.pods[i]);
	}
	return do_scale(supervisor, name, 0, err);
}

/*
 * A VM that was named alone loses its power, and another one comes in its place; a pod is stopped
 * without being asked.
 */
static bool do_kill(struct supervisor *supervisor, const char *name, struct error *err)
{
	struct instance *named = supervisor_find(supervisor, name);

	if (named != NULL) {
		bool was_leaving = named->is_leaving;
		instance_kill(named);
		named = supervisor_find(supervisor, name);
		if (named != NULL && !was_leaving) {
			named->is_leaving = false;
			named->is_replaced = true;
		}
		return true;
	}
	if (!do_stop(supervisor, name, err))
		return false;
	/* From the end: those that do not run are forgotten at once. */
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		const char *of = supervisor->instances[i]->status.pod;
		const struct pod_plan *pod = project_plan_find(&supervisor->plan, of);
		if (strcmp(of, name) == 0 || (pod != NULL && is_run_of(pod, name)))
			instance_kill(supervisor->instances[i]);
	}
	return true;
}

static void on_paused(struct error *err_or_null, void *arg)
{
	struct supervisor *supervisor = arg;

	/* What has become of it shows libvirt's event. */
	if (err_or_null != NULL)
		supervisor_say(supervisor, true, "Failed", supervisor->project, "%s",
			       err_or_null->message);
}

static void pause_one(struct supervisor *supervisor, const struct instance *instance,
		      bool is_paused)
{
	if (is_paused && !instance->is_suspended)
		hypervisor_suspend(supervisor->hypervisor, instance->status.uuid, on_paused,
				   supervisor);
	else if (!is_paused && instance->is_suspended)
		hypervisor_resume(supervisor->hypervisor, instance->status.uuid, on_paused,
				  supervisor);
}

static bool do_pause(struct supervisor *supervisor, const char *name, bool is_paused,
		     struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.name, name) != 0 &&
		    strcmp(instance->status.pod, name) != 0)
			continue;
		/* One that is made or ended right now is not there to be stopped. */
		if (!instance_is_alive(instance) || instance->is_job_running ||
		    instance->status.state == INSTANCE_STOPPING)
			continue;
		pause_one(supervisor, instance, is_paused);
		count++;
	}
	if (count > 0)
		return true;
	if (project_plan_pod(&supervisor->plan, name) == NULL &&
	    supervisor_find(supervisor, name) == NULL)
		return supervisor_no_pod(supervisor, name, err);
	error_set(err, ERROR_NOT_FOUND, "no VM of '%s' runs", name);
	return error_hint(err, "i2kit ps %s", name);
}

bool control_act(struct supervisor *supervisor, const struct control_request *request,
		 struct error *err)
{
	switch (request->op) {
	case CONTROL_DOWN:
		supervisor_go_down(supervisor, request->with_volumes, request->is_forced);
		return true;
	case CONTROL_SCALE:
		return do_scale(supervisor, request->name, request->replicas, err);
	case CONTROL_STOP:
		return do_stop(supervisor, request->name, err);
	case CONTROL_RESTART:
		return do_restart(supervisor, request->name, err);
	case CONTROL_KILL:
		return do_kill(supervisor, request->name, err);
	case CONTROL_PAUSE:
	case CONTROL_UNPAUSE:
		return do_pause(supervisor, request->name, request->op == CONTROL_PAUSE, err);
	case CONTROL_RUN_NOW:
		return crons_run_now(supervisor, request->name, err);
	default:
		return error_set(err, ERROR_INVALID, "this is no act");
	}
}
