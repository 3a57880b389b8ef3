/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/up_run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/log_view.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project_follow.h"
#include "cli/project_tui.h"
#include "cli/status_view.h"
#include "cli/up_end.h"
#include "cli/up_watch.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/logs/log_reader.h"
#include "local/plan/cron_runs.h"
#include "local/plan/status_json.h"
#include "local/supervisor/supervisor_start.h"

enum { STEP_MS = 200 };

static void act_down(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	(void)arg;
	client_down(client, false, done, done_arg);
}

static void act_kill(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	(void)arg;
	client_kill(client, done, done_arg);
}

static void print_result(const struct invocation *invocation, struct client *client)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!client_status(client, &status, &err))
		return;
	if (invocation->output != OUTPUT_JSON) {
		status_print_ports(invocation, &status);
		return;
	}
	AUTO_FREE char *json =
		project_status_to_json(&status, arguments_flag(invocation->args, "detach"));
	output_document(json);
	(void)fflush(stdout);
}

/* The logs of all pods, from when `up` began. */
struct log_show {
	struct log_reader *reader;
	struct log_view *view;
	struct strbuf out;
};

static void log_show_close(struct log_show *show)
{
	log_view_free(show->view);
	log_reader_close(show->reader);
	strbuf_clear(&show->out);
}

/*
 * Of which pods; empty: all. --no-attach with --attach takes away from it. A CronJob's runs come and
 * go with it.
 */
static void choose_logs(const struct arguments *args, const struct project_plan *plan,
			struct log_filter *ret)
{
	const struct string_list *shown = arguments_values(args, "attach");
	const struct string_list *hidden = arguments_values(args, "no-attach");
	bool has_shown = shown != NULL && shown->count > 0;
	bool has_hidden = hidden != NULL && hidden->count > 0;

	for (size_t i = 0; (has_shown || has_hidden) && i < plan->pod_count; i++) {
		const char *name = plan->pods[i].name;
		bool is_shown =
			has_shown ? string_list_has(shown, name) : plan->pods[i].cron_of == NULL;
		if (is_shown && (!has_hidden || !string_list_has(hidden, name)))
			string_list_add(&ret->selectors, name);
	}
	cron_runs_list_crons(plan, &ret->crons);
}

static bool log_show_open(const struct invocation *invocation, const char *project,
			  const struct log_filter *filter, int64_t since_ns, struct log_show *ret,
			  struct error *err)
{
	const struct log_view_options options = {
		.is_colored = invocation->is_colored,
		.is_json = invocation->output == OUTPUT_JSON,
		.shape = output_document_is_json() ? NULL : output_document_append};

	*ret = (struct log_show){.reader = log_reader_open(project, NULL, filter, err)};
	if (ret->reader == NULL)
		return false;
	ret->view = log_view_new(&options);
	log_reader_seek_time(ret->reader, since_ns);
	return true;
}

/* All lines that are there now. */
static bool log_show_step(void *arg, struct error *err)
{
	struct log_show *show = arg;
	struct log_line line;

	while (!interrupt_is_set() && log_reader_next(show->reader, &line))
		log_view_append(show->view, &line, &show->out);
	bool is_written = show->out.size == 0 ||
			  fd_write_all(STDOUT_FILENO, show->out.data, show->out.size, err);
	strbuf_reset(&show->out);
	return is_written;
}

/* Whether, and with what, it ends by itself. */
struct end_watch {
	struct up_end_wish wish;
	const struct invocation *invocation;
	bool is_over;
	int code;
};

static void take_status(const struct project_status *status, void *arg)
{
	struct end_watch *watch = arg;
	const char *pod = NULL;

	if (status == NULL || watch->is_over ||
	    !up_end_reached(&watch->wish, status, &pod, &watch->code))
		return;
	watch->is_over = true;
	if (pod != NULL)
		output_note(watch->invocation, "'%s' has ended, with %d", pod, watch->code);
}

/* By somebody else: a supervisor that died would have left its pods. */
static bool is_taken_down(struct client *client)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	return !client_is_connected(client) && client_status(client, &status, &err) &&
	       !status.is_supervised && status.instance_count == 0;
}

