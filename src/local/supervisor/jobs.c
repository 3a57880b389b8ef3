/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/jobs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"

/* Clocks are set: nobody sleeps longer than this. */
#define LONGEST_SLEEP_MS 60000

void job_decisions_clear(struct job_decisions *decisions)
{
	for (size_t i = 0; i < decisions->count; i++)
		job_decision_clear(&decisions->items[i]);
	for (size_t i = 0; i < decisions->count; i++)
		free(decisions->jobs[i].stops);
	free(decisions->items);
	free(decisions->jobs);
	*decisions = (struct job_decisions){0};
}

/* --- what is remembered --------------------------------------------------------------------- */

void jobs_load(struct supervisor *supervisor)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!job_states_load(supervisor->project, &supervisor->jobs, &problem))
		supervisor_say(supervisor, true, "JobsLost", supervisor->project,
			       "%s; Jobs begin anew", problem.message);
}

void jobs_remove(struct supervisor *supervisor)
{
	AUTO_FREE char *path = job_states_path(supervisor->project);

	(void)unlink(path);
	job_states_clear(&supervisor->jobs);
}

void jobs_save(struct supervisor *supervisor)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	bool is_changed = supervisor->jobs.is_changed;

	for (size_t i = 0; i < supervisor->jobs.count; i++)
		is_changed = is_changed || supervisor->jobs.items[i].is_changed;
	for (size_t i = 0; i < supervisor->jobs.cron_count; i++)
		is_changed = is_changed || supervisor->jobs.crons[i].is_changed;
	if (is_changed && !job_states_save(supervisor->project, &supervisor->jobs, &problem))
		supervisor_say(supervisor, true, "JobsLost", supervisor->project, "%s",
			       problem.message);
}

static bool is_in_plan(const struct supervisor *supervisor, const char *name, bool is_cron)
{
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, name);

	return pod != NULL && pod->workload == WORKLOAD_JOB && pod_plan_is_cron(pod) == is_cron;
}

static void forget_jobs(struct supervisor *supervisor)
{
	struct job_states *states = &supervisor->jobs;
	size_t kept = 0;

	for (size_t i = 0; i < states->count; i++) {
		if (is_in_plan(supervisor, states->items[i].pod, false))
			states->items[kept++] = states->items[i];
		else
			job_state_clear(&states->items[i]);
	}
	states->is_changed = states->is_changed || kept < states->count;
	states->count = kept;
}

static void forget_crons(struct supervisor *supervisor)
{
	struct job_states *states = &supervisor->jobs;
	size_t kept = 0;

	for (size_t i = 0; i < states->cron_count; i++) {
		if (is_in_plan(supervisor, states->crons[i].pod, true))
			states->crons[kept++] = states->crons[i];
		else
			cron_state_clear(&states->crons[i]);
	}
	states->is_changed = states->is_changed || kept < states->cron_count;
	states->cron_count = kept;
}

void jobs_forget(struct supervisor *supervisor)
{
	forget_jobs(supervisor);
	forget_crons(supervisor);
	if (supervisor->jobs.count + supervisor->jobs.cron_count == 0) {
		AUTO_FREE char *path = job_states_path(supervisor->project);
		(void)unlink(path);
		supervisor->jobs.is_changed = false;
	}
	jobs_save(supervisor);
}

void jobs_apply(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->jobs.count; i++) {
		struct job_state *state = &supervisor->jobs.items[i];
		const struct pod_plan *pod = project_plan_find(&supervisor->plan, state->pod);
		/* A CronJob's run that has expired goes; it does not come again. */
		const struct release_id release = state->release;
		if (state->is_expired && pod != NULL && pod->cron_of == NULL)
			job_state_reset(state, &release);
	}
	jobs_forget(supervisor);
}

static struct job_state *state_of(struct supervisor *supervisor, const struct pod_plan *pod)
{
	struct job_state *state = job_states_get(&supervisor->jobs, pod->name, &pod->release);

	if (!release_id_equal(&state->release, &pod->release))
		job_state_reset(state, &pod->release);
	return state;
}

