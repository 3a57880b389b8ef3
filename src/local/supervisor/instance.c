/* SPDX-License-Identifier: Apache-2.0 */
/* One VM: does what lifecycle.h and reconcile.h decide. */
#include "local/supervisor/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "local/agent/agent.h"
#include "local/plan/sync_mark.h"
#include "local/supervisor/disk_check.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/instance_vm.h"
#include "local/supervisor/last_words.h"
#include "local/supervisor/lifecycle.h"
#include "local/supervisor/network_guard.h"
#include "local/supervisor/reconcile.h"
#include "local/supervisor/run_session.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/templates.h"
#include "local/template/template_store.h"
#include "local/vm/scratch_file.h"
#include "local/vm/vm_identity.h"

#define PATIENCE_MS 10000 /* beyond the pod's own grace */
#define RETRY_MS    1000
/* Connections get this long to end before the containers are asked to; idle ones never end. */
#define DRAIN_MS      3000
#define DRAIN_STEP_MS 100

void instance_set_state(struct instance *instance, enum instance_state state)
{
	if (instance->status.state == state && instance->state_ms > 0)
		return;
	instance->status.state = state;
	instance->state_ms = clock_monotonic_ms();
}

void instance_get_facts(const struct instance *instance, struct lifecycle_facts *ret)
{
	const struct pod_plan *pod = instance_plan(instance);

	*ret = (struct lifecycle_facts){
		.state = instance->status.state,
		.is_leaving = instance->is_leaving,
		.is_replaced = instance->is_replaced,
		.is_ended = instance->is_ended,
		.has_succeeded = instance->has_succeeded,
		.is_working = instance->is_job_running,
		.is_of_job = pod != NULL && pod->workload == WORKLOAD_JOB,
		.is_greeted = instance->is_greeted,
		.is_warm = digest_is_set(&instance->template),
		.is_held = instance->is_held,
		.is_paused = instance->is_paused || instance->is_suspended,
		.is_emulated = !instance->status.is_kvm,
		.unanswered = instance->unanswered,
		.in_state_ms = clock_monotonic_ms() - instance->state_ms,
	};
}

static void set_reason(struct instance *instance, const char *why)
{
	free(instance->status.reason);
	instance->status.reason = xstrdup(why);
}

static void on_destroyed(struct error *err_or_null, void *arg)
{
	struct instance *instance = arg;
	AUTO_FREE char *why = NULL;

	instance->is_job_running = false;
	if (err_or_null != NULL) {
		supervisor_say(instance->supervisor, true, "FailedStop", instance->status.name,
			       "%s", err_or_null->message);
		loop_timer_set(instance->timer, PATIENCE_MS);
		return;
	}
	why = instance->end_reason != NULL ? TAKE_PTR(instance->end_reason) : xstrdup("stopped");
	instance_domain_gone(instance, why);
}

static void destroy(struct instance *instance)
{
	struct hypervisor *hypervisor = instance->supervisor->hypervisor;

	if (instance->is_job_running || !hypervisor_is_connected(hypervisor)) {
		loop_timer_set(instance->timer, RETRY_MS);
		return;
	}
	instance->is_job_running = true;
	hypervisor_destroy(hypervisor, instance->status.uuid, on_destroyed, instance);
}

void instance_end(struct instance *instance, const char *why)
{
	if (instance->is_job_running)
		return;
	services_remove(instance->supervisor, instance, 0);
	instance->status.is_ready = false;
	free(instance->end_reason);
	instance->end_reason = xstrdup(why);
	supervisor_say(instance->supervisor, true, "Replacing", instance->status.name, "%s", why);
	destroy(instance);
}

