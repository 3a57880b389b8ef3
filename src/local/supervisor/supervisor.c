/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "base/suggest.h"
#include "local/agent/agent.h"
#include "local/logs/log_store.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/control.h"
#include "local/supervisor/converge.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/disk_check.h"
#include "local/supervisor/domains.h"
#include "local/supervisor/event_ring.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/jobs.h"
#include "local/supervisor/network_guard.h"
#include "local/supervisor/proxy.h"
#include "local/supervisor/receipts.h"
#include "local/supervisor/run_session.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/session.h"
#include "local/supervisor/start_hold.h"
#include "local/supervisor/supervisor_fence.h"
#include "local/supervisor/supervisor_metrics.h"
#include "local/supervisor/supervisor_network.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/supervisor_watch.h"
#include "local/supervisor/templates.h"
#include "local/supervisor/worker.h"
#include "local/vm/connection.h"
#include "local/vm/scratch_file.h"
#include "local/vm/service_network.h"
#include "local/vm/trim.h"

#define TICK_MS	       5
#define POLL_MS	       2000
#define PORTS_RETRY_MS 1000
#define LOCK_TRIES     100
#define LOCK_PAUSE_MS  100

struct instance *supervisor_find(struct supervisor *supervisor, const char *name)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (strcmp(supervisor->instances[i]->status.name, name) == 0)
			return supervisor->instances[i];
	}
	return NULL;
}

struct instance *supervisor_find_uuid(struct supervisor *supervisor, const char *uuid)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (strcmp(supervisor->instances[i]->status.uuid, uuid) == 0)
			return supervisor->instances[i];
	}
	return NULL;
}

void supervisor_forget(struct supervisor *supervisor, struct instance *instance)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i] != instance)
			continue;
		supervisor->instances[i] = supervisor->instances[--supervisor->instance_count];
		run_session_forget(supervisor, instance->status.pod);
		instance_free(instance);
		break;
	}
	supervisor_changed(supervisor);
}

void supervisor_say(struct supervisor *supervisor, bool is_warning, const char *type,
		    const char *object, const char *fmt, ...)
{
	AUTO_FREE char *message = NULL;
	va_list args;

	va_start(args, fmt);
	message = xvasprintf(fmt, args);
	va_end(args);
	log_verbose("%s %s: %s", type, object, message);
	event_ring_add(supervisor->events, is_warning, type, object, message);
	supervisor->is_dirty = true;
	if (supervisor->control != NULL)
		control_notify(supervisor->control);
}

void supervisor_changed(struct supervisor *supervisor)
{
	supervisor->is_dirty = true;
	loop_timer_set(supervisor->tick, TICK_MS);
	if (supervisor->control != NULL)
		control_notify(supervisor->control);
}

/* Disks of VMs that are no longer there. */
static void drop_scratch(const struct supervisor *supervisor)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	for (size_t i = 0; i < supervisor->instance_count; i++)
		string_list_add(&names, supervisor->instances[i]->status.name);
	scratch_file_drop_others(supervisor->project, &names);
}

static void remove_volumes(struct supervisor *supervisor)
{
	AUTO_FREE char *below = path_join("volumes", supervisor->project);
	AUTO_FREE char *folder = path_folder(PATH_DATA, below);

	if (supervisor->removes_volumes && !path_remove_tree(folder, NULL))
		log_verbose("volumes were not removed");
}

static void on_network_removed(struct error *err_or_null, void *arg)
{
	struct supervisor *supervisor = arg;
	AUTO_FREE char *plan = project_plan_path(supervisor->project);

	if (err_or_null != NULL)
		log_verbose("%s", err_or_null->message);
	supervisor_network_remove(supervisor);
	remove_volumes(supervisor);
	drop_scratch(supervisor);
	(void)unlink(plan);
	file_remove_drafts(plan);
	jobs_remove(supervisor);
	loop_stop(supervisor->loop, 0);
}

static void finish_down(struct supervisor *supervisor)
{
	proxy_close(supervisor);
	services_close(supervisor);
	loop_timer_cancel(supervisor->tick);
	if (supervisor->is_finishing)
		return;
	supervisor->is_finishing = true;
	hypervisor_remove_network(supervisor->hypervisor, on_network_removed, supervisor);
}