/* --- what is known -------------------------------------------------------------------------- */

static enum job_pod_phase phase_of(const struct instance *instance)
{
	if (instance->is_leaving)
		return JOB_POD_LEAVING;
	if (instance->status.state == INSTANCE_SUCCEEDED)
		return JOB_POD_SUCCEEDED;
	return instance->status.state == INSTANCE_FAILED ? JOB_POD_FAILED : JOB_POD_ACTIVE;
}

struct job_pods {
	struct job_pod *items;
	size_t *instances; /* which each is */
	struct job_exit **exits;
	size_t count;
	size_t known; /* of instances */
	size_t exit_lists;
};

static void job_pods_clear(struct job_pods *pods)
{
	for (size_t i = 0; i < pods->exit_lists; i++)
		free(pods->exits[i]);
	free(pods->exits);
	free(pods->items);
	free(pods->instances);
}

static void add_pod(const struct instance *instance, size_t place, struct job_pods *ret)
{
	const struct instance_status *status = &instance->status;
	struct job_exit *exits = xcalloc(status->container_count + 1, sizeof(*exits));
	size_t count = 0;

	for (size_t i = 0; i < status->container_count; i++) {
		const struct container_status *container = &status->containers[i];
		if (container->state == CONTAINER_TERMINATED && container->exit_code > 0)
			exits[count++] = (struct job_exit){container->name, container->exit_code};
	}
	*ARRAY_APPEND(ret->exits, ret->exit_lists) = exits;
	*ARRAY_APPEND(ret->instances, ret->known) = place;
	*ARRAY_APPEND(ret->items, ret->count) = (struct job_pod){
		.number = status->replica,
		.phase = phase_of(instance),
		.is_ready = status->is_ready,
		.is_disrupted = instance->is_lost,
		.restarts = status->restarts,
		.end_ns = instance->ended_ns,
		.exits = exits,
		.exit_count = count,
	};
}

static void decide(struct supervisor *supervisor, const struct pod_plan *pod,
		   const struct job_pods *pods, struct job_decision *ret, struct reconcile_job *job)
{
	struct job_state *state = state_of(supervisor, pod);
	enum job_end before = state->end;
	unsigned failed = state->failed;
	const struct job_facts facts = {
		.spec = &pod->job,
		.parallelism = pod->replicas,
		.restart_policy = pod->restart_policy,
		.pods = pods->items,
		.pod_count = pods->count,
		.now_ns = clock_wall_ns(),
	};

	job_step(&facts, state, ret);
	if (state->failed > failed && state->end == JOB_RUNNING)
		supervisor_say(supervisor, true, "PodFailed", pod->name,
			       "%u of its pods have failed, %u may", state->failed,
			       pod->job.backoff_limit);
	if (state->end != before)
		supervisor_say(supervisor, state->end == JOB_FAILED,
			       state->end == JOB_FAILED ? "JobFailed" : "JobComplete", pod->name,
			       "%s: %u pods succeeded, %u failed", state->reason, state->succeeded,
			       state->failed);
	*job = (struct reconcile_job){.is_decided = true,
				      .starts = ret->starts,
				      .start_count = ret->start_count,
				      .why = ret->why};
	for (size_t i = 0; i < ret->stop_count && pods->instances != NULL; i++)
		*ARRAY_APPEND(job->stops, job->stop_count) = pods->instances[ret->stops[i]];
}

static void sleep_until(struct supervisor *supervisor, int64_t wake_ns)
{
	int64_t ms = wake_ns == INT64_MAX ? INT64_MAX : (wake_ns - clock_wall_ns()) / 1000000 + 1;

	if (wake_ns == INT64_MAX)
		loop_timer_cancel(supervisor->jobs_timer);
	else
		loop_timer_set(supervisor->jobs_timer, ms < 1		       ? 1
						       : ms < LONGEST_SLEEP_MS ? (uint64_t)ms
									       : LONGEST_SLEEP_MS);
}

