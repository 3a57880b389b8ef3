/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/boot_unit.h"
#include "cli/image_builds.h"
#include "cli/interrupt.h"
#include "cli/log_view.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/project_build.h"
#include "cli/project_follow.h"
#include "cli/project_lock.h"
#include "cli/project_tui.h"
#include "cli/status_view.h"
#include "cli/up_end.h"
#include "cli/up_watch.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "local/client/client.h"
#include "local/client/egress_check.h"
#include "local/client/port_check.h"
#include "local/logs/log_reader.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/status_json.h"
#include "local/plan/volume_folder.h"
#include "local/supervisor/supervisor_start.h"
#include "local/vm/accel.h"
#include "local/vm/share.h"

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

/* Of which pods; empty: all. --no-attach with --attach takes away from it. */
static void choose_logs(const struct arguments *args, const struct project_plan *plan,
			struct string_list *ret)
{
	const struct string_list *shown = arguments_values(args, "attach");
	const struct string_list *hidden = arguments_values(args, "no-attach");
	bool has_shown = shown != NULL && shown->count > 0;
	bool has_hidden = hidden != NULL && hidden->count > 0;

	for (size_t i = 0; (has_shown || has_hidden) && i < plan->pod_count; i++) {
		const char *name = plan->pods[i].name;
		bool is_shown = !has_shown || string_list_has(shown, name);
		if (is_shown && (!has_hidden || !string_list_has(hidden, name)))
			string_list_add(ret, name);
	}
}

static bool log_show_open(const struct invocation *invocation, const char *project,
			  const struct string_list *pods, int64_t since_ns, struct log_show *ret,
			  struct error *err)
{
	const struct log_view_options options = {
		.is_colored = invocation->is_colored,
		.is_json = invocation->output == OUTPUT_JSON,
		.shape = output_document_is_json() ? NULL : output_document_append};

	const struct log_filter filter = {.selectors = *pods};

