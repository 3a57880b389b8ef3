/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "cli/output.h"

/* So often may a container or a VM end by itself while it is waited for, half a minute or so: one
 * that needs another pod may end until that is there. */
enum { STEP_MS = 200, LOOP_RESTARTS = 3, SILENT_MS = 30000 };

struct follow {
	const struct invocation *invocation;
	enum follow_goal goal;
	bool is_reached;
	bool is_lost;
	bool is_failed;		 /* for good: nobody starts it again */
	char *failure;		 /* owned; a pod that will not become ready */
	char *missing;		 /* owned; what is waited for, for the timeout */
	struct string_list told; /* "web-0 Booting": said already */
	char *silent;		 /* owned; an instance whose guest was not heard of yet */
	uint64_t silent_ms;	 /* since when it is waited for */
};

static void tell_change(struct follow *follow, const struct instance_status *instance)
{
	AUTO_FREE char *line =
		xasprintf("%s %s", instance->name, instance_state_name(instance->state));
	if (string_list_has(&follow->told, line))
		return;
	string_list_add(&follow->told, line);
	output_note(follow->invocation, "%s: %s%s%s", instance->name,
		    instance_state_name(instance->state), instance->reason ? ", " : "",
		    instance->reason ? instance->reason : "");
}

static bool is_looping(const struct instance_status *instance)
{
	if (instance->state == INSTANCE_CRASHED && instance->vm_restarts >= LOOP_RESTARTS)
		return true;
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		if (container->restarts >= LOOP_RESTARTS && container->reason != NULL &&
		    strcmp(container->reason, "CrashLoopBackOff") == 0)
			return true;
	}
	return false;
}

/* While one that is not ready may still become it, there is hope: it may replace those that end. */
static bool is_hopeless(const struct project_status *status, const struct pod_status *pod)
{
	bool is_seen = false;

	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (strcmp(instance->pod, pod->name) != 0 || instance->is_ready ||
		    instance->state == INSTANCE_STOPPING)
			continue;
		if (!is_looping(instance))
			return false;
		is_seen = true;
	}
	return is_seen;
}

static void look_for_ready(struct follow *follow, const struct project_status *status)
{
	struct strbuf missing = STRBUF_INIT;
	bool is_reached = status->pod_count > 0;

	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		follow->is_failed = follow->is_failed || pod->is_failed;
		if (pod->is_failed && follow->failure == NULL)
			follow->failure = xasprintf("pod '%s' failed%s%s", pod->name,
						    pod->message ? ": " : "",
						    pod->message ? pod->message : "");
		if (pod->ready >= pod->desired)
			continue;
		is_reached = false;
		if (follow->failure == NULL && is_hopeless(status, pod))
			follow->failure = xasprintf("pod '%s' keeps ending", pod->name);
		strbuf_appendf(&missing, "%s%s (%u of %u)", missing.size ? ", " : "", pod->name,
			       pod->ready, pod->desired);
	}
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (port->wanted_host_port == 0 || port->host_port != 0)
			continue;
		is_reached = false;
		strbuf_appendf(&missing, "%s%s", missing.size ? ", " : "",
			       port->problem != NULL ? port->problem : port->service);
	}
	free(follow->missing);
	follow->missing = strbuf_take(&missing);
	follow->is_reached = is_reached;
}

/* A VM that hangs changes nothing that could be told. */
static void look_for_silent(struct follow *follow, const struct project_status *status)
{
	const char *found = NULL;

	for (size_t i = 0; i < status->instance_count && found == NULL; i++) {
		if (status->instances[i].state == INSTANCE_STARTING)
			found = status->instances[i].name;
	}
	if (found != NULL && follow->silent != NULL && strcmp(found, follow->silent) == 0)
		return;
	free(follow->silent);
	follow->silent = xstrdup_or_null(found);
	follow->silent_ms = clock_monotonic_ms();
}

static void tell_silent(struct follow *follow)
{
	if (follow->silent == NULL || clock_monotonic_ms() < follow->silent_ms + SILENT_MS ||
	    string_list_has(&follow->told, follow->silent))
		return;
	string_list_add(&follow->told, follow->silent);
	output_note(follow->invocation, "%s: nothing heard of its VM yet; i2kit why %s shows more",
		    follow->silent, follow->silent);
}

static void take_status(const struct project_status *status, void *arg)
{
	struct follow *follow = arg;

	if (status == NULL) {
		follow->is_lost = true;
		follow->is_reached = follow->goal == FOLLOW_GONE;
		return;
	}
	for (size_t i = 0; i < status->instance_count; i++)
		tell_change(follow, &status->instances[i]);
	look_for_silent(follow, status);
	if (follow->goal != FOLLOW_GONE)
		look_for_ready(follow, status);
	/* FOLLOW_GONE: the last VM is not the end; the supervisor still removes the network and the
	 * plan. */
}

static bool fail(const struct follow *follow, bool is_timeout, struct error *err)
{
	if (follow->failure != NULL) {
		error_set(err, ERROR_SYSTEM, "%s", follow->failure);
		return error_hint(err, "i2kit why POD shows why");
	}
	if (interrupt_is_set())
		return error_set(err, ERROR_CANCELLED, "interrupted");
	if (is_timeout) {
		error_set(err, ERROR_TIMEOUT, "not ready in time: %s",
			  follow->missing ? follow->missing : "no answer");
		return error_hint(err, "i2kit why POD shows why; --timeout gives more time");
	}
	error_set(err, ERROR_NETWORK, "the supervisor has gone");
	return error_hint(err, "i2kit up starts it again; the pods run on");
}

bool project_follow(const struct invocation *invocation, struct client *client, struct loop *loop,
		    enum follow_goal goal, uint64_t timeout_ms, struct error *err)
{
	struct follow follow = {.invocation = invocation, .goal = goal};
	uint64_t end_ms = clock_monotonic_ms() + timeout_ms;
	bool is_timeout = false;

	client_watch_status(client, take_status, &follow);
	while (!follow.is_reached && !follow.is_lost && follow.failure == NULL && !is_timeout &&
	       !interrupt_is_set()) {
		loop_step(loop, STEP_MS);
		tell_silent(&follow);
		is_timeout = timeout_ms > 0 && clock_monotonic_ms() >= end_ms;
	}
	client_watch_status(client, NULL, NULL);
	if (follow.failure != NULL && !follow.is_failed && goal == FOLLOW_SHOWN) {
		output_note(invocation, "%s; i2kit why POD shows why", follow.failure);
		follow.is_reached = true;
	}
	bool is_good = follow.is_reached || fail(&follow, is_timeout, err);
	free(follow.failure);
	free(follow.missing);
	free(follow.silent);
	string_list_clear(&follow.told);
	return is_good;
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
			output_note(teller->invocation, "%s: %s%s%s", instance->name, state,
				    instance->reason ? ", " : "",
				    instance->reason ? instance->reason : "");
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