/* Until Ctrl-C, or its end. show NULL: without logs. */
static bool follow_logs(struct loop *loop, struct log_show *show_or_null, struct up_watch *watch,
			struct client *client, struct end_watch *end_or_null, struct error *err)
{
	bool is_good = true;

	if (end_or_null != NULL)
		client_watch_status(client, take_status, end_or_null);
	while (is_good && !interrupt_is_set() && (end_or_null == NULL || !end_or_null->is_over) &&
	       !is_taken_down(client)) {
		is_good = show_or_null == NULL || log_show_step(show_or_null, err);
		loop_step(loop, STEP_MS);
		if (watch != NULL)
			up_watch_step(watch, client, loop);
	}
	if (end_or_null != NULL)
		client_watch_status(client, NULL, NULL);
	return is_good;
}

static bool wait_until_gone(const struct invocation *invocation, struct client *client,
			    struct loop *loop, struct error *err)
{
	const struct follow_options gone = {.goal = FOLLOW_GONE};
	struct follow_result result;

	return project_follow(invocation, client, loop, &gone, &result, err);
}

static bool take_down(const struct invocation *invocation, struct client *client, struct loop *loop,
		      struct error *err)
{
	if (is_taken_down(client)) {
		output_note(invocation, "it was taken down elsewhere");
		return true;
	}
	output_note(invocation, "stopping; once more to kill");
	interrupt_reset();
	if (project_act(client, loop, act_down, NULL, err) &&
	    wait_until_gone(invocation, client, loop, err))
		return true;
	if (err->kind != ERROR_CANCELLED)
		return false;
	output_note(invocation, "killing");
	error_clear(err);
	interrupt_reset();
	return project_act(client, loop, act_kill, NULL, err) &&
	       wait_until_gone(invocation, client, loop, err);
}

/* Said once: when the project starts, not each time it converges. */
static void tell_accelerator(const struct invocation *invocation, struct client *client)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (arguments_value(invocation->args, "accel") == NULL &&
	    client_status(client, &status, &err) && status.accelerator != NULL &&
	    strcmp(status.accelerator, "tcg") == 0)
		output_note(invocation, "VMs are emulated, a boot takes 3 to 6 s: %s",
			    status.accelerator_reason != NULL ? status.accelerator_reason
							      : "no KVM");
}

/* The screen shows how they boot. Leaving it leaves them running, as with -d. */
static bool show_project(const struct invocation *invocation, const char *project,
			 struct client *client, struct error *err)
{
	if (!project_tui(invocation, project, false, err))
		return false;
	print_result(invocation, client);
	output_note(invocation, "the pods run on; i2kit -p %s down stops them", project);
	return true;
}

/* What `up` is about, once everything is planned. */
struct up {
	const struct invocation *invocation;
	const char *project;
	struct loop *loop;
	struct client *client;
	struct up_watch *watch; /* or NULL */
	uint64_t timeout_ms;
	int64_t since_ns;
	const struct log_filter *shown; /* pods whose logs are shown; empty: all */
	int *lock;			/* of the project: let go when others may change it */
};

static void let_others(const struct up *up)
{
	auto_close(up->lock);
	*up->lock = -1;
}