	*ret = (struct log_show){.reader = log_reader_open(project, NULL, &filter, err)};
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
	const struct string_list *shown; /* pods whose logs are shown; empty: all */
	int *lock;			 /* of the project: let go when others may change it */
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

static struct up_end_wish read_wish(const struct arguments *args)
{
	return (struct up_end_wish){
		.code_from = arguments_value(args, "exit-code-from"),
		.aborts_on_exit = arguments_flag(args, "abort-on-container-exit"),
		.aborts_on_failure = arguments_flag(args, "abort-on-container-failure")};
}

static int run_staying(const struct up *up, struct error *err)
{
	AUTO(log_show_close) struct log_show show = {0};
	const struct arguments *args = up->invocation->args;
	const struct string_list *hidden = arguments_values(args, "no-attach");
	/* Where all are hidden, the empty list means none, and not all. */
	bool hides_all = hidden != NULL && hidden->count > 0 && up->shown->count == 0;
	bool has_logs = !arguments_flag(args, "no-logs") && !hides_all;
	const struct up_end_wish wish = read_wish(args);

	if (has_logs &&
	    !log_show_open(up->invocation, up->project, up->shown, up->since_ns, &show, err))
		return 1;
	if (wish.code_from != NULL || wish.aborts_on_exit || wish.aborts_on_failure)
		return run_to_end(up, &wish, has_logs ? &show : NULL, err);
	return up->watch != NULL ? run_watching(up, has_logs ? &show : NULL, err)
				 : run_attached(up, has_logs ? &show : NULL, err);
}

/* Everything is planned: have it run, and see to what the options ask for. */
static int run_project(const struct invocation *invocation, const struct project_plan *plan,
		       uint64_t timeout_ms, struct up_watch *watch, int *lock, struct error *err)
{
	const struct arguments *args = invocation->args;
	const char *project = plan->project;
	AUTO(string_list_clear) struct string_list shown = STRING_LIST_INIT;
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

/* up -d --boot: pods are there after a restart of this machine. */
static bool start_at_boot(const struct invocation *invocation, const struct project_plan *plan,
			  struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (!boot_unit_install(plan->project, plan->folder, &path, err))
		return error_prefix(err, "--boot");
	output_note(invocation, "%s starts '%s' again; i2kit down removes it", path, plan->project);
	if (!boot_unit_systemd_runs())
		output_warning(invocation, "systemd does not run here: nothing reads the unit");
	else if (!boot_unit_lingers())
		output_warning(invocation, "units of a user start at the first login; at boot "
					   "with: loginctl enable-linger");
	return true;
}

/* What the project's supervisor has now, if it is up. */
static bool current_status(const char *project, struct project_status *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int running = control_connect(project, &err);
	AUTO_PTR(loop) struct loop *loop = running >= 0 ? loop_new(&err) : NULL;
	AUTO_PTR(client)
	struct client *client = loop != NULL ? client_open(loop, project, &err) : NULL;

	return client != NULL && client_status(client, ret, &err);
}

static bool check_proxy(const struct project_plan *plan, struct error *err)
{
	AUTO_FREE char *program =
		plan->proxy.route_count > 0 ? process_find_program("haproxy") : NULL;

	if (plan->proxy.route_count == 0 || program != NULL)
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "%s: routes want HAProxy, which is not installed",
			plan->proxy.routes[0].owner);
	return error_hint(err, "sudo apt-get install haproxy; it need not run as a service");
}

/* Before anything changes. With -d --wait a port is waited for, as readiness is. */
static bool check_ports(const struct invocation *invocation, const struct project_plan *plan,
			struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	const struct arguments *args = invocation->args;
	bool is_up = current_status(plan->project, &status);

	if (!egress_check(plan, err) || !check_proxy(plan, err))
		return false;
	if (port_check_free(plan, is_up ? &status : NULL, err))
		return true;
	if (err->kind != ERROR_EXISTS || !arguments_flag(args, "detach") ||
	    !arguments_flag(args, "wait"))
		return false;
	output_note(invocation, "%s: waiting for it; %s", err->message,
		    err->hint != NULL ? err->hint : "");
	error_clear(err);
	return true;
}

static bool check_watch(const struct arguments *args, struct error *err)
{
	if (arguments_flag(args, "boot") && !arguments_flag(args, "detach")) {
		error_set(err, ERROR_USAGE, "--boot is for pods that stay: it goes with -d");
		return error_hint(err, "i2kit up -d --boot");
	}
	if (!arguments_flag(args, "watch") ||
	    (!arguments_flag(args, "detach") && !arguments_flag(args, "build-only")))
		return true;
	error_set(err, ERROR_USAGE, "--watch needs an i2kit up that stays");
	return error_hint(err, "leave out --detach and --build-only");
}

static bool check_pod(const struct project_plan *plan, const char *option, const char *name,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (project_plan_find(plan, name) != NULL)
		return true;
	for (size_t i = 0; i < plan->pod_count; i++)
		string_list_add(&known, plan->pods[i].name);
	error_set(err, ERROR_USAGE, "--%s: there is no pod '%s'", option, name);
	return suggest_hint(err, name, &known);
}

/* Folders that VMs share are there before anybody is fenced off from what is not. */
static bool provide_shared(const struct project_plan *plan, struct error *err)
{
	AUTO_FREE char *program = share_find_program();

	if (project_plan_has_shared(plan) && program == NULL) {
		error_set(err, ERROR_NOT_FOUND,
			  "volumes that several pods share want virtiofsd, which is not installed");
		return error_hint(err, "apt-get install virtiofsd (Debian 12: qemu-system-common)");
	}
	return volume_folders_provide(plan, err);
}

/* Options about the end are for an `up` that sees it; names are those of pods. */
static bool check_end(const struct arguments *args, const struct project_plan *plan,
		      struct error *err)
{
	static const char *const words[] = {"attach", "no-attach"};
	const struct up_end_wish wish = read_wish(args);
	bool has_wish = wish.code_from != NULL || wish.aborts_on_exit || wish.aborts_on_failure;

