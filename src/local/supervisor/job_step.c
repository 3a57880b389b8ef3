/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/job_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/cleanup.h"

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct step {
	const struct job_facts *facts;
	struct job_state *state;
	struct job_decision *decision;
	bool *is_stopped; /* of facts->pod_count */
	bool fails_job;	  /* a rule of podFailurePolicy says so */
};

void job_decision_clear(struct job_decision *decision)
{
	free(decision->starts);
	free(decision->stops);
	*decision = (struct job_decision){0};
}

int64_t job_pause_ns(unsigned failures)
{
	static const struct backoff law = {10000, 600000, 200}; /* Kubernetes' own */

	return (int64_t)backoff_ms(&law, failures > 0 ? failures - 1 : 0) * NS_PER_MS;
}

static void wake_at(struct step *step, int64_t at_ns)
{
	if (at_ns < step->decision->wake_ns)
		step->decision->wake_ns = at_ns;
}

static void end(struct step *step, enum job_end how, const char *reason)
{
	struct job_state *state = step->state;

	state->end = how;
	state->reason = reason;
	state->end_ns = step->facts->now_ns;
	state->is_changed = true;
}

static void stop(struct step *step, size_t pod, const char *why)
{
	*ARRAY_APPEND(step->decision->stops, step->decision->stop_count) = pod;
	step->decision->why = why;
	step->is_stopped[pod] = true;
	/* Nobody counts what becomes of it. */
	if (job_state_is_active(step->state, step->facts->pods[pod].number))
		job_state_forget(step->state, step->facts->pods[pod].number);
}

static bool is_active(const struct step *step, size_t pod)
{
	return step->facts->pods[pod].phase == JOB_POD_ACTIVE && !step->is_stopped[pod];
}

static void stop_active(struct step *step, const char *why)
{
	for (size_t i = step->facts->pod_count; i-- > 0;) {
		if (is_active(step, i))
			stop(step, i, why);
	}
}

static unsigned count_phase(const struct step *step, enum job_pod_phase phase)
{
	unsigned count = 0;

	for (size_t i = 0; i < step->facts->pod_count; i++)
		count += step->facts->pods[i].phase == phase && !step->is_stopped[i];
	return count;
}

/* --- what has ended ------------------------------------------------------------------------- */

static bool has_code(const struct job_failure_rule *rule, int code)
{
	for (size_t i = 0; i < rule->code_count; i++) {
		if (rule->codes[i] == code)
			return true;
	}
	return false;
}

static bool rule_fits(const struct job_failure_rule *rule, const struct job_pod *pod)
{
	for (size_t i = 0; i < pod->exit_count; i++) {
		const struct job_exit *one = &pod->exits[i];
		if (rule->code_count > 0 && one->code != 0 &&
		    (rule->container == NULL || strcmp(rule->container, one->container) == 0) &&
		    has_code(rule, one->code) != rule->is_not_in)
			return true;
	}
	return pod->is_disrupted && string_list_has(&rule->conditions, "DisruptionTarget=True");
}

static enum job_rule_action judge(const struct job_spec *spec, const struct job_pod *pod)
{
	for (size_t i = 0; i < spec->failure_rule_count; i++) {
		if (rule_fits(&spec->failure_rules[i], pod))
			return spec->failure_rules[i].action;
	}
	return JOB_COUNT;
}

static struct job_index *index_of(struct job_state *state, unsigned number)
{
	return number < state->index_count ? &state->indexes[number] : NULL;
}

static void count_success(struct step *step, const struct job_pod *pod)
{
	struct job_state *state = step->state;
	struct job_index *index = index_of(state, pod->number);

	state->streak = 0;
	state->failed_ns = 0;
	if (!step->facts->spec->is_indexed)
		state->succeeded++;
	else if (index != NULL)
		index->is_done = true;
}

static void count_failure(struct step *step, const struct job_pod *pod)
{
	const struct job_spec *spec = step->facts->spec;
	struct job_state *state = step->state;
	struct job_index *index = spec->is_indexed ? index_of(state, pod->number) : NULL;
	enum job_rule_action action = judge(spec, pod);

	for (size_t i = 0; i < pod->exit_count; i++) {
		if (pod->exits[i].code != 0)
			state->exit_code = pod->exits[i].code;
	}
	state->streak++;
	state->failed_ns = pod->end_ns;
	state->failed += action != JOB_IGNORE;
	step->fails_job = step->fails_job || action == JOB_FAIL;
	if (index == NULL)
		return;
	index->tries++;
	index->failed_ns = pod->end_ns;
	index->failures += action != JOB_IGNORE;
	if (spec->has_index_limit &&
	    (action == JOB_FAIL_INDEX ||
	     (action != JOB_IGNORE && index->failures > spec->index_limit)))
		index->is_failed = true;
}