static void back_off(struct instance *instance, const char *why)
{
	uint64_t pause_ms = lifecycle_pause_ms(instance->status.start_failures++);

	instance_set_state(instance, INSTANCE_CRASHED);
	set_reason(instance, why);
	run_session_fail(instance->supervisor, instance->status.pod, why);
	loop_timer_set(instance->timer, pause_ms);
	supervisor_say(instance->supervisor, true, "BackOff", instance->status.name,
		       "%s; starting again in %.1f s", why, (double)pause_ms / 1000.0);
	supervisor_changed(instance->supervisor);
}

/* How it was started, for people and for what comes next. */
static void take_use(struct instance *instance, const struct template_use *use)
{
	struct supervisor *supervisor = instance->supervisor;
	struct instance_status *status = &instance->status;

	status->is_warm = use->is_warm;
	status->shares_memory = use->is_mapped;
	free(status->cold_reason);
	status->cold_reason = use->is_warm ? NULL
			      : instance->goes_cold
				      ? xstrdup("its start from a template came to nothing")
				      : xstrdup_or_null(use->why_cold);
	instance->template = use->is_warm ? use->key : (struct digest){0};
	if (use->has_failed)
		supervisor_say(supervisor, true, "WarmFailed", status->name, "%s; it boots instead",
			       use->why_cold);
	else if (use->is_warm)
		supervisor_say(supervisor, false, "Warm", status->name,
			       "goes on from template %.12s%s", DIGEST_HEX(&use->key),
			       use->is_mapped ? ", whose memory it maps" : "");
	templates_used(supervisor, use);
}

/* It boots in the next try, at once, and the template is not used again. */
static bool gives_up_warmth(struct instance *instance, bool is_gone)
{
	struct lifecycle_facts facts;

	instance_get_facts(instance, &facts);
	if (!lifecycle_gives_up_warmth(&facts, is_gone))
		return false;
	template_fail(&instance->template);
	instance->template = (struct digest){0};
	instance->goes_cold = true;
	instance->is_replaced = true;
	return true;
}

static void on_created(const struct template_use *use, struct error *err_or_null, void *arg)
{
	struct instance *instance = arg;
	struct lifecycle_facts facts;

	instance->is_job_running = false;
	if (err_or_null == NULL)
		take_use(instance, use);
	instance_get_facts(instance, &facts);
	switch (lifecycle_made(&facts, err_or_null == NULL)) {
	case LIFECYCLE_DROP:
		instance_domain_gone(instance, "stopped");
		return;
	case LIFECYCLE_RETRY:
		back_off(instance, err_or_null != NULL ? err_or_null->message : "not made");
		return;
	case LIFECYCLE_DESTROY:
		destroy(instance);
		return;
	case LIFECYCLE_TALK:
		break;
	}
	instance_add_stage(instance, "define");
	instance->state_ms = clock_monotonic_ms();
	instance_connect_agent(instance);
	if (instance->status.is_warm)
		loop_timer_set(instance->timer, LIFECYCLE_WARM_MS + 100);
	supervisor_changed(instance->supervisor);
}

/* A guest that goes on answers at once, or never will. */
static void check_greeting(struct instance *instance)
{
	if (!gives_up_warmth(instance, false))
		return;
	supervisor_say(instance->supervisor, true, "WarmFailed", instance->status.name,
		       "nothing was heard of its guest; it boots instead");
	destroy(instance);
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
	else if (instance->status.state == INSTANCE_STOPPING || instance->end_reason != NULL)
		destroy(instance);
	else if (instance->status.state == INSTANCE_CRASHED ||
		 instance->status.state == INSTANCE_PENDING)
		instance_start(instance);
	else if (instance->status.is_warm && instance->is_replaced)
		destroy(instance); /* it could not be just now */
	else
		check_greeting(instance);
}

