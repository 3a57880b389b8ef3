/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/volume_disk.h"

#define PATIENCE_MS	 10000 /* beyond the pod's own grace */
#define FIRST_PAUSE_MS	 500
#define LONGEST_PAUSE_MS 60000
/* Connections get this long to end before the containers are asked to; idle ones never end. */
#define DRAIN_MS      3000
#define DRAIN_STEP_MS 100

/* Work for a thread; owns all it reads. */
struct domain_job {
	struct instance *instance;
	virConnectPtr connection;
	struct network_guard *guard; /* the supervisor's, which outlives it; or NULL */
	struct vm_plan vm;
	char uuid[UUID_SIZE];
};

static void job_free(struct domain_job *job)
{
	if (job->connection != NULL)
		(void)virConnectClose(job->connection);
	vm_plan_clear(&job->vm);
	free(job);
}

/* virtlogd appends to it, as root in system mode: what is there already stays its owner's. */
static bool make_console(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd >= 0 || error_set_errno(err, errno, "the console's log %s", path);
}

static bool prepare(const struct vm_plan *vm, struct error *err)
{
	AUTO_FREE char *console = xstrndup(
		vm->console_log, (size_t)(strrchr(vm->console_log, '/') - vm->console_log));
	AUTO_FREE char *sockets = path_folder(PATH_RUNTIME, "vm");

	if (!path_make_folders(console, 0700, err) || !path_make_folders(sockets, 0700, err) ||
	    !make_console(vm->console_log, err))
		return false;
	if (!path_exists(vm->disk_path)) {
		(void)error_set(err, ERROR_NOT_FOUND, "the disk image %s is gone", vm->disk_path);
		return error_hint(err, "i2kit up builds it again");
	}
	(void)unlink(vm->agent_socket);
	for (size_t i = 0; i < vm->disk_count; i++) {
		if (!volume_disk_provide(&vm->disks[i], err))
			return false;
	}
	return true;
}

static bool run_create(void *arg, struct error *err)
{
	struct domain_job *job = arg;
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	AUTO_DOMAIN virDomainPtr domain = NULL;

	if (!prepare(&job->vm, err) || !network_guard_settle(job->guard, err))
		return false;
	vm_plan_write_xml(&job->vm, &xml);
	domain = virDomainCreateXML(job->connection, strbuf_text(&xml), 0);
	return domain != NULL || connection_error(err, "cannot start the VM");
}

static bool run_destroy(void *arg, struct error *err)
{
	struct domain_job *job = arg;
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(job->connection, job->uuid);

	if (domain == NULL || virDomainDestroy(domain) == 0 || virDomainIsActive(domain) != 1)
		return true;
	return connection_error(err, "cannot stop the VM");
}

static void on_destroyed(void *arg, struct error *err)
{
	struct domain_job *job = arg;
	struct instance *instance = job->instance;

	instance->is_job_running = false;
	job_free(job);
	if (err != NULL) {
		supervisor_say(instance->supervisor, true, "FailedStop", instance->status.name,
			       "%s", err->message);
		loop_timer_set(instance->timer, PATIENCE_MS);
		return;
	}
	instance_domain_gone(instance, "stopped");
}