static const struct job_pod *find_pod(const struct step *step, unsigned number)
{
	for (size_t i = 0; i < step->facts->pod_count; i++) {
		if (step->facts->pods[i].number == number)
			return &step->facts->pods[i];
	}
	return NULL;
}

static int compare_ends(const void *a, const void *b)
{
	const struct job_pod *left = a;
	const struct job_pod *right = b;

	return (left->end_ns > right->end_ns) - (left->end_ns < right->end_ns);
}

/* Once each, in the order they ended. One that nobody saw end has failed with its VM. */
static void count_ended(struct step *step)
{
	struct job_state *state = step->state;
	AUTO_FREE struct job_pod *ended = xcalloc(state->active_count + 1, sizeof(*ended));
	size_t count = 0;

	for (size_t i = state->active_count; i-- > 0;) {
		unsigned number = state->active[i];
		const struct job_pod *pod = find_pod(step, number);
		if (pod != NULL && pod->phase != JOB_POD_SUCCEEDED && pod->phase != JOB_POD_FAILED)
			continue;
		ended[count++] = pod != NULL ? *pod
					     : (struct job_pod){.number = number,
								.phase = JOB_POD_FAILED,
								.is_disrupted = true,
								.end_ns = step->facts->now_ns};
		job_state_forget(state, number);
	}
	if (count > 1)
		qsort(ended, count, sizeof(*ended), compare_ends);
	for (size_t i = 0; i < count; i++) {
		if (ended[i].phase == JOB_POD_SUCCEEDED)
			count_success(step, &ended[i]);
		else
			count_failure(step, &ended[i]);
	}
}

/* One that runs and was not noted before the supervisor was killed. */
static void note_unknown(struct step *step)
{
	for (size_t i = 0; i < step->facts->pod_count; i++) {
		const struct job_pod *pod = &step->facts->pods[i];
		if (pod->phase == JOB_POD_ACTIVE && !job_state_is_active(step->state, pod->number))
			job_state_started(step->state, pod->number);
	}
}

/* --- whether it is over --------------------------------------------------------------------- */

static unsigned count_indexes(const struct step *step, bool is_failed)
{
	const struct job_state *state = step->state;
	unsigned count = 0;

	for (size_t i = 0; i < state->index_count && i < step->facts->spec->completions; i++)
		count += is_failed ? state->indexes[i].is_failed : state->indexes[i].is_done;
	return count;
}

static bool is_past_restarts(const struct step *step)
{
	const struct job_facts *facts = step->facts;
	uint64_t restarts = 0;

	if (facts->restart_policy != RESTART_ON_FAILURE)
		return false;
	for (size_t i = 0; i < facts->pod_count; i++)
		restarts += facts->pods[i].phase == JOB_POD_ACTIVE ? facts->pods[i].restarts : 0;
	return facts->spec->backoff_limit == 0 ? restarts > 0
					       : restarts >= facts->spec->backoff_limit;
}

static bool is_past_deadline(struct step *step)
{
	const struct job_spec *spec = step->facts->spec;
	uint64_t most_s = (uint64_t)(INT64_MAX / 4 / NS_PER_S);
	int64_t deadline_ns;

	if (!spec->has_deadline || spec->is_suspended)
		return false;
	deadline_ns = step->state->start_ns +
		      (int64_t)(spec->deadline_s < most_s ? spec->deadline_s : most_s) * NS_PER_S;
	if (step->facts->now_ns >= deadline_ns)
		return true;
	wake_at(step, deadline_ns);
	return false;
}