static void init(struct instance *instance, struct supervisor *supervisor)
{
	AUTO_FREE char *below = NULL;

	instance->supervisor = supervisor;
	instance_start_budget(instance);
	instance->state_ms = clock_monotonic_ms();
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

/* A VM of this pod, as the plan has it now. */
static void take_plan(struct instance *instance, const struct pod_plan *pod)
{
	struct supervisor *supervisor = instance->supervisor;
	struct instance_status *status = &instance->status;

	status->release = pod->release;
	status->is_dirty = pod->is_dirty;
	status->is_synced = false;
	sync_mark_clear(supervisor->project, status->name);
	status->is_kvm = supervisor->accel.is_kvm;
	status->memory_bytes = pod->memory_bytes;
	status->cpu_count = pod->cpu_count;
	instance->status.scratch_bytes = pod->scratch_bytes;
	status->created_ns = clock_wall_ns();
	free(instance->egress);
	instance->egress = supervisor->is_session ? instance_egress_text(pod) : NULL;
	instance->is_replaced = false;
	instance->is_ended = false;
	instance->is_lost = false;
	instance->has_receipt = false;
	instance->is_paused = false;
	instance->is_suspended = false;
	status->is_paused = false;
	instance->is_greeted = false;
	instance->is_guest_ready = false;
	instance->is_silent = false;
	instance->unanswered = 0;
	instance->firmware = instance_firmware(supervisor->plan.firmware);
	instance->grace_s = pod->grace_s;
	instance->start_ms = clock_monotonic_ms();
	string_list_clear(&instance->disks);
	reconcile_disks(&supervisor->plan, pod, status->replica, &instance->disks);
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
	init(instance, supervisor);
	take_plan(instance, pod);
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
				const struct hypervisor_domain *domain)
{
	struct instance *instance = xcalloc(1, sizeof(*instance));
	struct instance_status *status = &instance->status;

	status->name = xstrdup(identity->instance);
	status->pod = xstrdup(identity->pod);
	status->replica = identity->replica;
	status->uuid = xstrdup(domain->uuid);
	status->address = xstrdup_or_null(identity->address);
	status->release = identity->release;
	status->is_synced =
		sync_mark_is_set(supervisor->project, identity->instance, identity->created_ns);
	status->is_dirty = identity->is_dirty || status->is_synced;
	status->is_kvm = identity->is_kvm;
	status->is_warm = identity->is_warm;
	status->shares_memory = identity->maps_memory;
	status->created_ns = identity->created_ns;
	status->memory_bytes = identity->memory_bytes;
	status->cpu_count = identity->cpu_count;
	instance->status.scratch_bytes = identity->scratch_bytes;
	status->state = INSTANCE_BOOTING;
	instance->firmware = identity->firmware;
	instance->agent_socket = xstrdup(identity->agent_socket);
	instance->egress = xstrdup_or_null(identity->egress);
	instance->grace_s = identity->grace_s;
	instance->start_ms = start_of(identity->created_ns);
	string_list_copy(&instance->disks, &domain->disks);
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
	string_list_clear(&instance->disks);
	free(instance->last_hosts);
	free(instance->agent_socket);
	free(instance->egress);
	free(instance->end_reason);
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
					   .reason = kept.reason,
					   .cold_reason = kept.cold_reason};
	instance_status_clear(status);
	kept.containers = NULL;
	kept.container_count = 0;
	kept.probes = NULL;
	kept.probe_count = 0;
	kept.stages = NULL;
	kept.stage_count = 0;
	kept.reason = NULL;
	kept.is_warm = false;
	kept.cold_reason = NULL;
	kept.is_ready = false;
	kept.ready_ns = 0;
	*status = kept;
}

/* The network may have got another number since. */
static bool take_address(struct instance *instance)
{
	struct instance_status *status = &instance->status;

	if (instance->supervisor->is_session ||
	    (status->address != NULL && instance_is_on_network(instance)))
		return true;
	free(TAKE_PTR(status->address));
	status->address = instance_free_address(instance->supervisor);
	return status->address != NULL;
}

