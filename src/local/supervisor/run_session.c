/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/run_session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "base/socket_send.h"
#include "base/strbuf.h"
#include "local/plan/plan_part.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/service_slot.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/reconcile.h"
#include "local/supervisor/session.h"
#include "wire/frame.h"
#include "wire/request.h"

/* Between the supervisor of a project for runs alone and its first run. */
#define EXPECT_MS 30000

struct run_session {
	struct run_session *next;
	struct supervisor *supervisor;
	char *pod;
	int fd; /* AWAITED: owned; else the exec session's, and -1 */
	struct loop_fd *source;
	struct exec_start exec;
	bool is_kept;
	bool has_begun;
	bool has_ended; /* its command did, and its client knows */
	bool is_over;	/* nothing is owed to a client any more */
	char *problem;	/* to tell the client, once */
	struct loop_idle *settling;
};

static struct run_session *find(const struct supervisor *supervisor, const char *pod)
{
	for (struct run_session *run = supervisor->runs; run != NULL; run = run->next) {
		if (strcmp(run->pod, pod) == 0)
			return run;
	}
	return NULL;
}

static void free_run(struct run_session *run)
{
	struct run_session **link = &run->supervisor->runs;

	while (*link != run)
		link = &(*link)->next;
	*link = run->next;
	if (run->settling != NULL)
		loop_idle_remove(run->settling);
	loop_fd_remove(run->source);
	auto_close(&run->fd);
	exec_start_clear(&run->exec);
	free(run->problem);
	free(run->pod);
	free(run);
}

static void add_to(struct project_plan *plan, struct project_plan *from, const char *pod)
{
	for (size_t i = 0; i < from->pod_count; i++) {
		if (strcmp(from->pods[i].name, pod) != 0)
			continue;
		*ARRAY_APPEND(plan->pods, plan->pod_count) = from->pods[i];
		from->pods[i] = (struct pod_plan){0};
		from->pods[i].name = xstrdup("");
	}
	for (size_t i = 0; i < from->service_count; i++) {
		struct service_plan *service = &from->services[i];
		if (service->pods.count != 1 || strcmp(service->pods.items[0], pod) != 0)
			continue;
		service->slot = 0; /* was of the other plan */
		*ARRAY_APPEND(plan->services, plan->service_count) = *service;
		*service = (struct service_plan){0};
	}
}

static bool enter_plan(struct supervisor *supervisor, struct project_plan *run, const char *pod,
		       struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (!project_plan_copy(&supervisor->plan, &plan, err))
		return false;
	add_to(&plan, run, pod);
	if (!service_slots_fill(&plan, &supervisor->plan, err))
		return false;
	supervisor_replace_plan(supervisor, &plan);
	return true;
}

static void leave_plan(struct supervisor *supervisor, const char *pod)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	if (project_plan_find(&supervisor->plan, pod) == NULL)
		return;
	string_list_add(&names, pod);
	if (!project_plan_copy(&supervisor->plan, &plan, &problem)) {
		supervisor_say(supervisor, true, "Failed", pod, "%s", problem.message);
		return;
	}
	project_plan_drop(&plan, &names);
	supervisor_replace_plan(supervisor, &plan);
}

bool run_session_carry(const struct project_plan *before, struct project_plan *plan,
		       struct error *err)
{
	AUTO(project_plan_clear) struct project_plan copy = {0};
	bool has_any = false;

	for (size_t i = 0; i < before->pod_count; i++)
		has_any = has_any || before->pods[i].run_container != NULL;
	if (!has_any)
		return true;
	if (!project_plan_copy(before, &copy, err))
		return false;
	for (size_t i = 0; i < before->pod_count; i++) {
		if (before->pods[i].run_container != NULL)
			add_to(plan, &copy, before->pods[i].name);
	}
	return service_slots_fill(plan, before, err);
}

static bool is_done_with(const struct supervisor *supervisor)
{
	return supervisor->plan.ends_with_runs && supervisor->plan.pod_count == 0 &&
	       supervisor->runs == NULL;
}

