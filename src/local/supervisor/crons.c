/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/crons.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/plan/cron_runs.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/cron_step.h"
#include "local/supervisor/jobs.h"

#define NS_PER_S INT64_C(1000000000)

/* What is known of one and is not worth a file. */
struct cron {
	char *pod;
	struct time_zone *zone;
	struct cron_schedule schedule;
	bool is_readable; /* else it was said why not */
	int64_t next_s;
};

struct crons {
	struct cron *items;
	size_t count;
	int64_t wake_ns;
};

void crons_free(struct supervisor *supervisor)
{
	struct crons *crons = supervisor->crons;

	for (size_t i = 0; crons != NULL && i < crons->count; i++) {
		free(crons->items[i].pod);
		time_zone_free(crons->items[i].zone);
	}
	if (crons != NULL)
		free(crons->items);
	free(crons);
	supervisor->crons = NULL;
}

static const struct cron *find(const struct supervisor *supervisor, const char *pod)
{
	for (size_t i = 0; supervisor->crons != NULL && i < supervisor->crons->count; i++) {
		if (strcmp(supervisor->crons->items[i].pod, pod) == 0)
			return &supervisor->crons->items[i];
	}
	return NULL;
}

/* The zone's file is read once, until another plan comes. */
static void read_cron(struct supervisor *supervisor, const struct pod_plan *pod, struct cron *ret)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	const char *why = NULL;
	const char *where = NULL;

	*ret = (struct cron){.pod = xstrdup(pod->name), .next_s = CRON_NEVER};
	ret->zone = pod->cron.time_zone == NULL ? time_zone_load_local()
						: time_zone_load(pod->cron.time_zone, &problem);
	ret->is_readable = ret->zone != NULL &&
			   cron_schedule_parse(pod->cron.schedule, &ret->schedule, &why, &where);
	if (ret->zone == NULL)
		supervisor_say(supervisor, true, "UnknownTimeZone", pod->name, "%s",
			       problem.message);
	else if (!ret->is_readable)
		supervisor_say(supervisor, true, "UnparseableSchedule", pod->name, "%s: %s",
			       pod->cron.schedule, why);
}

static struct cron *get(struct supervisor *supervisor, const struct pod_plan *pod)
{
	if (supervisor->crons == NULL)
		supervisor->crons = xcalloc(1, sizeof(*supervisor->crons));
	struct crons *crons = supervisor->crons;
	for (size_t i = 0; i < crons->count; i++) {
		if (strcmp(crons->items[i].pod, pod->name) == 0)
			return &crons->items[i];
	}
	struct cron *made = ARRAY_APPEND(crons->items, crons->count);
	read_cron(supervisor, pod, made);
	return made;
}

int64_t crons_wake_ns(const struct supervisor *supervisor)
{
	return supervisor->crons != NULL ? supervisor->crons->wake_ns : INT64_MAX;
}

/* --- what is known -------------------------------------------------------------------------- */

struct runs {
	struct cron_run *items;
	const char **names; /* of the plan */
	size_t count;
	size_t name_count;
};

static void runs_clear(struct runs *runs)
{
	free(runs->items);
	free(runs->names);
}

static void list_runs(const struct supervisor *supervisor, const char *cron, struct runs *ret)
{
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		const struct pod_plan *pod = &supervisor->plan.pods[i];
		if (pod->cron_of == NULL || strcmp(pod->cron_of, cron) != 0)
			continue;
		const struct job_state *job = job_states_find(&supervisor->jobs, pod->name);
		int64_t due_s = cron_run_due(pod);
		*ARRAY_APPEND(ret->names, ret->name_count) = pod->name;
		*ARRAY_APPEND(ret->items, ret->count) =
			(struct cron_run){.is_manual = due_s == 0,
					  .end = job != NULL ? job->end : JOB_RUNNING,
					  .is_expired = job != NULL && job->is_expired,
					  .at_s = due_s,
					  .end_ns = job != NULL ? job->end_ns : 0};
	}
}

/* --- what changes --------------------------------------------------------------------------- */