/* -d: returns what the shell shall see. */
static int run_detached(const struct up *up, struct error *err)
{
	const struct follow_options options = {.goal = FOLLOW_READY, .timeout_ms = up->timeout_ms};
	struct follow_result result = {0};

	if (arguments_flag(up->invocation->args, "wait") &&
	    !project_follow(up->invocation, up->client, up->loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	print_result(up->invocation, up->client);
	return 0;
}

/* up --watch: a pod that does not come up is what one is about to mend. */
static int run_watching(const struct up *up, struct log_show *show_or_null, struct error *err)
{
	struct project_teller *teller = project_teller_new(up->invocation, up->client);

	print_result(up->invocation, up->client);
	let_others(up);
	bool is_good = follow_logs(up->loop, show_or_null, up->watch, up->client, NULL, err);
	project_teller_free(teller);
	return is_good && take_down(up->invocation, up->client, up->loop, err) ? 0 : 1;
}

/* Until Ctrl-C, or until all that runs are Jobs that are done. */
static int run_attached(const struct up *up, struct log_show *show_or_null, struct error *err)
{
	bool has_timeout = arguments_value(up->invocation->args, "timeout") != NULL;
	const struct follow_options options = {
		.goal = FOLLOW_SHOWN,
		.timeout_ms = has_timeout ? up->timeout_ms : 0,
		.step = show_or_null != NULL ? log_show_step : NULL,
		.arg = show_or_null,
	};
	struct follow_result result = {0};

	if (!project_follow(up->invocation, up->client, up->loop, &options, &result, err)) {
		AUTO(error_clear) struct error ignored = ERROR_INIT;
		/* Its last words. */
		if (show_or_null != NULL && !log_show_step(show_or_null, &ignored))
			log_verbose("%s", ignored.message);
		if (err->kind != ERROR_CANCELLED)
			return result.exit_code > 0 ? result.exit_code : 1;
		error_clear(err);
		return take_down(up->invocation, up->client, up->loop, err) ? 0 : 1;
	}
	print_result(up->invocation, up->client);
	let_others(up);
	struct end_watch end = {.invocation = up->invocation};
	if (!result.has_ended && !follow_logs(up->loop, show_or_null, NULL, up->client, &end, err))
		return 1;
	bool has_ended = result.has_ended || end.is_over;
	return (!has_ended || show_or_null == NULL || log_show_step(show_or_null, err)) &&
			       take_down(up->invocation, up->client, up->loop, err)
		       ? end.code
		       : 1;
}

/* --exit-code-from and its like: nobody is waited for to become ready, all go with the one. */
static int run_to_end(const struct up *up, const struct up_end_wish *wish,
		      struct log_show *show_or_null, struct error *err)
{
	struct end_watch end = {.wish = *wish, .invocation = up->invocation};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	print_result(up->invocation, up->client);
	let_others(up);
	if (!follow_logs(up->loop, show_or_null, NULL, up->client, &end, err))
		return 1;
	/* Its last words. */
	if (show_or_null != NULL && !log_show_step(show_or_null, &ignored))
		log_verbose("%s", ignored.message);
	return take_down(up->invocation, up->client, up->loop, err) ? end.code : 1;
}

static int run_staying(const struct up *up, struct error *err)
{
	AUTO(log_show_close) struct log_show show = {0};
	const struct arguments *args = up->invocation->args;
	const struct string_list *hidden = arguments_values(args, "no-attach");
	/* Where all are hidden, the empty list means none, and not all. */
	bool hides_all = hidden != NULL && hidden->count > 0 && up->shown->selectors.count == 0;
	bool has_logs = !arguments_flag(args, "no-logs") && !hides_all;
	const struct up_end_wish wish = up_end_wish_read(args);

	if (has_logs &&
	    !log_show_open(up->invocation, up->project, up->shown, up->since_ns, &show, err))
		return 1;
	if (wish.code_from != NULL || wish.aborts_on_exit || wish.aborts_on_failure)
		return run_to_end(up, &wish, has_logs ? &show : NULL, err);
	return up->watch != NULL ? run_watching(up, has_logs ? &show : NULL, err)
				 : run_attached(up, has_logs ? &show : NULL, err);
}

int up_run(const struct invocation *invocation, const struct project_plan *plan,
	   uint64_t timeout_ms, struct up_watch *watch, int *lock, struct error *err)
{
	const struct arguments *args = invocation->args;
	const char *project = plan->project;
	AUTO(log_filter_clear) struct log_filter shown = {0};
	struct up up = {.invocation = invocation,
			.project = project,
			.watch = watch,
			.timeout_ms = timeout_ms,
			.since_ns = clock_wall_ns(),
			.shown = &shown,
			.lock = lock};
	AUTO_CLOSE int running = control_connect(project, NULL);
	AUTO_PTR(loop) struct loop *loop = loop_new(err);

	choose_logs(args, plan, &shown);
	if (loop == NULL || !supervisor_start(project, err))
		return 1;
	AUTO_PTR(client) struct client *client = client_open(loop, project, err);
	if (client == NULL || !project_apply(project, client, loop, err))
		return 1;
	up.loop = loop;
	up.client = client;
	if (running < 0)
		tell_accelerator(invocation, client);
	if (arguments_flag(args, "tui"))
		return show_project(invocation, project, client, err) ? 0 : 1;
	return arguments_flag(args, "detach") ? run_detached(&up, err) : run_staying(&up, err);
}