static bool success_rule_holds(const struct step *step, const struct job_success_rule *rule)
{
	const struct job_state *state = step->state;
	uint64_t wanted = 0;
	uint64_t done = 0;

	if (!rule->has_indexes)
		return rule->has_count && state->succeeded >= rule->count;
	for (size_t r = 0; r < rule->range_count; r++) {
		wanted += rule->ranges[r].last - rule->ranges[r].first + 1;
		for (size_t i = rule->ranges[r].first;
		     i <= rule->ranges[r].last && i < state->index_count; i++)
			done += state->indexes[i].is_done;
	}
	return wanted > 0 && (done == wanted || (rule->has_count && done >= rule->count));
}

static void judge_indexes(struct step *step)
{
	const struct job_spec *spec = step->facts->spec;
	unsigned failed = spec->has_index_limit ? count_indexes(step, true) : 0;

	if (spec->has_max_failed && failed > spec->max_failed_indexes) {
		end(step, JOB_FAILED, "MaxFailedIndexesExceeded");
		return;
	}
	if (failed > 0 && failed + step->state->succeeded >= spec->completions) {
		end(step, JOB_FAILED, "FailedIndexes");
		return;
	}
	for (size_t i = 0; step->state->succeeded > 0 && i < spec->success_rule_count; i++) {
		if (success_rule_holds(step, &spec->success_rules[i])) {
			end(step, JOB_COMPLETE, "SuccessPolicy");
			return;
		}
	}
}

static void judge_job(struct step *step)
{
	if (step->fails_job)
		end(step, JOB_FAILED, "PodFailurePolicy");
	else if (step->state->failed > step->facts->spec->backoff_limit || is_past_restarts(step))
		end(step, JOB_FAILED, "BackoffLimitExceeded");
	else if (is_past_deadline(step))
		end(step, JOB_FAILED, "DeadlineExceeded");
	else if (step->facts->spec->is_indexed)
		judge_indexes(step);
}

/* --- how many, and which -------------------------------------------------------------------- */

static unsigned wanted(const struct step *step, unsigned active)
{
	const struct job_facts *facts = step->facts;
	unsigned succeeded = step->state->succeeded;

	if (!facts->spec->has_completions)
		return succeeded > 0 ? active : facts->parallelism;
	unsigned left =
		facts->spec->completions > succeeded ? facts->spec->completions - succeeded : 0;
	return left < facts->parallelism ? left : facts->parallelism;
}

/* The one whose loss hurts least: of an index that nobody wants, then not ready, then the last. */
static size_t worst(const struct step *step)
{
	size_t found = step->facts->pod_count;
	uint64_t found_rank = 0;

	for (size_t i = 0; i < step->facts->pod_count; i++) {
		const struct job_pod *pod = &step->facts->pods[i];
		const struct job_index *index = index_of(step->state, pod->number);
		bool is_unwanted = step->facts->spec->is_indexed &&
				   (pod->number >= step->facts->spec->completions ||
				    index == NULL || index->is_done || index->is_failed);
		uint64_t rank = ((uint64_t)is_unwanted << 34) + ((uint64_t)!pod->is_ready << 33) +
				pod->number + 1;
		if (is_active(step, i) && rank > found_rank) {
			found = i;
			found_rank = rank;
		}
	}
	return found;
}

/* Whether an index may start now; not where its number is taken by one that is not gone yet. */
static bool may_start(struct step *step, unsigned number)
{
	const struct job_index *index = &step->state->indexes[number];
	const struct job_pod *pod = find_pod(step, number);
	int64_t at_ns = index->failed_ns + job_pause_ns(index->tries);

	if (index->is_done || index->is_failed ||
	    (pod != NULL && (pod->phase == JOB_POD_ACTIVE || pod->phase == JOB_POD_LEAVING)))
		return false;
	if (!step->facts->spec->has_index_limit || index->tries == 0 ||
	    step->facts->now_ns >= at_ns)
		return true;
	wake_at(step, at_ns);
	return false;
}

static void add_start(struct step *step, unsigned number)
{
	*ARRAY_APPEND(step->decision->starts, step->decision->start_count) = number;
}

static void start_some(struct step *step, unsigned count)
{
	const struct job_spec *spec = step->facts->spec;
	struct job_state *state = step->state;
	int64_t at_ns = state->failed_ns + job_pause_ns(state->streak);

	if (!spec->has_index_limit && state->streak > 0 && step->facts->now_ns < at_ns) {
		wake_at(step, at_ns);
		return;
	}
	for (unsigned i = 0; !spec->is_indexed && i < count; i++)
		add_start(step, state->next + i);
	for (unsigned i = 0; spec->is_indexed && i < spec->completions && count > 0; i++) {
		if (!may_start(step, i))
			continue;
		add_start(step, i);
		count--;
	}
}