void instance_start(struct instance *instance)
{
	struct supervisor *supervisor = instance->supervisor;
	const struct pod_plan *pod = instance_plan(instance);
	struct vm_plan plan;

	if (pod == NULL || !hypervisor_is_connected(supervisor->hypervisor) ||
	    instance->is_job_running) {
		loop_timer_set(instance->timer, RETRY_MS);
		return;
	}
	if (!take_address(instance)) {
		back_off(instance, "all addresses of the project's network are taken");
		return;
	}
	forget_run(&instance->status);
	take_plan(instance, pod);
	instance_set_state(instance, INSTANCE_STARTING);
	instance->console_size = last_words_size(supervisor->project, instance->status.name);
	instance_vm_plan(instance, pod, &plan);
	plan.may_be_warm = !supervisor->plan.is_cold && !instance->goes_cold;
	instance->is_job_running = true;
	supervisor_say(supervisor, false, "Starting", instance->status.name,
		       "image %.19s, config %.19s", DIGEST_TEXT(&pod->release.image),
		       DIGEST_TEXT(&pod->release.config));
	/* Its receipt will want to know, and it is read now anyway. */
	(void)disk_checks_ask(supervisor->disk_checks, pod->image_path, &pod->release.image, NULL);
	network_guard_update(supervisor);
	hypervisor_create(supervisor->hypervisor, &plan, supervisor->guard, on_created, instance);
	supervisor_changed(supervisor);
}