static void end_instances(struct supervisor *supervisor, const char *pod, bool is_asked)
{
	/* From the end: those that do not run are forgotten at once. */
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.pod, pod) != 0)
			continue;
		if (is_asked)
			instance_stop(instance, "its run is over");
		else
			instance_kill(instance);
	}
}

static void tell(const struct run_session *run)
{
	static const uint8_t nonce[WIRE_NONCE_SIZE];
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(exec_exit_clear) struct exec_exit exit = {.error = xstrdup(run->problem)};
	AUTO_FREE char *json = exec_exit_write(&exit);

	wire_append_hello(&out, nonce, NULL);
	wire_append_text(&out, WIRE_EXEC_EXIT, 0, json);
	/* A fresh socket takes it; a client that does not is none of our trouble. */
	(void)!socket_send_queued(run->fd, &out);
}

/* Out of the call that it ended in: nobody up there still holds the plan or the instance. */
static void settle(void *arg)
{
	struct run_session *run = arg;
	struct supervisor *supervisor = run->supervisor;
	AUTO_FREE char *pod = xstrdup(run->pod);
	bool stays = run->is_kept && run->has_ended;
	bool has_begun = run->has_begun;

	run->settling = NULL;
	if (run->problem != NULL && run->fd >= 0)
		tell(run);
	free_run(run);
	if (!stays) {
		leave_plan(supervisor, pod);
		/* Its containers get their time to end where they began. */
		end_instances(supervisor, pod, has_begun);
	}
	if (is_done_with(supervisor) && !supervisor->is_going_down)
		supervisor_go_down(supervisor, false, false);
}

static void be_over(struct run_session *run)
{
	if (run->settling == NULL)
		run->settling = loop_add_idle(run->supervisor->loop, settle, run);
	run->is_over = true;
}

static void on_client(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct run_session *run = arg;

	(void)fd;
	if ((events & LOOP_HANGUP) == 0)
		return;
	loop_fd_remove(source);
	run->source = NULL;
	be_over(run);
}

static void on_ended(bool has_ended, void *arg)
{
	struct run_session *run = arg;

	run->has_ended = has_ended;
	be_over(run);
}

void run_session_begin(struct supervisor *supervisor, const struct instance *instance)
{
	struct run_session *run = find(supervisor, instance->status.pod);
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (run == NULL || run->has_begun || run->is_over)
		return;
	loop_fd_remove(TAKE_PTR(run->source));
	run->has_begun = session_host_exec(supervisor->sessions, run->fd, instance->agent,
					   &run->exec, on_ended, run, &problem);
	if (run->has_begun)
		run->fd = -1;
	else
		run_session_fail(supervisor, run->pod, problem.message);
}

void run_session_fail(struct supervisor *supervisor, const char *pod, const char *why)
{
	struct run_session *run = find(supervisor, pod);

	if (run == NULL || run->has_begun || run->is_over)
		return;
	run->problem = xstrdup(why);
	be_over(run);
}

void run_session_forget(struct supervisor *supervisor, const char *pod)
{
	const struct pod_plan *plan = project_plan_find(&supervisor->plan, pod);
	AUTO_FREE char *name = xstrdup(pod);

	if (plan == NULL || plan->run_container == NULL)
		return;
	if (find(supervisor, pod) != NULL)
		run_session_fail(supervisor, name, "it was stopped");
	else
		leave_plan(supervisor, name);
	if (is_done_with(supervisor) && !supervisor->is_going_down)
		supervisor_go_down(supervisor, false, false);
}

/* A disk has one VM at a time. */
static bool check_disks(const struct supervisor *supervisor, const struct pod_plan *pod,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;

	reconcile_disks(&supervisor->plan, pod, 0, &disks);
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *other = supervisor->instances[i];
		for (size_t k = 0; k < disks.count; k++) {
			if (!instance_is_alive(other) ||
			    !string_list_has(&other->disks, disks.items[k]))
				continue;
			error_set(err, ERROR_BUSY, "a volume of it is in use by %s",
				  other->status.name);
			return error_hint(err,
					  "i2kit exec %s runs a command beside it; or first: "
					  "i2kit stop %s",
					  other->status.pod, other->status.pod);
		}
	}
	return true;
}

