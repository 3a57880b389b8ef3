/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest says about itself, into the instance's status. The guest is not trusted. */
#include "local/supervisor/instance_agent.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "local/logs/log_sink.h"
#include "local/supervisor/control.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_folders.h"
#include "local/supervisor/instance_release.h"
#include "local/supervisor/reconcile.h"
#include "local/supervisor/run_session.h"
#include "local/supervisor/start_hold.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/volume_disk.h"

#define MAX_PROBES     64
#define NO_UPTIME      UINT64_MAX /* a stage that the host saw */
#define MAX_CONTAINERS 64

static struct log_sink sink_of(const struct instance *instance)
{
	return (struct log_sink){.store = instance->supervisor->logs,
				 .pod = instance->status.pod,
				 .instance = instance->status.name,
				 .boot_id = instance->boot_id != NULL ? instance->boot_id : ""};
}

/*
 * What a guest makes us say goes into the events that all pods share, and into the log: a few at
 * once, then this many a second.
 */
enum { SAYS_AT_ONCE = 200, SAYS_PER_SECOND = 2 };

static void say(struct instance *instance, bool is_warning, const char *type, const char *object,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
static void say(struct instance *instance, bool is_warning, const char *type, const char *object,
		const char *fmt, ...)
{
	AUTO_FREE char *message = NULL;
	va_list args;

	if (!budget_take(&instance->says, 1, clock_monotonic_ms())) {
		instance->unsaid++;
		return;
	}
	if (instance->unsaid > 0)
		supervisor_say(instance->supervisor, true, "EventsLeftOut", instance->status.name,
			       "%u events came too fast and are not shown", instance->unsaid);
	instance->unsaid = 0;
	va_start(args, fmt);
	message = xvasprintf(fmt, args);
	va_end(args);
	supervisor_say(instance->supervisor, is_warning, type, object, "%s", message);
}

void instance_start_budget(struct instance *instance)
{
	budget_start(&instance->says, SAYS_AT_ONCE, SAYS_PER_SECOND, clock_monotonic_ms());
}

void instance_send_release(struct instance *instance)
{
	const struct pod_plan *pod = instance_plan(instance);
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_FREE char *json = NULL;

	if (instance->awaits_files)
		return;
	/* An instance of an older release keeps what it has until it is replaced. */
	if (pod == NULL || !instance_is_current(instance, pod))
		return;
	(void)start_hold_check(instance);
	json = instance_release_make(instance, pod);
	if (agent_send_release(instance->agent, json, &problem)) {
		instance->awaits_release = false;
		run_session_begin(instance->supervisor, instance);
	} else {
		log_verbose("%s: release: %s", instance->status.name, problem.message);
	}
}

static void on_up(struct agent *agent, const char *state, const char *boot_id, void *arg)
{
	struct instance *instance = arg;
	struct log_sink sink;

	log_verbose("%s: agent is up, guest is %s", instance->status.name, state);
	free(TAKE_PTR(instance->last_hosts));
	free(instance->boot_id);
	instance->boot_id = xstrdup(boot_id);
	instance->awaits_release = strcmp(state, "waiting") == 0;
	sink = sink_of(instance);
	log_sink_up(&sink, agent);
	if (instance->status.state == INSTANCE_STOPPING) {
		if (!agent_send_shutdown(agent, -1, NULL))
			return;
		return;
	}
	if (!agent_send_time(agent, clock_wall_ns(), NULL))
		log_verbose("%s: the time was not sent", instance->status.name);
	instance_folders_start(instance);
	if (!instance->is_greeted)
		instance->state_ms = clock_monotonic_ms(); /* also of one that was adopted */
	instance->is_greeted = true;
	if (instance->status.state == INSTANCE_STARTING)
		instance_set_state(instance, INSTANCE_BOOTING);
	supervisor_changed(instance->supervisor);
}

/* To wait changes nothing: its image is of another i2kit. */
static void on_refused(struct agent *agent, const char *why, void *arg)
{
	struct instance *instance = arg;

	(void)agent;
	/* One that leaves is destroyed when its time is over; it cannot be asked. */
	if (instance->status.state != INSTANCE_STOPPING && instance->end_reason == NULL)
		instance_end(instance, why);
}

static void on_down(struct agent *agent, const char *why, void *arg)
{
	struct instance *instance = arg;

	(void)agent;
	instance_folders_stop(instance);
	log_verbose("%s: agent is down: %s", instance->status.name, why);
}

static bool on_log(struct agent *agent, const struct log_entry *records, size_t count, void *arg)
{
	struct log_sink sink = sink_of(arg);

	(void)agent;
	return log_sink_log(&sink, records, count);
}

static struct container_status *find_container(struct instance *instance, const char *name)
{
	struct instance_status *status = &instance->status;
	const struct pod_plan *pod = instance_plan(instance);
	struct container_status *made;

	for (size_t i = 0; i < status->container_count; i++) {
		if (strcmp(status->containers[i].name, name) == 0)
			return &status->containers[i];
	}
	if (status->container_count >= MAX_CONTAINERS)
		return NULL;
	made = ARRAY_APPEND(status->containers, status->container_count);
	made->name = xstrdup(name);
	made->is_init = pod != NULL && string_list_has(&pod->init_containers, name);
	made->exit_code = -1;
	return made;
}

static void set_text(char **place, const char *text)
{
	free(*place);
	*place = xstrdup_or_null(text);
}

static enum container_state parse_state(const char *state)
{
	if (state != NULL && strcmp(state, "running") == 0)
		return CONTAINER_RUNNING;
	return state != NULL && strcmp(state, "terminated") == 0 ? CONTAINER_TERMINATED
								 : CONTAINER_WAITING;
}

/* What an event of a container says to people, where the guest did not say it. */
static char *describe(const struct guest_event *event)
{
	enum container_state state = parse_state(event->state);

	if (event->message != NULL && event->message[0] != '\0')
		return xstrdup(event->message);
	if (state == CONTAINER_TERMINATED && event->signal != 0)
		return xasprintf("ended by signal %d", event->signal);
	if (state == CONTAINER_TERMINATED && event->has_exit_code)
		return xasprintf("ended with exit code %d", event->exit_code);
	if (state == CONTAINER_WAITING && event->next_ms > 0)
		return xasprintf("starts again in %.1f s", (double)event->next_ms / 1000.0);
	if (state == CONTAINER_RUNNING && event->restarts > 0)
		return xasprintf("runs, start number %u", event->restarts + 1);
	return xstrdup(state == CONTAINER_RUNNING ? "runs" : "is being made ready");
}

/* What begins to start has its volumes: from now on a blank disk of theirs is a broken one. */
static void note_disks(const struct instance *instance)
{
	const struct pod_plan *pod = instance_plan(instance);
	AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;

	if (pod == NULL)
		return;
	reconcile_disks(&instance->supervisor->plan, pod, instance->status.replica, &disks);
	for (size_t i = 0; i < disks.count; i++)
		volume_disk_note_formatted(disks.items[i]);
}

static void take_container(struct instance *instance, const struct guest_event *event)
{
	struct instance_status *status = &instance->status;
	struct container_status *container = find_container(instance, event->container);
	AUTO_FREE char *object = xasprintf("%s/%s", status->name, event->container);
	AUTO_FREE char *text = describe(event);
	bool is_bad;

	if (container == NULL)
		return;
	container->state = parse_state(event->state);
	if (container->state == CONTAINER_WAITING)
		note_disks(instance);
	/* Ready again says the pod, when it is. */
	container->is_ready = container->is_ready && container->state == CONTAINER_RUNNING;
	if (container->state == CONTAINER_TERMINATED)
		set_text(&container->last_reason, event->reason);
	set_text(&container->reason, event->reason);
	/* One that waits for its next try has nothing to say of its own: why it ended stays. */
	if (container->state != CONTAINER_WAITING || event->message != NULL)
		set_text(&container->message, event->message);
	if (event->has_exit_code)
		container->exit_code = event->exit_code;
	else if (event->signal != 0)
		container->exit_code = 128 + event->signal;
	container->restarts = event->restarts;
	if (container->state == CONTAINER_RUNNING)
		container->started_ns = event->time_ns;
	status->restarts = 0;
	for (size_t i = 0; i < status->container_count; i++)
		status->restarts += status->containers[i].restarts;
	is_bad = event->reason != NULL && strcmp(event->reason, "Started") != 0 &&
		 strcmp(event->reason, "Completed") != 0 &&
		 strcmp(event->reason, "ContainerCreating") != 0;
	say(instance, is_bad, event->reason != NULL ? event->reason : "Container", object, "%s",
	    text);
	/* One that was tried and cannot be started boots no more: its guest tries again. */
	if ((container->state == CONTAINER_RUNNING || is_bad) && status->state == INSTANCE_BOOTING)
		instance_set_state(instance, INSTANCE_RUNNING);
}

static void take_probe(struct instance *instance, const struct guest_event *event)
{
	struct instance_status *status = &instance->status;
	AUTO_FREE char *object = xasprintf("%s/%s", status->name, event->container);
	struct probe_result *result;

	if (status->probe_count >= MAX_PROBES) {
		free(status->probes[0].container);
		free(status->probes[0].probe);
		free(status->probes[0].message);
		memmove(&status->probes[0], &status->probes[1],
			(MAX_PROBES - 1) * sizeof(status->probes[0]));
		status->probe_count--;
		status->probes[MAX_PROBES - 1] = (struct probe_result){0};
		result = &status->probes[status->probe_count++];
	} else {
		result = ARRAY_APPEND(status->probes, status->probe_count);
	}
	result->container = xstrdup(event->container);
	result->probe = xstrdup(event->probe);
	result->is_ok = event->is_ok;
	result->message = xstrdup_or_null(event->message);
	result->time_ns = event->time_ns;
	if (strcmp(event->probe, "readiness") == 0) {
		struct container_status *container = find_container(instance, event->container);
		if (container != NULL)
			container->is_ready = event->is_ok;
	}
	if (!event->is_ok)
		say(instance, true, "Unhealthy", object, "%s probe failed: %s", event->probe,
		    event->message != NULL ? event->message : "");
}

/* NULL when there is one of that name, or too many. */
static struct boot_stage *add_stage(struct instance_status *status, const char *name)
{
	struct boot_stage *stage;

	if (status->stage_count >= BOOT_MAX_STAGES)
		return NULL;
	for (size_t i = 0; i < status->stage_count; i++) {
		if (strcmp(status->stages[i].name, name) == 0)
			return NULL;
	}
	stage = ARRAY_APPEND(status->stages, status->stage_count);
	stage->name = xstrdup(name);
	return stage;
}

void instance_add_stage(struct instance *instance, const char *name)
{
	struct instance_status *status = &instance->status;
	struct boot_stage *stage = add_stage(status, name);

	if (stage == NULL)
		return;
	stage->since_start_ms = clock_monotonic_ms() - instance->start_ms;
	instance->uptimes_ms[status->stage_count - 1] = NO_UPTIME;
}

/*
 * A guest tells its first stages when it is asked, which is later. They lie on its own clock, which
 * began when the firmware was done: not after any of them came minus its uptime.
 */
static void take_stage(struct instance *instance, const struct guest_event *event)
{
	struct instance_status *status = &instance->status;
	uint64_t now_ms = clock_monotonic_ms() - instance->start_ms;
	uint64_t began_ms = now_ms > event->uptime_ms ? now_ms - event->uptime_ms : 0;

	/* One that goes on has no such stage, and its clock began when it was heard of. */
	if (status->is_warm && strcmp(event->stage, "restored") == 0)
		instance->kernel_start_ms = began_ms;
	if (!status->is_warm && add_stage(status, "firmware") != NULL) {
		instance->uptimes_ms[status->stage_count - 1] = 0;
		instance->kernel_start_ms = began_ms;
	}
	if (began_ms < instance->kernel_start_ms)
		instance->kernel_start_ms = began_ms;
	if (add_stage(status, event->stage) != NULL)
		instance->uptimes_ms[status->stage_count - 1] = event->uptime_ms;
	for (size_t i = 0; i < status->stage_count; i++) {
		if (instance->uptimes_ms[i] != NO_UPTIME)
			status->stages[i].since_start_ms =
				instance->kernel_start_ms + instance->uptimes_ms[i];
	}
}

static void become_ready(struct instance *instance)
{
	struct instance_status *status = &instance->status;

	/* The pod is ready when all its containers are, those without a probe too. */
	for (size_t i = 0; i < status->container_count; i++)
		status->containers[i].is_ready = status->containers[i].state == CONTAINER_RUNNING;
	instance_set_state(instance, INSTANCE_READY);
	instance->status.start_failures = 0;
	instance->goes_cold = false;
	if (status->ready_ns == 0)
		status->ready_ns = clock_wall_ns();
	instance_add_stage(instance, "ready");
	say(instance, false, "Ready", status->name, "ready %.1f s after its start",
	    (double)(clock_monotonic_ms() - instance->start_ms) / 1000.0);
	services_add(instance->supervisor, instance);
}

void instance_update_ready(struct instance *instance)
{
	struct instance_status *status = &instance->status;
	bool is_ready = instance->is_guest_ready && !instance->is_silent;

	if (status->state == INSTANCE_STOPPING || is_ready == status->is_ready)
		return;
	status->is_ready = is_ready;
	if (is_ready) {
		become_ready(instance);
		return;
	}
	instance_set_state(instance, INSTANCE_RUNNING);
	say(instance, true, "NotReady", status->name, "%s",
	    instance->is_silent ? "its guest does not answer any more" : "no longer ready");
	services_remove(instance->supervisor, instance, instance->grace_s * 1000);
}

static void take_ready(struct instance *instance, bool is_ready)
{
	instance->is_guest_ready = is_ready;
	instance_update_ready(instance);
}

static void take_pod(struct instance *instance, const struct guest_event *event)
{
	bool is_over = event->phase != NULL && (strcmp(event->phase, "Succeeded") == 0 ||
						strcmp(event->phase, "Failed") == 0);
	bool is_good = is_over && strcmp(event->phase, "Succeeded") == 0;

	if (!is_over || instance->is_ended)
		return;
	instance->is_ended = true;
	instance->has_succeeded = is_good;
	set_text(&instance->status.reason, event->reason);
	say(instance, !is_good, event->phase, instance->status.name,
	    event->has_exit_code ? "ended with exit code %d" : "ended", event->exit_code);
}

static void on_event(struct agent *agent, const struct guest_event *event, void *arg)
{
	struct instance *instance = arg;
	struct log_sink sink = sink_of(instance);

	(void)agent;
	log_sink_event(&sink, event);
	switch (event->type) {
	case GUEST_EVENT_BOOT:
		take_stage(instance, event);
		break;
	case GUEST_EVENT_CONTAINER:
		take_container(instance, event);
		break;
	case GUEST_EVENT_PROBE:
		take_probe(instance, event);
		break;
	case GUEST_EVENT_READY:
		take_ready(instance, event->is_ok);
		break;
	case GUEST_EVENT_FULL:
		set_text(&instance->status.full, event->message);
		say(instance, true, "StorageFull", instance->status.name, "%s", event->message);
		break;
	case GUEST_EVENT_OTHER:
	case GUEST_EVENT_LOSS:
		break;
	case GUEST_EVENT_POD:
		take_pod(instance, event);
		break;
	}
	supervisor_changed(instance->supervisor);
}

static void on_stats(struct agent *agent, const struct guest_stats *stats, void *arg)
{
	struct instance *instance = arg;

	(void)agent;
	instance->status.memory_used_bytes = stats->memory_used_bytes;
	instance->status.rx_bytes = stats->rx_bytes;
	instance->status.tx_bytes = stats->tx_bytes;
	instance->status.stats_time_ns = stats->time_ns;
	instance->status.cpu_usec = 0;
	for (size_t i = 0; i < stats->container_count; i++) {
		struct container_status *container =
			find_container(instance, stats->containers[i].name);
		if (container == NULL)
			continue;
		container->cpu_usec = stats->containers[i].cpu_usec;
		container->memory_bytes = stats->containers[i].memory_bytes;
		container->read_bytes = stats->containers[i].read_bytes;
		container->write_bytes = stats->containers[i].write_bytes;
		instance->status.cpu_usec += container->cpu_usec;
	}
	instance->supervisor->is_dirty = true;
	control_notify(instance->supervisor->control);
}

static void on_tunnel(struct agent *agent, struct agent_stream *stream, const char *service,
		      uint16_t port, void *arg)
{
	const struct instance *instance = arg;

	(void)agent;
	services_tunnel(instance, stream, service, port);
}

void instance_connect_agent(struct instance *instance)
{
	static const struct agent_handler handler = {
		.up = on_up,
		.refused = on_refused,
		.down = on_down,
		.event = on_event,
		.stats = on_stats,
		.log = on_log,
		.tunnel = on_tunnel,
	};

	instance->agent = agent_new(instance->supervisor->loop, instance->status.name,
				    instance->agent_socket, &handler, instance);
}

void instance_drop_agent(struct instance *instance)
{
	/* Backends that go through the agent must leave before it does. */
	(void)balancer_remove(instance->supervisor->balancer, instance->status.name, 0);
	instance_folders_drop(instance);
	agent_free(TAKE_PTR(instance->agent));
}