void instance_stop(struct instance *instance, const char *why)
{
	bool was_running = instance_is_alive(instance);

	if (instance->status.state == INSTANCE_STOPPING) {
		instance->is_leaving = true;
		return;
	}
	instance->is_leaving = true;
	if (!was_running) {
		if (!instance->is_job_running)
			supervisor_forget(instance->supervisor, instance);
		return;
	}
	instance_set_state(instance, INSTANCE_STOPPING);
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

void instance_set_suspended(struct instance *instance, bool is_suspended)
{
	struct supervisor *supervisor = instance->supervisor;

	if (instance->is_suspended == is_suspended)
		return;
	instance->is_suspended = is_suspended;
	instance->status.is_paused = is_suspended;
	supervisor_say(supervisor, false, is_suspended ? "Paused" : "Resumed",
		       instance->status.name,
		       is_suspended ? "its VM stands still; i2kit unpause lets it go on"
				    : "its VM goes on");
	if (!is_suspended && instance->agent != NULL && agent_is_up(instance->agent) &&
	    !agent_send_time(instance->agent, clock_wall_ns(), NULL))
		log_verbose("the time was not sent");
	supervisor_changed(supervisor);
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

void instance_restart(struct instance *instance, const char *why)
{
	if (!instance_is_alive(instance)) {
		instance->status.start_failures = 0;
		instance_start(instance);
		return;
	}
	if (instance->is_leaving)
		return; /* what comes in its place is new */
	instance_stop(instance, why);
	instance->is_leaving = false;
	instance->is_replaced = true;
}

/* Everything that leads to it. */
static void cut_off(struct instance *instance)
{
	struct supervisor *supervisor = instance->supervisor;

	services_remove(supervisor, instance, 0);
	if (instance->status.address != NULL)
		balancer_drop_client(supervisor->balancer, instance->status.address);
	instance_drop_agent(instance);
	loop_timer_cancel(instance->timer);
	instance->status.is_ready = false;
	free(TAKE_PTR(instance->end_reason));
	scratch_file_drop(supervisor->project, instance->status.name);
}

void instance_domain_gone(struct instance *instance, const char *why)
{
	struct supervisor *supervisor = instance->supervisor;
	struct lifecycle_facts facts;

	if (gives_up_warmth(instance, true))
		supervisor_say(supervisor, true, "WarmFailed", instance->status.name,
			       "it ended before its first container began (%s); it boots instead",
			       why);
	instance_get_facts(instance, &facts);
	enum lifecycle_end end = lifecycle_gone(&facts);
	if (end == LIFECYCLE_IGNORE)
		return;
	cut_off(instance);
	switch (end) {
	case LIFECYCLE_IGNORE:
		break;
	case LIFECYCLE_FORGET:
		supervisor_say(supervisor, false, "Stopped", instance->status.name, "%s", why);
		supervisor_forget(supervisor, instance);
		break;
	case LIFECYCLE_RESTART:
		instance->status.vm_restarts++;
		instance_start(instance);
		break;
	case LIFECYCLE_SUCCEED:
	case LIFECYCLE_FAIL:
		free(TAKE_PTR(instance->status.address));
		instance->ended_ns = clock_wall_ns();
		instance_set_state(instance,
				   end == LIFECYCLE_SUCCEED ? INSTANCE_SUCCEEDED : INSTANCE_FAILED);
		break;
	case LIFECYCLE_LOSE:
		free(TAKE_PTR(instance->status.address));
		instance->ended_ns = clock_wall_ns();
		instance->is_lost = true;
		set_reason(instance, "Lost");
		instance_set_state(instance, INSTANCE_FAILED);
		supervisor_say(supervisor, true, "Lost", instance->status.name, "%s", why);
		break;
	case LIFECYCLE_BACK_OFF: {
		AUTO_FREE char *words = last_words_read(supervisor->project, instance->status.name,
							instance->console_size);
		instance->status.vm_restarts++;
		back_off(instance, words != NULL ? words : why);
		break;
	}
	}
	supervisor_changed(supervisor);
}

bool instance_is_on_network(const struct instance *instance)
{
	const struct supervisor *supervisor = instance->supervisor;
	AUTO_FREE char *prefix = xasprintf("10.77.%u.", supervisor->network.subnet);

	return instance->status.address == NULL ||
	       strncmp(instance->status.address, prefix, strlen(prefix)) == 0;
}

/* In session mode what its QEMU lets pass is said when it starts, once. */
static bool has_egress_of(const struct instance *instance, const struct pod_plan *pod)
{
	AUTO_FREE char *wanted = instance_egress_text(pod);

	return instance->egress == NULL || strcmp(instance->egress, wanted) == 0;
}

const struct pod_plan *instance_plan(const struct instance *instance)
{
	const struct pod_plan *pod =
		project_plan_find(&instance->supervisor->plan, instance->status.pod);

	return pod != NULL ? pod_plan_of_replica(pod, instance->status.replica) : NULL;
}

bool instance_is_current(const struct instance *instance, const struct pod_plan *pod)
{
	const struct supervisor *supervisor = instance->supervisor;

	pod = pod_plan_of_replica(pod, instance->status.replica);
	return instance_is_on_network(instance) &&
	       instance->status.is_kvm == supervisor->accel.is_kvm &&
	       instance->firmware == instance_firmware(supervisor->plan.firmware) &&
	       release_id_equal(&instance->status.release, &pod->release) &&
	       instance->status.memory_bytes == pod->memory_bytes &&
	       instance->status.scratch_bytes == pod->scratch_bytes &&
	       instance->status.cpu_count == pod->cpu_count && has_egress_of(instance, pod);
}

void instance_take_dirt(struct instance *instance)
{
	const struct pod_plan *pod = instance_plan(instance);
	bool is_dirty = pod != NULL && (pod->is_dirty || instance->status.is_synced);

	if (pod == NULL || !instance_is_current(instance, pod) ||
	    instance->status.is_dirty == is_dirty)
		return;
	instance->status.is_dirty = is_dirty;
	instance->has_receipt = false;
}

bool instance_take_sync(struct instance *instance, struct error *err)
{
	struct instance_status *status = &instance->status;

	if (status->is_synced)
		return true;
	if (!sync_mark_set(instance->supervisor->project, status->name, status->created_ns, err))
		return error_prefix(err, "%s: a sync into it cannot be recorded", status->name);
	status->is_synced = true;
	status->is_dirty = true;
	instance->has_receipt = false;
	return true;
}

bool instance_is_alive(const struct instance *instance)
{
	return lifecycle_is_alive(instance->status.state);
}