void jobs_decide(struct supervisor *supervisor, struct instance *const *instances,
		 const struct reconcile_instance *facts, size_t count, struct job_decisions *ret)
{
	const struct project_plan *plan = &supervisor->plan;
	int64_t wake_ns = crons_wake_ns(supervisor);

	ret->items = xcalloc(plan->pod_count + 1, sizeof(*ret->items));
	ret->jobs = xcalloc(plan->pod_count + 1, sizeof(*ret->jobs));
	ret->count = plan->pod_count;
	for (size_t i = 0; i < plan->pod_count && !supervisor->is_going_down; i++) {
		AUTO(job_pods_clear) struct job_pods pods = {0};
		if (plan->pods[i].workload != WORKLOAD_JOB)
			continue;
		/* It runs nothing itself. */
		if (pod_plan_is_cron(&plan->pods[i])) {
			ret->jobs[i].is_decided = true;
			continue;
		}
		for (size_t k = 0; k < count; k++) {
			if (strcmp(facts[k].pod, plan->pods[i].name) == 0 && facts[k].is_current)
				add_pod(instances[k], k, &pods);
		}
		decide(supervisor, &plan->pods[i], &pods, &ret->items[i], &ret->jobs[i]);
		if (ret->items[i].wake_ns < wake_ns)
			wake_ns = ret->items[i].wake_ns;
	}
	jobs_save(supervisor);
	sleep_until(supervisor, wake_ns);
}

void jobs_started(struct supervisor *supervisor, const struct pod_plan *pod, unsigned replica)
{
	if (pod->workload != WORKLOAD_JOB)
		return;
	job_state_started(state_of(supervisor, pod), replica);
	jobs_save(supervisor);
}

bool jobs_restart(struct supervisor *supervisor, const struct pod_plan *pod)
{
	struct job_state *state = state_of(supervisor, pod);

	if (state->end == JOB_RUNNING)
		return false;
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		if (strcmp(supervisor->instances[i]->status.pod, pod->name) == 0)
			instance_stop(supervisor->instances[i], "the Job begins anew");
	}
	job_state_reset(state, &pod->release);
	jobs_save(supervisor);
	supervisor_changed(supervisor);
	return true;
}

/* --- what is shown -------------------------------------------------------------------------- */

static char *describe_pause(const struct pod_plan *pod, const struct job_state *state)
{
	time_t at = (time_t)((state->failed_ns + job_pause_ns(state->streak)) / 1000000000);
	char text[32] = "";
	struct tm parts;

	if (localtime_r(&at, &parts) != NULL)
		(void)strftime(text, sizeof(text), "%H:%M:%S", &parts);
	return pod->job.has_index_limit ? xasprintf("%u pods have failed", state->failed)
					: xasprintf("%u pods have failed; the next try comes at %s",
						    state->failed, text);
}

static char *describe(const struct pod_plan *pod, const struct job_state *state)
{
	if (state->end == JOB_COMPLETE)
		return xasprintf("Complete, %u succeeded", state->succeeded);
	if (state->end == JOB_FAILED)
		return xasprintf("%s, %u pods failed", state->reason, state->failed);
	if (pod->job.is_suspended)
		return xstrdup("Suspended");
	if (state->streak > 0 && state->active_count == 0)
		return describe_pause(pod, state);
	return NULL;
}

void jobs_fill_status(const struct supervisor *supervisor, const struct pod_plan *pod,
		      struct pod_status *ret)
{
	const struct job_state *state = job_states_find(&supervisor->jobs, pod->name);

	ret->is_job = true;
	ret->desired = pod->job.has_completions ? pod->job.completions : 1;
	if (pod->replicas == 0 || pod->job.is_suspended)
		ret->desired = 0;
	if (state == NULL || !release_id_equal(&state->release, &pod->release))
		return;
	ret->job_end = state->end;
	ret->succeeded = state->succeeded;
	ret->failed_pods = state->failed;
	ret->active = (unsigned)state->active_count;
	ret->exit_code = state->exit_code;
	ret->ready = state->end == JOB_COMPLETE || state->succeeded > ret->desired
			     ? ret->desired
			     : state->succeeded;
	ret->is_failed = state->end == JOB_FAILED;
	ret->message = describe(pod, state);
}