static void destroy(struct instance *instance)
{
	struct domain_job *job;

	if (instance->is_job_running || instance->supervisor->connection == NULL) {
		loop_timer_set(instance->timer, 1000);
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->instance = instance;
	job->connection = instance->supervisor->connection;
	(void)virConnectRef(job->connection);
	memcpy(job->uuid, instance->status.uuid, UUID_SIZE);
	instance->is_job_running = true;
	worker_submit(instance->supervisor->worker, run_destroy, on_destroyed, job);
}

static void crash(struct instance *instance, const char *why)
{
	uint64_t pause = (uint64_t)FIRST_PAUSE_MS
			 << (instance->failures < 8 ? instance->failures : 8);

	pause = pause > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause;
	instance->failures++;
	instance->status.state = INSTANCE_CRASHED;
	free(instance->status.reason);
	instance->status.reason = xstrdup(why);
	loop_timer_set(instance->timer, pause);
	supervisor_say(instance->supervisor, true, "BackOff", instance->status.name,
		       "%s; starting again in %.1f s", why, (double)pause / 1000.0);
	supervisor_changed(instance->supervisor);
}

static void on_created(void *arg, struct error *err)
{
	struct domain_job *job = arg;
	struct instance *instance = job->instance;

	instance->is_job_running = false;
	job_free(job);
	if (err != NULL && instance->is_leaving) {
		instance_domain_gone(instance, "stopped");
		return;
	}
	if (err != NULL) {
		crash(instance, err->message);
		return;
	}
	instance_add_stage(instance, "define");
	if (instance->is_leaving || instance->is_replaced) {
		destroy(instance);
		return;
	}
	instance_connect_agent(instance);
	supervisor_changed(instance->supervisor);
}

static void ask_to_stop(struct instance *instance)
{
	instance->drain_until_ms = 0;
	if (instance->agent != NULL && agent_is_up(instance->agent) &&
	    agent_send_shutdown(instance->agent, -1, NULL))
		loop_timer_set(instance->timer, instance->grace_s * 1000 + PATIENCE_MS);
	else
		destroy(instance);
}

static void go_on_draining(struct instance *instance)
{
	if (clock_monotonic_ms() < instance->drain_until_ms &&
	    balancer_connections(instance->supervisor->balancer, instance->status.name) > 0)
		loop_timer_set(instance->timer, DRAIN_STEP_MS);
	else
		ask_to_stop(instance);
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct instance *instance = arg;

	(void)timer;
	if (instance->status.state == INSTANCE_STOPPING && instance->drain_until_ms > 0)
		go_on_draining(instance);
	else if (instance->status.state == INSTANCE_STOPPING)
		destroy(instance);
	else if (instance->status.state == INSTANCE_CRASHED ||
		 instance->status.state == INSTANCE_PENDING)
		instance_start(instance);
}

static void init(struct instance *instance, struct supervisor *supervisor)
{
	AUTO_FREE char *below = NULL;

	instance->supervisor = supervisor;
	instance->timer = loop_add_timer(supervisor->loop, 1000, on_timer, instance);
	loop_timer_cancel(instance->timer);
	below = xasprintf("vm/%.13s.sock", instance->status.uuid);
	if (instance->agent_socket == NULL)
		instance->agent_socket = path_folder(PATH_RUNTIME, below);
}

char *instance_free_address(const struct supervisor *supervisor)
{
	for (unsigned host = NETWORK_FIRST_INSTANCE; host <= NETWORK_LAST_INSTANCE; host++) {
		AUTO_FREE char *address =
			xasprintf("10.77.%u.%u", supervisor->network.subnet, host);
		bool is_taken = false;
		for (size_t i = 0; i < supervisor->instance_count; i++) {
			const char *other = supervisor->instances[i]->status.address;
			is_taken = is_taken || (other != NULL && strcmp(other, address) == 0);
		}
		if (!is_taken)
			return TAKE_PTR(address);
	}
	return NULL;
}

struct instance *instance_new(struct supervisor *supervisor, const struct pod_plan *pod,
			      unsigned replica)
{
	struct instance *instance = xcalloc(1, sizeof(*instance));
	struct instance_status *status = &instance->status;

	status->name = xasprintf("%s-%u", pod->name, replica);
	status->pod = xstrdup(pod->name);
	status->replica = replica;
	status->uuid = xcalloc(1, UUID_SIZE);
	vm_uuid_make(supervisor->identity.id, status->name, status->uuid);
	if (!supervisor->is_session)
		status->address = instance_free_address(supervisor);
	init(instance, supervisor);
	return instance;
}

/* On our clock, of a VM that was created at that wall time. */
static uint64_t start_of(int64_t created_ns)
{
	int64_t age_ms = (clock_wall_ns() - created_ns) / 1000000;
	uint64_t now_ms = clock_monotonic_ms();

	return age_ms > 0 && (uint64_t)age_ms < now_ms ? now_ms - (uint64_t)age_ms : now_ms;
}

struct instance *instance_adopt(struct supervisor *supervisor, const struct vm_identity *identity,
				const char *uuid)
{
	struct instance *instance = xcalloc(1, sizeof(*instance));
	struct instance_status *status = &instance->status;

	status->name = xstrdup(identity->instance);
	status->pod = xstrdup(identity->pod);
	status->replica = identity->replica;
	status->uuid = xstrdup(uuid);
	status->address = xstrdup_or_null(identity->address);
	memcpy(status->image_digest, identity->image_digest, DIGEST_SIZE);
	memcpy(status->config_digest, identity->config_digest, DIGEST_SIZE);
	status->is_dirty = identity->is_dirty;
	status->is_kvm = identity->is_kvm;
	status->created_ns = identity->created_ns;
	status->memory_bytes = identity->memory_bytes;
	status->cpu_count = identity->cpu_count;
	status->state = INSTANCE_BOOTING;
	instance->firmware = identity->firmware;
	instance->agent_socket = xstrdup(identity->agent_socket);
	instance->grace_s = identity->grace_s;
	instance->start_ms = start_of(identity->created_ns);
	init(instance, supervisor);
	instance_connect_agent(instance);
	return instance;
}

void instance_free(struct instance *instance)
{
	if (instance == NULL)
		return;
	instance_drop_agent(instance);
	loop_timer_remove(instance->timer);
	instance_status_clear(&instance->status);
	free(instance->agent_socket);
	free(instance->boot_id);
	free(instance);
}

static void forget_run(struct instance_status *status)
{
	struct instance_status kept = *status;

	*status = (struct instance_status){.containers = kept.containers,
					   .container_count = kept.container_count,
					   .probes = kept.probes,
					   .probe_count = kept.probe_count,
					   .stages = kept.stages,
					   .stage_count = kept.stage_count,
					   .reason = kept.reason};
	instance_status_clear(status);
	kept.containers = NULL;
	kept.container_count = 0;
	kept.probes = NULL;
	kept.probe_count = 0;
	kept.stages = NULL;
	kept.stage_count = 0;
	kept.reason = NULL;
	kept.is_ready = false;
	kept.ready_ns = 0;
	*status = kept;
}

void instance_start(struct instance *instance)
{
	struct supervisor *supervisor = instance->supervisor;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);
	struct instance_status *status = &instance->status;
	struct domain_job *job;

	if (pod == NULL || supervisor->connection == NULL || instance->is_job_running) {
		loop_timer_set(instance->timer, 1000);
		return;
	}
	forget_run(status);
	memcpy(status->image_digest, pod->image_digest, DIGEST_SIZE);
	memcpy(status->config_digest, pod->config_digest, DIGEST_SIZE);
	status->is_dirty = pod->is_dirty;
	status->is_kvm = supervisor->accel.is_kvm;
	status->memory_bytes = pod->memory_bytes;
	status->cpu_count = pod->cpu_count;
	status->created_ns = clock_wall_ns();
	status->state = INSTANCE_STARTING;
	instance->is_replaced = false;
	instance->is_ended = false;
	instance->has_receipt = false;
	instance->is_paused = false;
	instance->firmware = instance_firmware(supervisor->plan.firmware);
	instance->grace_s = pod->grace_s;
	instance->start_ms = clock_monotonic_ms();
	job = xcalloc(1, sizeof(*job));
	job->instance = instance;
	job->connection = supervisor->connection;
	(void)virConnectRef(job->connection);
	instance_vm_plan(instance, pod, &job->vm);
	job->guard = supervisor->guard;
	network_guard_update(supervisor);
	instance->is_job_running = true;
	supervisor_say(supervisor, false, "Starting", status->name, "image %.19s, config %.19s",
		       status->image_digest, status->config_digest);
	worker_submit(supervisor->worker, run_create, on_created, job);
	supervisor_changed(supervisor);
}