static bool check_run(struct supervisor *supervisor, const struct project_plan *plan,
		      const char *name, struct error *err)
{
	if (plan->pod_count != 1 || plan->pods[0].run_container == NULL ||
	    strcmp(plan->pods[0].name, name) != 0)
		return error_set(err, ERROR_INVALID, "request: its plan is not that of one run");
	if (supervisor->is_going_down) {
		(void)error_set(err, ERROR_BUSY, "project '%s' is going down", supervisor->project);
		return error_hint(err, "again when it is gone");
	}
	if (project_plan_find(&supervisor->plan, name) != NULL || find(supervisor, name) != NULL) {
		error_set(err, ERROR_EXISTS, "'%s' runs already", name);
		return error_hint(err, "--name OTHER");
	}
	return check_disks(supervisor, &plan->pods[0], err) &&
	       supervisor_check_readable(supervisor, plan, err);
}

static bool answer_ok(int fd, const char *name, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	AUTO_FREE char *instance = xasprintf("%s-0", name);

	json_open_object(&json, NULL);
	json_write_bool(&json, "ok", true);
	json_write_text(&json, "instance", instance);
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return fd_write_all(fd, text.data, text.size, err);
}

bool run_session_start(int fd, struct json_view request, void *arg, struct error *err)
{
	struct supervisor *supervisor = arg;
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(exec_start_clear) struct exec_start exec = {.is_main = true};
	AUTO_FREE char *name = json_view_text(json_view_require(request, "target"));
	AUTO_FREE char *text = json_view_text(json_view_require(request, "plan"));
	bool is_kept = json_view_bool(json_view_get(request, "keep"), false);

	session_read_exec(request, &exec);
	exec.is_logged = is_kept;
	if (!json_document_check(request.document, err) || name == NULL || text == NULL ||
	    !project_plan_read("request", text, strlen(text), &plan, err) ||
	    !check_run(supervisor, &plan, name, err) || !answer_ok(fd, name, err) ||
	    !enter_plan(supervisor, &plan, name, err))
		return false;
	struct run_session *run = xcalloc(1, sizeof(*run));
	run->supervisor = supervisor;
	run->pod = TAKE_PTR(name);
	run->fd = fd;
	run->is_kept = is_kept;
	run->exec = exec;
	exec = (struct exec_start){0};
	run->source = loop_add_fd(supervisor->loop, fd, 0, on_client, run);
	run->next = supervisor->runs;
	supervisor->runs = run;
	return true;
}

static void on_expected(struct loop_timer *timer, void *arg)
{
	struct supervisor *supervisor = arg;

	loop_timer_remove(timer);
	supervisor->run_timer = NULL;
	if (is_done_with(supervisor) && !supervisor->is_going_down)
		supervisor_go_down(supervisor, false, false);
}

void run_session_expect(struct supervisor *supervisor)
{
	if (supervisor->plan.ends_with_runs)
		supervisor->run_timer =
			loop_add_timer(supervisor->loop, EXPECT_MS, on_expected, supervisor);
}

void run_sessions_free(struct supervisor *supervisor)
{
	while (supervisor->runs != NULL)
		free_run(supervisor->runs);
	loop_timer_remove(TAKE_PTR(supervisor->run_timer));
}

void run_session_remove_traces(const char *project)
{
	static const struct {
		enum path_folder folder;
		const char *below;
	} places[] = {{PATH_DATA, "logs"}, {PATH_STATE, "projects"}, {PATH_RUNTIME, NULL}};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		AUTO_FREE char *below = places[i].below != NULL
						? path_join(places[i].below, project)
						: xstrdup(project);
		AUTO_FREE char *folder = path_folder(places[i].folder, below);
		(void)!path_remove_tree(folder, NULL);
	}
}