/* A run that begins. */
struct start {
	char *cron;
	char *run;
	int64_t last_s; /* of the CronJob's state, before */
};

/* Of all CronJobs, so that the plan is made anew once. */
struct changes {
	struct start *starts;
	size_t start_count;
	struct string_list drops;
};

static void changes_clear(struct changes *changes)
{
	for (size_t i = 0; i < changes->start_count; i++) {
		free(changes->starts[i].cron);
		free(changes->starts[i].run);
	}
	free(changes->starts);
	string_list_clear(&changes->drops);
}

static void format_time(int64_t unix_s, char *ret, size_t size)
{
	time_t at = (time_t)unix_s;
	struct tm parts;

	ret[0] = '\0';
	if (localtime_r(&at, &parts) != NULL)
		(void)strftime(ret, size, "%Y-%m-%d %H:%M:%S", &parts);
}

static void tell(struct supervisor *supervisor, const char *pod,
		 const struct cron_decision *decision)
{
	char due[32];

	format_time(decision->due_s, due, sizeof(due));
	if (decision->has_missed_many)
		supervisor_say(supervisor, true, "TooManyMissedTimes", pod,
			       "more than 100 runs were missed, the last at %s; "
			       "startingDeadlineSeconds bounds how far it looks back",
			       due);
	if (decision->word == CRON_IS_LATE)
		supervisor_say(supervisor, true, "MissSchedule", pod,
			       "the run of %s did not begin within startingDeadlineSeconds", due);
	if (decision->word == CRON_IS_ACTIVE)
		supervisor_say(supervisor, false, "JobAlreadyActive", pod,
			       "that of %s waits: an earlier run goes on, and concurrencyPolicy "
			       "is Forbid",
			       due);
	if (decision->starts)
		supervisor_say(supervisor, false, "JobCreated", pod, "the run of %s begins", due);
}

static void decide(struct supervisor *supervisor, const struct pod_plan *pod,
		   struct changes *changes)
{
	struct cron *cron = get(supervisor, pod);
	AUTO(runs_clear) struct runs runs = {0};
	AUTO(cron_decision_clear) struct cron_decision decision = {0};

	if (!cron->is_readable)
		return;
	list_runs(supervisor, pod->name, &runs);
	const struct cron_facts facts = {.spec = &pod->cron,
					 .schedule = &cron->schedule,
					 .zone = cron->zone,
					 .runs = runs.items,
					 .run_count = runs.count,
					 .is_stopped = pod->replicas == 0,
					 .now_ns = clock_wall_ns()};
	struct cron_state *state = job_states_cron(&supervisor->jobs, pod->name);
	int64_t last_s = state->last_s;
	cron_step(&facts, state, &decision);
	cron->next_s = decision.next_s;
	if (decision.wake_ns < supervisor->crons->wake_ns)
		supervisor->crons->wake_ns = decision.wake_ns;
	tell(supervisor, pod->name, &decision);
	for (size_t i = 0; i < decision.drop_count; i++)
		string_list_add(&changes->drops, runs.names[decision.drops[i]]);
	if (decision.starts)
		*ARRAY_APPEND(changes->starts, changes->start_count) =
			(struct start){.cron = xstrdup(pod->name),
				       .run = cron_run_name(pod->name, decision.due_s),
				       .last_s = last_s};
}

static bool carry_out(struct supervisor *supervisor, const struct changes *changes,
		      struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (!project_plan_copy(&supervisor->plan, &plan, err))
		return false;
	if (changes->drops.count > 0)
		cron_runs_drop(&plan, &changes->drops);
	for (size_t i = 0; i < changes->start_count; i++) {
		if (!cron_run_add(&plan, changes->starts[i].cron, changes->starts[i].run, err))
			return false;
	}
	/* Kept before its VM is made: a supervisor that starts again goes on with it. */
	if (!project_plan_save(&plan, err))
		return false;
	supervisor_replace_plan(supervisor, &plan);
	jobs_forget(supervisor);
	return true;
}

/* What could not be begun is due still. */
static void take_back(struct supervisor *supervisor, const struct changes *changes)
{
	for (size_t i = 0; i < changes->start_count; i++)
		job_states_cron(&supervisor->jobs, changes->starts[i].cron)->last_s =
			changes->starts[i].last_s;
}

