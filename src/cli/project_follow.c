/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "local/client/verdict.h"
#include "local/supervisor/supervisor_start.h"

enum { STEP_MS = 200, TELL_MS = 15000, DEFAULT_TIMEOUT_MS = 5 * 60 * 1000 };

struct follow {
	const struct invocation *invocation;
	const struct follow_options *options;
	struct verdict verdict; /* of the last status */
	bool is_gone;		/* FOLLOW_GONE: so is the supervisor */
	bool is_lost;
	struct string_list told; /* "web-0 Booting": said already */
	uint64_t begin_ms;
	uint64_t told_ms; /* when what is waited for was said */
	uint64_t work_ms; /* when Jobs were last seen at work */
};

static void tell_change(struct follow *follow, const struct instance_status *instance)
{
	AUTO_FREE char *line =
		xasprintf("%s %s", instance->name, instance_state_name(instance->state));
	if (string_list_has(&follow->told, line))
		return;
	string_list_add(&follow->told, line);
	output_step(follow->invocation, instance->name, instance_state_name(instance->state),
		    instance->reason);
}

static void take_status(const struct project_status *status, void *arg)
{
	struct follow *follow = arg;

	if (status == NULL) {
		follow->is_lost = true;
		follow->is_gone = follow->options->goal == FOLLOW_GONE;
		return;
	}
	for (size_t i = 0; i < status->instance_count; i++)
		tell_change(follow, &status->instances[i]);
	/* FOLLOW_GONE: the last VM is not the end; the supervisor still removes the network and the
	 * plan. */
	if (follow->options->goal == FOLLOW_GONE)
		return;
	verdict_clear(&follow->verdict);
	verdict_make(status, follow->options->names, &follow->verdict);
	if (follow->verdict.is_at_work)
		follow->work_ms = clock_monotonic_ms();
}

static void tell_missing(struct follow *follow)
{
	if (follow->verdict.missing == NULL || clock_monotonic_ms() < follow->told_ms + TELL_MS)
		return;
	follow->told_ms = clock_monotonic_ms();
	output_note(follow->invocation, "waiting for %s", follow->verdict.missing);
}

static bool fail(const struct follow *follow, bool is_timeout, struct error *err)
{
	if (follow->verdict.failure != NULL) {
		error_set(err, ERROR_SYSTEM, "%s", follow->verdict.failure);
		return error_hint(err, "i2kit why POD shows why");
	}
	if (interrupt_is_set())
		return error_set(err, ERROR_CANCELLED, "interrupted");
	if (is_timeout) {
		error_set(err, ERROR_TIMEOUT, "not ready in time: %s",
			  follow->verdict.missing ? follow->verdict.missing : "no answer");
		return error_hint(err, "i2kit why POD shows why; --timeout gives more time");
	}
	error_set(err, ERROR_NETWORK, "the supervisor has gone");
	return error_hint(err, "i2kit up starts it again; the pods run on");
}

static bool is_over(const struct follow *follow)
{
	return follow->is_gone || follow->is_lost || follow->verdict.is_reached ||
	       follow->verdict.failure != NULL || interrupt_is_set();
}

/* A Job that works may take as long as it likes, unless somebody said how long. */
static bool is_late(const struct follow *follow)
{
	uint64_t since_ms = follow->begin_ms;

	if (follow->options->timeout_ms == DEFAULT_TIMEOUT_MS && follow->work_ms > since_ms)
		since_ms = follow->work_ms;
	return follow->options->timeout_ms > 0 &&
	       clock_monotonic_ms() >= since_ms + follow->options->timeout_ms;
}

/* Of what the verdict says: what the caller learns and people read. */
static bool conclude(const struct follow *follow, bool is_timeout, struct follow_result *ret,
		     struct error *err)
{
	const struct verdict *verdict = &follow->verdict;

	ret->has_ended = verdict->has_ended;
	ret->exit_code = verdict->failure != NULL ? verdict->exit_code : 0;
	if (verdict->failure != NULL && !verdict->is_final &&
	    follow->options->goal == FOLLOW_SHOWN) {
		output_note(follow->invocation, "%s; i2kit why POD shows why", verdict->failure);
		ret->exit_code = 0;
		return true;
	}
	if (follow->is_gone)
		return true;
	if (!verdict->is_reached)
		return fail(follow, is_timeout, err);
	output_note(follow->invocation, "%s in %.1f s", verdict->has_ended ? "done" : "ready",
		    (double)(clock_monotonic_ms() - follow->begin_ms) / 1000.0);
	return true;
}