/* As many as there should be; or fewer, while others go. */
static void manage(struct step *step)
{
	unsigned active = count_phase(step, JOB_POD_ACTIVE);
	unsigned leaving = step->facts->spec->awaits_end ? count_phase(step, JOB_POD_LEAVING) : 0;
	unsigned most = wanted(step, active);

	if (active > most) {
		for (; active > most; active--)
			stop(step, worst(step), "the Job wants fewer pods");
		return;
	}
	if (most > active + leaving)
		start_some(step, most - active - leaving);
}

static void expire(struct step *step)
{
	const struct job_spec *spec = step->facts->spec;
	struct job_state *state = step->state;
	int64_t at_ns = state->end_ns + (int64_t)spec->ttl_s * NS_PER_S;

	if (!spec->has_ttl)
		return;
	if (step->facts->now_ns < at_ns) {
		wake_at(step, at_ns);
		return;
	}
	state->is_changed = state->is_changed || !state->is_expired;
	state->is_expired = true;
	for (size_t i = step->facts->pod_count; i-- > 0;) {
		if (step->facts->pods[i].phase != JOB_POD_LEAVING && !step->is_stopped[i])
			stop(step, i, "ttlSecondsAfterFinished");
	}
}

static bool is_over(const struct step *step, size_t pod)
{
	enum job_pod_phase phase = step->facts->pods[pod].phase;

	return (phase == JOB_POD_SUCCEEDED || phase == JOB_POD_FAILED) && !step->is_stopped[pod] &&
	       !job_state_is_active(step->state, step->facts->pods[pod].number);
}

/* Of a Job of thousands of pods not all are listed for ever. */
static void forget_oldest(struct step *step)
{
	size_t count = 0;

	for (size_t i = 0; i < step->facts->pod_count; i++)
		count += is_over(step, i);
	for (; count > JOB_PODS_KEPT; count--) {
		size_t oldest = step->facts->pod_count;
		for (size_t i = 0; i < step->facts->pod_count; i++) {
			if (is_over(step, i) &&
			    (oldest == step->facts->pod_count ||
			     step->facts->pods[i].end_ns < step->facts->pods[oldest].end_ns))
				oldest = i;
		}
		*ARRAY_APPEND(step->decision->stops, step->decision->stop_count) = oldest;
		step->is_stopped[oldest] = true;
	}
}

static void run(struct step *step)
{
	const struct job_spec *spec = step->facts->spec;
	struct job_state *state = step->state;

	if (spec->is_indexed)
		job_state_set_indexes(state, spec->completions);
	note_unknown(step);
	count_ended(step);
	if (spec->is_indexed)
		state->succeeded = count_indexes(step, false);
	if (!spec->is_suspended && (state->start_ns == 0 || state->is_suspended)) {
		state->start_ns = step->facts->now_ns;
		state->is_changed = true;
	}
	state->is_changed = state->is_changed || state->is_suspended != spec->is_suspended;
	state->is_suspended = spec->is_suspended;
	judge_job(step);
	if (state->end != JOB_RUNNING)
		return;
	if (spec->is_suspended)
		stop_active(step, "the Job is suspended");
	else
		manage(step);
	unsigned active = count_phase(step, JOB_POD_ACTIVE) + (unsigned)step->decision->start_count;
	bool is_enough = spec->has_completions ? state->succeeded >= spec->completions
					       : state->succeeded > 0;
	if (is_enough && active == 0)
		end(step, JOB_COMPLETE, "CompletionsReached");
}

void job_step(const struct job_facts *facts, struct job_state *state, struct job_decision *ret)
{
	AUTO_FREE bool *is_stopped = xcalloc(facts->pod_count + 1, sizeof(*is_stopped));
	struct step step = {
		.facts = facts, .state = state, .decision = ret, .is_stopped = is_stopped};

	*ret = (struct job_decision){.wake_ns = INT64_MAX};
	if (state->end == JOB_RUNNING)
		run(&step);
	if (state->end != JOB_RUNNING) {
		stop_active(&step, state->end == JOB_COMPLETE ? "the Job is complete"
							      : "the Job has failed");
		expire(&step);
	}
	forget_oldest(&step);
}