static void on_tick(struct loop_timer *timer, void *arg)
{
	struct supervisor *supervisor = arg;

	if (supervisor->is_going_down && supervisor->instance_count == 0 &&
	    templates_are_idle(supervisor)) {
		finish_down(supervisor);
		return;
	}
	supervisor_converge(supervisor);
	services_push_hosts(supervisor);
	start_holds_update(supervisor);
	network_guard_update(supervisor);
	receipts_write(supervisor);
	bool is_quiet = converge_is_quiet(supervisor);
	if (is_quiet && !supervisor->is_trimmed)
		trim_memory();
	supervisor->is_trimmed = is_quiet;
	templates_update(supervisor);
	if (converge_is_waiting(supervisor) && timer != NULL)
		loop_timer_set(supervisor->tick, POLL_MS);
}

void supervisor_go_down(struct supervisor *supervisor, bool with_volumes, bool is_forced)
{
	supervisor->is_going_down = true;
	/* From the end: those that do not run are forgotten at once. */
	for (size_t i = supervisor->instance_count; is_forced && i-- > 0;)
		instance_kill(supervisor->instances[i]);
	supervisor->removes_volumes = supervisor->removes_volumes || with_volumes;
	supervisor_changed(supervisor);
}

/* The connection is chosen once: what runs, runs there. */
static bool check_uri(const struct supervisor *supervisor, const char *wanted, struct error *err)
{
	if (wanted == NULL || strcmp(wanted, supervisor->uri) == 0)
		return true;
	(void)error_set(err, ERROR_UNSUPPORTED, "project '%s' runs at %s, not at %s",
			supervisor->project, supervisor->uri, wanted);
	return error_hint(err, "i2kit -p %s down first", supervisor->project);
}

/* The folder may have moved. */
static bool take_identity(struct supervisor *supervisor, struct error *err)
{
	struct project_identity identity = {0};

	if (!project_identity_load(supervisor->project, &identity, err))
		return false;
	project_identity_clear(&supervisor->identity);
	supervisor->identity = identity;
	return true;
}

/*
 * A fence does not open again: where pods are given folders that were not there when it was put up,
 * another supervisor has to begin. VMs go on meanwhile, as when one is killed.
 */
bool supervisor_check_readable(struct supervisor *supervisor, const struct project_plan *plan,
			       struct error *err)
{
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;

	if (!supervisor->is_fenced)
		return true;
	supervisor_list_folders(plan, &folders);
	for (size_t i = 0; i < folders.count; i++) {
		if (string_list_has(&supervisor->readable, folders.items[i]) &&
		    supervisor_can_read(folders.items[i]))
			continue;
		log_verbose("%s is outside of the fence: another supervisor has to begin",
			    folders.items[i]);
		loop_stop(supervisor->loop, 0);
		return error_set(err, ERROR_NETWORK, "the supervisor of '%s' begins anew",
				 supervisor->project);
	}
	return true;
}

/* What is open points into the plan that was, until it is looked through here. */
void supervisor_replace_plan(struct supervisor *supervisor, struct project_plan *plan)
{
	struct project_plan before = supervisor->plan;

	supervisor->plan = *plan;
	*plan = before;
	services_apply(supervisor);
	balancer_recheck(supervisor->balancer);
	metrics_apply(supervisor);
	proxy_apply(supervisor);
	supervisor_changed(supervisor);
}

bool supervisor_apply(struct supervisor *supervisor, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(accel_clear) struct accel accel = {0};

	if (supervisor->is_going_down) {
		(void)error_set(err, ERROR_BUSY, "project '%s' is going down", supervisor->project);
		return error_hint(err, "again when it is gone");
	}
	if (!project_plan_load(supervisor->project, &plan, err) ||
	    !supervisor_check_readable(supervisor, &plan, err) || !take_identity(supervisor, err) ||
	    !check_uri(supervisor, plan.uri, err) || !accel_choose(plan.accel, &accel, err) ||
	    !run_session_carry(&supervisor->plan, &plan, err) ||
	    !crons_carry(supervisor, &plan, err))
		return false;
	accel_clear(&supervisor->accel);
	supervisor->accel = accel;
	accel = (struct accel){0};
	supervisor_replace_plan(supervisor, &plan);
	crons_apply(supervisor);
	jobs_apply(supervisor);
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		/* What made it end may be mended: at once, and judged anew. */
		if (instance->status.state == INSTANCE_CRASHED && !instance->is_leaving) {
			instance->status.start_failures = 0;
			loop_timer_set(instance->timer, 0);
		}
		instance_take_dirt(instance);
		if (instance->agent != NULL && agent_is_up(instance->agent))
			instance_send_release(instance);
	}
	start_holds_compare(supervisor, &plan);
	supervisor_changed(supervisor);
	return true;
}