void instance_stop(struct instance *instance, const char *why)
{
	bool was_running = instance_is_alive(instance);

	if (instance->status.state == INSTANCE_STOPPING) {
		return;
	}
	instance->is_leaving = true;
	if (!was_running) {
		if (!instance->is_job_running)
			supervisor_forget(instance->supervisor, instance);
		return;
	}
	instance->status.state = INSTANCE_STOPPING;
	instance->status.is_ready = false;
	supervisor_say(instance->supervisor, false, "Stopping", instance->status.name, "%s", why);
	services_remove(instance->supervisor, instance, instance->grace_s * 1000 + DRAIN_MS);
	instance->drain_until_ms = clock_monotonic_ms() + DRAIN_MS;
	if (instance->supervisor->is_going_down)
		ask_to_stop(instance);
	else
		go_on_draining(instance);
	supervisor_changed(instance->supervisor);
}

void instance_kill(struct instance *instance)
{
	bool was_running = instance_is_alive(instance);

	instance_stop(instance, "killed");
	if (!was_running)
		return; /* forgotten */
	/* It is still there, and was asked: it does not get the time for an answer. */
	instance->drain_until_ms = 0;
	loop_timer_set(instance->timer, 0);
}

void instance_restart(struct instance *instance)
{
	if (!instance_is_alive(instance)) {
		instance->failures = 0;
		instance_start(instance);
		return;
	}
	instance_stop(instance, "asked to restart");
	instance->is_leaving = false;
	instance->is_replaced = true;
}