bool project_follow(const struct invocation *invocation, struct client *client, struct loop *loop,
		    const struct follow_options *options, struct follow_result *ret,
		    struct error *err)
{
	struct follow follow = {.invocation = invocation, .options = options};
	bool is_timeout = false;
	bool is_good = true;

	*ret = (struct follow_result){0};
	follow.begin_ms = clock_monotonic_ms();
	follow.told_ms = follow.begin_ms;
	client_watch_status(client, take_status, &follow);
	while (is_good && !is_timeout && !is_over(&follow)) {
		loop_step(loop, STEP_MS);
		is_good = options->step == NULL || options->step(options->arg, err);
		tell_missing(&follow);
		is_timeout = is_late(&follow);
	}
	client_watch_status(client, NULL, NULL);
	is_good = is_good && conclude(&follow, is_timeout, ret, err);
	verdict_clear(&follow.verdict);
	string_list_clear(&follow.told);
	return is_good;
}

bool project_follow_timeout(const struct invocation *invocation, uint64_t *ret_ms,
			    struct error *err)
{
	const char *text = arguments_value(invocation->args, "timeout");

	*ret_ms = DEFAULT_TIMEOUT_MS;
	if (text == NULL || parse_duration_ms(text, ret_ms))
		return true;
	error_set(err, ERROR_USAGE, "--timeout: '%s' is no duration", text);
	return error_hint(err, "--timeout 90s, --timeout 5m");
}

struct project_teller {
	const struct invocation *invocation;
	struct client *client;
	struct string_list told; /* "web-0 Booting": its last state */
};

/* The states of now in place of those said before. */
static void tell_status(const struct project_status *status, void *arg)
{
	struct project_teller *teller = arg;
	struct string_list now = STRING_LIST_INIT;

	if (status == NULL)
		return;
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		const char *state = instance_state_name(instance->state);
		AUTO_FREE char *line = xasprintf("%s %s", instance->name, state);
		if (!string_list_has(&teller->told, line))
			output_step(teller->invocation, instance->name, state, instance->reason);
		string_list_add(&now, line);
	}
	string_list_clear(&teller->told);
	teller->told = now;
}

struct project_teller *project_teller_new(const struct invocation *invocation,
					  struct client *client)
{
	struct project_teller *teller = xcalloc(1, sizeof(*teller));

	teller->invocation = invocation;
	teller->client = client;
	client_watch_status(client, tell_status, teller);
	return teller;
}

void project_teller_free(struct project_teller *teller)
{
	if (teller == NULL)
		return;
	client_watch_status(teller->client, NULL, NULL);
	string_list_clear(&teller->told);
	free(teller);
}

struct act {
	bool is_done;
	struct error err;
};

static void finish_act(struct error *err_or_null, void *arg)
{
	struct act *act = arg;
	act->is_done = true;
	if (err_or_null != NULL)
		error_move(&act->err, err_or_null);
}

bool project_act(struct client *client, struct loop *loop, follow_act_fn *fn, void *arg,
		 struct error *err)
{
	enum { ACT_MS = 60000 };
	struct act act = {0};
	uint64_t end_ms = clock_monotonic_ms() + ACT_MS;

	fn(client, finish_act, &act, arg);
	while (!act.is_done && !interrupt_is_set() && clock_monotonic_ms() < end_ms)
		loop_step(loop, STEP_MS);
	if (!act.is_done)
		return error_set(err, interrupt_is_set() ? ERROR_CANCELLED : ERROR_TIMEOUT,
				 "the supervisor did not answer");
	return act.err.kind == ERROR_NONE || error_move(err, &act.err);
}

static void act_apply(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	(void)arg;
	client_apply(client, done, done_arg);
}

/* Whether it becomes so in time. */
static bool await_connection(struct client *client, struct loop *loop, bool wanted,
			     uint64_t timeout_ms)
{
	uint64_t end_ms = clock_monotonic_ms() + timeout_ms;

	while (client_is_connected(client) != wanted && !interrupt_is_set() &&
	       clock_monotonic_ms() < end_ms)
		loop_step(loop, STEP_MS);
	return client_is_connected(client) == wanted;
}

bool project_apply(const char *project, struct client *client, struct loop *loop, struct error *err)
{
	enum { TRIES = 3, GONE_MS = 1000, BACK_MS = 5000 };

	for (unsigned i = 1;; i++) {
		if (project_act(client, loop, act_apply, NULL, err))
			return true;
		bool has_gone = err->kind == ERROR_NETWORK || err->kind == ERROR_NOT_FOUND;
		if (i == TRIES || !has_gone || !await_connection(client, loop, false, GONE_MS))
			return false;
		error_clear(err);
		if (!supervisor_start(project, err))
			return false;
		(void)await_connection(client, loop, true, BACK_MS);
	}
}