bool supervisor_no_pod(const struct supervisor *supervisor, const char *name, struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < supervisor->plan.pod_count; i++)
		string_list_add(&known, supervisor->plan.pods[i].name);
	for (size_t i = 0; i < supervisor->instance_count; i++)
		string_list_add(&known, supervisor->instances[i]->status.name);
	(void)error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'", supervisor->project,
			name);
	return suggest_hint(err, name, &known);
}

/* Of those that can be talked to: a ready one, else one that stays, else any. */
static struct instance *instance_of_pod(struct supervisor *supervisor, const char *pod)
{
	struct instance *found = NULL;
	unsigned best = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		unsigned rank = instance->status.is_ready && !instance->is_leaving ? 3
				: !instance->is_leaving				   ? 2
										   : 1;
		if (strcmp(instance->status.pod, pod) == 0 && instance->agent != NULL &&
		    agent_is_up(instance->agent) && rank > best) {
			found = instance;
			best = rank;
		}
	}
	return found;
}

static bool find_session(const char *name, struct session_target *ret, void *arg, struct error *err)
{
	struct supervisor *supervisor = arg;
	struct instance *found = supervisor_find(supervisor, name);

	if (found == NULL)
		found = instance_of_pod(supervisor, name);
	if (found == NULL && project_plan_find(&supervisor->plan, name) != NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "no instance of pod '%s' is up", name);
		return error_hint(err, "i2kit why %s", name);
	}
	if (found == NULL)
		return supervisor_no_pod(supervisor, name, err);
	*ret = (struct session_target){.agent = found->agent};
	memcpy(ret->instance, found->status.name,
	       strnlen(found->status.name, sizeof(ret->instance) - 1));
	for (size_t i = 0; i < found->status.container_count; i++)
		string_list_add(&ret->containers, found->status.containers[i].name);
	return true;
}

/* Before the first file is there: neither receipt nor status may say more than is true. */
static bool take_sync(const char *name, const char *container, void *arg, struct error *err)
{
	struct supervisor *supervisor = arg;
	struct instance *instance = supervisor_find(supervisor, name);
	AUTO_FREE char *object =
		container[0] != '\0' ? xasprintf("%s/%s", name, container) : xstrdup(name);

	if (instance == NULL || !receipts_void(instance, err) || !instance_take_sync(instance, err))
		return instance != NULL ? false : supervisor_no_pod(supervisor, name, err);
	supervisor_say(supervisor, false, "Synced", object, "files of this machine: not the image");
	supervisor_changed(supervisor);
	return true;
}

static bool take_lock(struct supervisor *supervisor, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, supervisor->project);
	AUTO_FREE char *path = path_join(folder, "supervisor.lock");

	if (!path_make_folders(folder, 0700, err))
		return false;
	/* The one before may still be about to end. */
	for (unsigned i = 0; i < LOCK_TRIES && supervisor->lock_fd < 0; i++) {
		error_clear(err);
		if (i > 0)
			(void)poll(NULL, 0, LOCK_PAUSE_MS);
		supervisor->lock_fd = file_lock(path, false, err);
		if (supervisor->lock_fd < 0 && err->kind != ERROR_BUSY)
			return false;
	}
	return supervisor->lock_fd >= 0;
}

static void on_logs(bool is_losing, const char *text, void *arg)
{
	struct supervisor *supervisor = arg;

	supervisor_say(supervisor, is_losing, is_losing ? "LogsLost" : "LogsKept",
		       supervisor->project, "%s", text);
}

static void on_disk_checked(void *arg)
{
	supervisor_changed(arg);
}