void instance_domain_gone(struct instance *instance, const char *why)
{
	struct supervisor *supervisor = instance->supervisor;

	if (instance->is_job_running)
		return; /* the job's end says it again */
	services_remove(supervisor, instance, 0);
	if (instance->status.address != NULL)
		balancer_drop_client(supervisor->balancer, instance->status.address);
	instance_drop_agent(instance);
	loop_timer_cancel(instance->timer);
	instance->status.is_ready = false;
	if (instance->is_leaving) {
		supervisor_say(supervisor, false, "Stopped", instance->status.name, "%s", why);
		supervisor_forget(supervisor, instance);
	} else if (instance->is_replaced) {
		instance->status.vm_restarts++;
		instance_start(instance);
	} else if (instance->is_ended) {
		instance->status.state =
			instance->has_succeeded ? INSTANCE_SUCCEEDED : INSTANCE_FAILED;
	} else if (instance_is_alive(instance)) {
		instance->status.vm_restarts++;
		crash(instance, why);
	}
	supervisor_changed(supervisor);
}

/* One of a release that named the networks of users otherwise is on another network. */
static bool is_on_network(const struct instance *instance)
{
	const struct supervisor *supervisor = instance->supervisor;
	AUTO_FREE char *prefix = xasprintf("10.77.%u.", supervisor->network.subnet);

	return instance->status.address == NULL ||
	       strncmp(instance->status.address, prefix, strlen(prefix)) == 0;
}

bool instance_is_current(const struct instance *instance, const struct pod_plan *pod)
{
	const struct supervisor *supervisor = instance->supervisor;

	return is_on_network(instance) && instance->status.is_kvm == supervisor->accel.is_kvm &&
	       instance->firmware == instance_firmware(supervisor->plan.firmware) &&
	       strcmp(instance->status.image_digest, pod->image_digest) == 0 &&
	       strcmp(instance->status.config_digest, pod->config_digest) == 0 &&
	       instance->status.memory_bytes == pod->memory_bytes &&
	       instance->status.cpu_count == pod->cpu_count;
}

void instance_take_dirt(struct instance *instance)
{
	const struct pod_plan *pod =
		project_plan_find(&instance->supervisor->plan, instance->status.pod);

	if (pod == NULL || !instance_is_current(instance, pod) ||
	    instance->status.is_dirty == pod->is_dirty)
		return;
	instance->status.is_dirty = pod->is_dirty;
	instance->has_receipt = false;
}

bool instance_is_alive(const struct instance *instance)
{
	switch (instance->status.state) {
	case INSTANCE_STARTING:
	case INSTANCE_BOOTING:
	case INSTANCE_RUNNING:
	case INSTANCE_READY:
	case INSTANCE_STOPPING:
		return true;
	default:
		return false;
	}
}
