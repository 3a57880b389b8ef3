/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/cron_step.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define NS_PER_S INT64_C(1000000000)

enum { MANY_MISSED = 100 };

void cron_state_clear(struct cron_state *state)
{
	free(state->pod);
	*state = (struct cron_state){0};
}

void cron_decision_clear(struct cron_decision *decision)
{
	free(decision->drops);
	*decision = (struct cron_decision){0};
}

static int64_t now_s(const struct cron_facts *facts)
{
	return facts->now_ns / NS_PER_S;
}

/* Nothing that was due before is started any more. */
static int64_t first_of_interest(const struct cron_facts *facts, const struct cron_state *state)
{
	const struct cron_spec *spec = facts->spec;
	int64_t since_s = state->last_s != 0 ? state->last_s : state->created_s;

	if (!spec->has_deadline || spec->deadline_s > (uint64_t)now_s(facts))
		return since_s;
	int64_t deadline_s = now_s(facts) - (int64_t)spec->deadline_s;
	return deadline_s > since_s ? deadline_s : since_s;
}

static int64_t next_after(const struct cron_facts *facts, int64_t after_s)
{
	return cron_schedule_next(facts->schedule, facts->zone, after_s);
}

int64_t cron_last_due(const struct cron_facts *facts, const struct cron_state *state,
		      bool *ret_has_missed_many)
{
	int64_t first_s = next_after(facts, first_of_interest(facts, state));
	int64_t now = now_s(facts);
	int64_t last_s = CRON_NEVER;

	*ret_has_missed_many = false;
	if (first_s == CRON_NEVER || now < first_s)
		return CRON_NEVER;
	int64_t second_s = next_after(facts, first_s);
	if (second_s == CRON_NEVER || now < second_s)
		return first_s;
	/*
	 * Not one by one from a year ago: from about where the last two are, as the controller does;
	 * of @every, in whole steps from the first.
	 */
	int64_t step_s = second_s - first_s;
	int64_t missed = (now - first_s) / step_s + 1;
	*ret_has_missed_many = missed > MANY_MISSED;
	int64_t at_s = next_after(facts, first_s + (missed - 2) * step_s);
	for (; at_s != CRON_NEVER && at_s <= now; at_s = next_after(facts, at_s))
		last_s = at_s;
	return last_s;
}

/* --- which runs are kept -------------------------------------------------------------------- */

static void drop(struct cron_decision *decision, bool *is_dropped, size_t run)
{
	if (is_dropped[run])
		return;
	is_dropped[run] = true;
	decision->drop_count++;
}

static void drop_oldest(const struct cron_facts *facts, enum job_end end, uint32_t kept,
			struct cron_decision *ret, bool *is_dropped)
{
	size_t count = 0;

	for (size_t i = facts->run_count; i-- > 0;) {
		if (facts->runs[i].end == end && !is_dropped[i] && ++count > kept)
			drop(ret, is_dropped, i);
	}
}

static void note_success(const struct cron_facts *facts, struct cron_state *state)
{
	for (size_t i = 0; i < facts->run_count; i++) {
		const struct cron_run *run = &facts->runs[i];
		if (run->end != JOB_COMPLETE || run->end_ns <= state->success_ns)
			continue;
		state->success_ns = run->end_ns;
		state->is_changed = true;
	}
}

/* --- whether one begins --------------------------------------------------------------------- */

static bool is_active(const struct cron_run *run)
{
	return run->end == JOB_RUNNING && !run->is_manual;
}

static bool is_any_active(const struct cron_facts *facts)
{
	for (size_t i = 0; i < facts->run_count; i++) {
		if (is_active(&facts->runs[i]))
			return true;
	}
	return false;
}

/* Their names are of minutes: one a minute, as in clusters. */
static bool is_there(const struct cron_facts *facts, int64_t due_s)
{
	for (size_t i = 0; i < facts->run_count; i++) {
		if (!facts->runs[i].is_manual && facts->runs[i].at_s / 60 == due_s / 60)
			return true;
	}
	return false;
}

static void say(struct cron_decision *decision, struct cron_state *state, enum cron_word word)
{
	if (state->told_s == decision->due_s)
		return;
	state->told_s = decision->due_s;
	state->is_changed = true;
	decision->word = word;
}

static void begin(const struct cron_facts *facts, struct cron_state *state,
		  struct cron_decision *ret, bool *is_dropped)
{
	ret->starts = !is_there(facts, ret->due_s);
	state->last_s = ret->due_s;
	state->is_changed = true;
	for (size_t i = 0; ret->starts && i < facts->run_count; i++) {
		if (facts->spec->concurrency == CRON_REPLACE && is_active(&facts->runs[i]))
			drop(ret, is_dropped, i);
	}
}

static void decide(const struct cron_facts *facts, struct cron_state *state,
		   struct cron_decision *ret, bool *is_dropped)
{
	const struct cron_spec *spec = facts->spec;

	ret->due_s = cron_last_due(facts, state, &ret->has_missed_many);
	if (ret->due_s == CRON_NEVER || ret->due_s == state->last_s) {
		ret->has_missed_many = false;
		return;
	}
	bool is_late = spec->has_deadline && spec->deadline_s < (uint64_t)now_s(facts) &&
		       ret->due_s + (int64_t)spec->deadline_s < now_s(facts);
	if (is_late)
		say(ret, state, CRON_IS_LATE);
	else if (spec->concurrency == CRON_FORBID && is_any_active(facts))
		say(ret, state, CRON_IS_ACTIVE);
	else
		begin(facts, state, ret, is_dropped);
	/* Said with what is said or started, once. */
	ret->has_missed_many = ret->has_missed_many && (ret->starts || ret->word != 0);
}

void cron_step(const struct cron_facts *facts, struct cron_state *state, struct cron_decision *ret)
{
	AUTO_FREE bool *is_dropped = xcalloc(facts->run_count + 1, sizeof(*is_dropped));

	*ret = (struct cron_decision){
		.due_s = CRON_NEVER, .next_s = CRON_NEVER, .wake_ns = INT64_MAX};
	if (state->created_s == 0) {
		state->created_s = now_s(facts);
		state->is_changed = true;
	}
	note_success(facts, state);
	for (size_t i = 0; i < facts->run_count; i++) {
		if (facts->runs[i].is_expired)
			drop(ret, is_dropped, i);
	}
	drop_oldest(facts, JOB_COMPLETE, facts->spec->successful_kept, ret, is_dropped);
	drop_oldest(facts, JOB_FAILED, facts->spec->failed_kept, ret, is_dropped);
	if (!facts->spec->is_suspended && !facts->is_stopped) {
		decide(facts, state, ret, is_dropped);
		ret->next_s = next_after(facts, now_s(facts));
	}
	if (ret->next_s != CRON_NEVER && ret->next_s < INT64_MAX / NS_PER_S)
		ret->wake_ns = ret->next_s * NS_PER_S;
	size_t count = ret->drop_count;
	ret->drops = xcalloc(count + 1, sizeof(*ret->drops));
	ret->drop_count = 0;
	for (size_t i = 0; i < facts->run_count; i++) {
		if (is_dropped[i])
			ret->drops[ret->drop_count++] = i;
	}
}