static bool set_up(struct supervisor *supervisor, struct error *err)
{
	if (!take_lock(supervisor, err) ||
	    !project_plan_load(supervisor->project, &supervisor->plan, err) ||
	    !take_identity(supervisor, err) ||
	    !accel_choose(supervisor->plan.accel, &supervisor->accel, err))
		return false;
	supervisor->own_uri = xstrdup(connection_choose(supervisor->plan.uri));
	supervisor->uri = supervisor->own_uri;
	supervisor->is_session = connection_is_session(supervisor->uri);
	supervisor->is_tunnelled = supervisor->is_session || !service_network_is_possible();
	supervisor->scope = project_scope(supervisor->project, geteuid(), supervisor->is_session);
	supervisor->logs = log_store_open(
		supervisor->project,
		&(struct log_store_options){.say = on_logs, .say_arg = supervisor}, err);
	if (supervisor->logs == NULL)
		return false;
	supervisor->worker = worker_new(supervisor->loop, 1, err);
	if (supervisor->worker == NULL)
		return false;
	supervisor->disk_checks = disk_checks_new(supervisor->worker, on_disk_checked, supervisor);
	supervisor->watch = watch_new(supervisor);
	if (!domains_open(supervisor, err))
		return false;
	drop_scratch(supervisor);
	jobs_load(supervisor);
	services_apply(supervisor);
	supervisor->control = control_open(supervisor, err);
	if (supervisor->control == NULL)
		return false;
	metrics_apply(supervisor);
	proxy_apply(supervisor);
	run_session_expect(supervisor);
	return true;
}

static void on_jobs(struct loop_timer *timer, void *arg)
{
	(void)timer;
	supervisor_changed(arg);
}

static void on_ports_retry(struct loop_timer *timer, void *arg)
{
	(void)timer;
	services_retry(arg);
	proxy_retry(arg);
}

struct supervisor *supervisor_new(struct loop *loop, const char *project,
				  const struct string_list *folders_or_null, struct error *err)
{
	struct supervisor *supervisor = xcalloc(1, sizeof(*supervisor));

	supervisor->is_fenced = folders_or_null != NULL;
	if (folders_or_null != NULL)
		string_list_copy(&supervisor->readable, folders_or_null);
	supervisor->loop = loop;
	supervisor->project = xstrdup(project);
	supervisor->lock_fd = -1;
	supervisor->services.fd = -1;
	supervisor->events = event_ring_new();
	supervisor->balancer = balancer_new(loop);
	supervisor->metrics = metrics_new(supervisor);
	supervisor->proxy = proxy_new(supervisor);
	supervisor->templates = templates_new(supervisor);
	supervisor->sessions = session_host_new(loop, find_session, supervisor);
	session_host_set_run(supervisor->sessions, run_session_start);
	session_host_set_sync(supervisor->sessions, take_sync);
	supervisor->tick = loop_add_timer(loop, TICK_MS, on_tick, supervisor);
	supervisor->ports_retry = loop_add_timer(loop, PORTS_RETRY_MS, on_ports_retry, supervisor);
	loop_timer_cancel(supervisor->ports_retry);
	supervisor->jobs_timer = loop_add_timer(loop, PORTS_RETRY_MS, on_jobs, supervisor);
	loop_timer_cancel(supervisor->jobs_timer);
	if (!set_up(supervisor, err)) {
		supervisor_free(supervisor);
		return NULL;
	}
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	metrics_free(TAKE_PTR(supervisor->metrics));
	control_close(TAKE_PTR(supervisor->control));
	/* Threads first: their jobs refer to instances. One that hangs in libvirt goes on to use
	 * what is here until the process ends, which is next. */
	if (!hypervisor_free(supervisor->hypervisor) || !worker_free(supervisor->worker))
		return;
	templates_free(supervisor->templates);
	session_host_free(supervisor->sessions);
	proxy_free(TAKE_PTR(supervisor->proxy));
	run_sessions_free(supervisor);
	services_close(supervisor);
	watch_free(supervisor->watch);
	for (size_t i = 0; i < supervisor->instance_count; i++)
		instance_free(supervisor->instances[i]);
	free(supervisor->instances);
	balancer_free(supervisor->balancer);
	log_store_close(supervisor->logs);
	if (supervisor->plan.leaves_nothing && supervisor->is_finishing)
		run_session_remove_traces(supervisor->project);
	event_ring_free(supervisor->events);
	disk_checks_free(supervisor->disk_checks);
	loop_timer_remove(supervisor->tick);
	loop_timer_remove(supervisor->jobs_timer);
	job_states_clear(&supervisor->jobs);
	crons_free(supervisor);
	project_plan_clear(&supervisor->plan);
	project_identity_clear(&supervisor->identity);
	supervisor_network_close(supervisor);
	accel_clear(&supervisor->accel);
	free(supervisor->last_proxies);
	string_list_clear(&supervisor->readable);
	free(supervisor->own_uri);
	free(supervisor->scope);
	free(supervisor->project);
	if (supervisor->lock_fd >= 0)
		(void)close(supervisor->lock_fd);
	free(supervisor);
}