	if (has_wish && (arguments_flag(args, "detach") || arguments_flag(args, "tui") ||
			 arguments_flag(args, "watch"))) {
		error_set(err, ERROR_USAGE,
			  "--exit-code-from and --abort-on-… want an `up` that stays to the end");
		return error_hint(err, "leave out --detach, --tui and --watch");
	}
	if (wish.code_from != NULL && !check_pod(plan, "exit-code-from", wish.code_from, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct string_list *names = arguments_values(args, words[i]);
		for (size_t k = 0; names != NULL && k < names->count; k++) {
			if (!check_pod(plan, words[i], names->items[k], err))
				return false;
		}
	}
	return true;
}

/* Before anything is left behind: a plan that no supervisor can follow would stay "up". */
static bool check_accel(const struct project_plan *plan, struct error *err)
{
	AUTO(accel_clear) struct accel accel = {0};

	return strcmp(plan->accel, "kvm") != 0 || accel_choose(plan->accel, &accel, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO_PTR(up_watch) struct up_watch *watch = NULL;
	uint64_t timeout_ms = 0;

	if (!project_follow_timeout(invocation, &timeout_ms, err) ||
	    !check_watch(invocation->args, err))
		return 1;
	{
		AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
		if (!project_build(invocation, NULL, progress_view_progress(view), &plan, &identity,
				   err))
			return 1;
	}
	if (arguments_flag(invocation->args, "build-only"))
		return 0;
	if (arguments_flag(invocation->args, "tui") && !isatty(STDOUT_FILENO)) {
		error_set(err, ERROR_UNSUPPORTED, "--tui needs a terminal");
		return error_hint(err, "i2kit up -d, and i2kit ps"), 1;
	}
	if (!check_end(invocation->args, &plan, err) || !check_accel(&plan, err))
		return 1;
	AUTO_CLOSE int lock = project_lock(invocation, plan.project, err);
	if (lock < 0 || !check_ports(invocation, &plan, err) || !provide_shared(&plan, err) ||
	    !project_identity_claim(&identity, err) || !project_plan_save(&plan, err) ||
	    (arguments_flag(invocation->args, "boot") && !start_at_boot(invocation, &plan, err)))
		return 1;
	if (arguments_flag(invocation->args, "watch") &&
	    (watch = up_watch_new(invocation, &plan, err)) == NULL)
		return 1;
	return run_project(invocation, &plan, timeout_ms, watch, &lock, err);
}

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"detach", 'd', OPTION_FLAG, NULL, "leave the pods running and return", COMPLETE_NONE},
	{"tui", 0, OPTION_FLAG, NULL, "show them in the terminal UI; they run on", COMPLETE_NONE},
	{"wait", 'w', OPTION_FLAG, NULL, "with -d: until all are ready", COMPLETE_NONE},
	{"boot", 0, OPTION_FLAG, NULL, "with -d: again when this machine starts", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s, 10m … (-d: 5m)",
	 COMPLETE_NONE},
	{"exit-code-from", 0, OPTION_VALUE, "POD", "end when it ends, all with it, as it did",
	 COMPLETE_POD},
	{"abort-on-container-exit", 0, OPTION_FLAG, NULL, "end when the first pod ends",
	 COMPLETE_NONE},
	{"abort-on-container-failure", 0, OPTION_FLAG, NULL, "end when the first pod fails",
	 COMPLETE_NONE},
	{"attach", 0, OPTION_REPEAT, "POD", "show its logs, and of no others", COMPLETE_POD},
	{"no-attach", 0, OPTION_REPEAT, "POD", "do not show its logs", COMPLETE_POD},
	{"no-logs", 0, OPTION_FLAG, NULL, "do not show the pods' logs", COMPLETE_NONE},
	{"watch", 0, OPTION_FLAG, NULL, "follow develop.watch, manifests and images",
	 COMPLETE_NONE},
	{"build", 0, OPTION_FLAG, NULL, "build images that did not change, too", COMPLETE_NONE},
	{"no-build", 0, OPTION_FLAG, NULL, "take them as they were", COMPLETE_NONE},
	BUILDER_OPTION,
	{"build-only", 0, OPTION_FLAG, NULL, "build the disks, start nothing", COMPLETE_NONE},
	{"scale", 0, OPTION_REPEAT, "POD=N", "other replicas than the manifest's", COMPLETE_POD},
	{"publish", 0, OPTION_REPEAT, "POD:LOCAL:PORT",
	 "publish a pod's port there; http:LOCAL: routes", COMPLETE_NONE},
	{"bind", 0, OPTION_VALUE, "ADDRESS", "publish on it (127.0.0.1, ::1)", COMPLETE_NONE},
	{"metrics", 0, OPTION_OPTIONAL, "ADDRESS:PORT", "answer GET /metrics (127.0.0.1:9464)",
	 COMPLETE_NONE},
	{"accel", 0, OPTION_VALUE, "auto|kvm|tcg", "how VMs are run (auto)", COMPLETE_FORMAT},
	CONNECT_OPTION,
	{"firmware", 0, OPTION_VALUE, "direct|bios|uefi", "how VMs boot (direct)", COMPLETE_FORMAT},
	{"cold", 0, OPTION_FLAG, NULL, "boot every VM, use and make no templates", COMPLETE_NONE},
	{"memory", 0, OPTION_VALUE, "SIZE", "of every VM, as in 256M", COMPLETE_NONE},
	{"cpus", 0, OPTION_VALUE, "N", "of every VM", COMPLETE_NONE},
	PULL_OPTION,
	{"follow-links", 0, OPTION_FLAG, NULL, "hostPath: links may lead out of the folder",
	 COMPLETE_NONE},
	BASE_OPTION,
	INSECURE_REGISTRY_OPTION,
};

const struct verb verb_up = {
	.name = "up",
	.group = VERB_RUN,
	.summary = "build what is missing and run all pods as VMs",
	.description =
		"Reads the manifests (here, or those named), builds the disk of each pod where it "
		"is "
		"not there yet, and boots one VM for each replica. Then it waits until all are "
		"ready, "
		"shows where the published ports are, and streams the logs all the time; Ctrl-C "
		"stops "
		"the pods. "
		"With -d they go on without it.\n\n"
		"Run again, it converges: pods that did not change are left alone, changed ones "
		"are "
		"replaced one after another (the new one is ready before the old one leaves), "
		"removed "
		"ones stop. A change of configuration alone builds nothing.\n\n"
		"With names of pods only those are built and changed; what else is up stays as it "
		"is. A word is a pod where manifests lie in this folder or are given with -f, and "
		"a path when it has a dot or leads somewhere (./web).\n\n"
		"When all is ready and nothing has happened for 10 s, a template of each pod's VM "
		"is "
		"made in the background, from which later ones go on instead of booting "
		"(doc/develop.md); --cold boots all, I2KIT_WARM_BUDGET is how much they may "
		"take (1G; 0: none).\n\n"
		"Waiting ends with an error when a pod has failed for good, when one has been "
		"started again three times and still keeps ending, or when libvirt cannot make a "
		"VM; without -d its logs are shown then. Every 15 s it says what it waits for. "
		"With -d it gives up after five minutes (--timeout); a Job that works may take "
		"longer. Jobs are waited for until they have succeeded; where there are only Jobs, "
		"`up` ends with them, and with the exit code of one that failed.\n\n"
		"`up` ends by itself when all pods have ended for good, with the exit code of one "
		"that failed. --exit-code-from ends it when that pod has, with its code, as a test "
		"beside its database wants it; --abort-on-container-exit and "
		"--abort-on-container-failure with the first that ends, or fails. All are stopped "
		"then. A pod that is started again has not ended.\n\n"
		"With --watch it builds and converges by itself whenever a manifest changes, or an "
		"image that lies on this machine (oci:, archives, docker-daemon:), and follows "
		"`develop.watch` as `i2kit watch` does, with the logs beside it. A pod replaced "
		"for its image is dirty, for promote, until a plain `i2kit up` has taken it "
		"over.\n\n"
		"--boot writes a systemd unit, i2kit-PROJECT.service, which starts the pods again "
		"with this machine (root), or with its user's session; `i2kit down` removes it.\n\n"
		"Secrets and ConfigMaps that the manifests only name are given with --secret and "
		"--config-map, as kubectl create takes them: NAME.KEY=VALUE; or NAME=FILE, where "
		"a folder is a key a file and a name that ends in .env a key a line. What is given "
		"wins over what the manifests say.\n\n"
		"-o json prints the project's status as ps does, and without -d then the log "
		"lines, "
		"one object a line; with --build-only the disks.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"MANIFEST|POD", 0, 0, COMPLETE_FILE},
	.has_output = true,
	.names = "{.pods[*].name}",
	.example = "i2kit up\n"
		   "i2kit up -d web\n"
		   "i2kit up -d --wait examples/hello\n"
		   "i2kit up --exit-code-from migrate --no-attach db\n"
		   "i2kit up -f shop/ --scale web=3 --publish db:15432:5432\n"
		   "i2kit up --secret-file db=dev.env --secret-file tls=certs/",
	.run = run,
};