void crons_update(struct supervisor *supervisor)
{
	AUTO(changes_clear) struct changes changes = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (supervisor->crons != NULL)
		supervisor->crons->wake_ns = INT64_MAX;
	if (supervisor->is_going_down)
		return;
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		if (pod_plan_is_cron(&supervisor->plan.pods[i]))
			decide(supervisor, &supervisor->plan.pods[i], &changes);
	}
	if ((changes.start_count > 0 || changes.drops.count > 0) &&
	    !carry_out(supervisor, &changes, &problem)) {
		take_back(supervisor, &changes);
		supervisor_say(supervisor, true, "Failed", supervisor->project, "CronJobs: %s",
			       problem.message);
	}
	jobs_save(supervisor);
}

void crons_apply(struct supervisor *supervisor)
{
	/* Schedules, zones: all may be others. */
	crons_free(supervisor);
}

bool crons_carry(const struct supervisor *supervisor, struct project_plan *plan, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(string_list_clear) struct string_list dropped = plan->dropped_runs;

	plan->dropped_runs = STRING_LIST_INIT;
	if (!project_plan_copy(&supervisor->plan, &before, err))
		return false;
	cron_runs_keep(plan, &before);
	if (dropped.count == 0)
		return true;
	cron_runs_drop(plan, &dropped);
	string_list_clear(&plan->dropped_runs);
	return project_plan_save(plan, err);
}

bool crons_run_now(struct supervisor *supervisor, const char *name, struct error *err)
{
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, name);
	AUTO(changes_clear) struct changes changes = {0};

	if (pod == NULL)
		return supervisor_no_pod(supervisor, name, err);
	if (!pod_plan_is_cron(pod)) {
		(void)error_set(err, ERROR_UNSUPPORTED, "'%s' is no CronJob", name);
		return error_hint(err, "i2kit restart %s", name);
	}
	if (pod->replicas == 0) {
		(void)error_set(err, ERROR_UNSUPPORTED, "'%s' is stopped", name);
		return error_hint(err, "i2kit start %s", name);
	}
	struct cron_state *state = job_states_cron(&supervisor->jobs, name);
	struct start *start = ARRAY_APPEND(changes.starts, changes.start_count);
	start->cron = xstrdup(name);
	do {
		free(start->run);
		start->run = cron_run_manual_name(name, ++state->next_manual);
	} while (project_plan_find(&supervisor->plan, start->run) != NULL);
	state->is_changed = true;
	if (!carry_out(supervisor, &changes, err))
		return false;
	supervisor_say(supervisor, false, "JobCreated", start->cron, "%s begins, as asked",
		       start->run);
	return true;
}

/* --- what is shown -------------------------------------------------------------------------- */

void crons_fill_status(const struct supervisor *supervisor, const struct pod_plan *pod,
		       struct pod_status *ret)
{
	const struct cron_state *state = job_states_find_cron(&supervisor->jobs, pod->name);
	const struct cron *cron = find(supervisor, pod->name);
	AUTO(runs_clear) struct runs runs = {0};

	list_runs(supervisor, pod->name, &runs);
	ret->desired = 0;
	ret->cron.schedule = xstrdup(pod->cron.schedule);
	ret->cron.time_zone = xstrdup_or_null(pod->cron.time_zone);
	ret->cron.is_suspended = pod->cron.is_suspended;
	ret->cron.is_stopped = pod->replicas == 0;
	for (size_t i = 0; i < runs.count; i++)
		ret->cron.active += runs.items[i].end == JOB_RUNNING;
	if (state != NULL) {
		ret->cron.last_ns = state->last_s * NS_PER_S;
		ret->cron.success_ns = state->success_ns;
	}
	if (cron != NULL && cron->next_s != CRON_NEVER && !ret->cron.is_suspended &&
	    !ret->cron.is_stopped)
		ret->cron.next_ns = cron->next_s * NS_PER_S;
	ret->message = cron_status_text(&ret->cron);
}
