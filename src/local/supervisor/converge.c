/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what reconcile() has to know, and does what it answers. */
#include "local/supervisor/converge.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/jobs.h"
#include "local/supervisor/lifecycle.h"
#include "local/supervisor/reconcile.h"
#include "local/supervisor/run_session.h"
#include "local/supervisor/supervisor_parts.h"

#define TCG_OVERHEAD_BYTES ((uint64_t)140 << 20)
#define KVM_OVERHEAD_BYTES ((uint64_t)60 << 20)

uint64_t converge_available_memory(void)
{
	static const char key[] = "MemAvailable:";
	AUTO_FREE char *text = NULL;
	char digits[24] = {0};
	size_t size = 0;
	uint64_t kib = 0;
	const char *at;

	if (!file_read("/proc/meminfo", 65536, &text, &size, NULL))
		return UINT64_MAX;
	at = strstr(text, key);
	if (at == NULL)
		return UINT64_MAX;
	at += strlen(key);
	at += strspn(at, " ");
	memcpy(digits, at, strcspn(at, " ") < sizeof(digits) ? strcspn(at, " ") : 0);
	return parse_u64(digits, 0, UINT64_MAX >> 10, &kib) ? kib << 10 : UINT64_MAX;
}

static struct reconcile_instance facts_of(const struct supervisor *supervisor,
					  const struct instance *instance)
{
	const struct instance_status *status = &instance->status;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, status->pod);
	struct lifecycle_facts facts;

	instance_get_facts(instance, &facts);
	return (struct reconcile_instance){
		.pod = status->pod,
		.replica = status->replica,
		.state = status->state,
		.is_ready = status->is_ready,
		.is_leaving = instance->is_leaving,
		.is_current = pod != NULL && instance_is_current(instance, pod),
		.awaits_release = instance->awaits_release,
		.takes_place = lifecycle_takes_place(&facts),
		.memory_bytes = status->memory_bytes,
		.disks = &instance->disks,
	};
}

/* Nobody waits for a command until there is room for it. */
static void refuse_run(struct supervisor *supervisor, const struct reconcile_action *action,
		       const char *lack)
{
	AUTO_FREE char *why = xasprintf("there is no VM for it: %s", lack);

	if (action->pod->run_container != NULL)
		run_session_fail(supervisor, action->pod->name, why);
}

static void say_memory(struct supervisor *supervisor, const struct reconcile_action *action,
		       uint64_t available_bytes)
{
	refuse_run(supervisor, action, "this machine has too little memory free; --memory SIZE");
	if (supervisor->waits_for_memory)
		return;
	supervisor_say(supervisor, true, "NoMemory", action->pod->name,
		       "one more VM needs %llu MiB, this machine has %llu MiB free: waiting; "
		       "smaller limits or --memory help",
		       (unsigned long long)(action->needed_bytes >> 20),
		       (unsigned long long)(available_bytes >> 20));
}

static void say_addresses(struct supervisor *supervisor, const struct reconcile_action *action)
{
	refuse_run(supervisor, action, "the project's network has no address left");
	if (!supervisor->waits_for_address)
		supervisor_say(supervisor, true, "NoAddress", action->pod->name,
			       "all %d addresses of the project's network are in use: waiting; "
			       "fewer replicas help",
			       NETWORK_LAST_INSTANCE - NETWORK_FIRST_INSTANCE + 1);
}

static unsigned free_addresses(const struct supervisor *supervisor)
{
	unsigned taken = 0;

	if (supervisor->is_session)
		return UINT_MAX;
	for (size_t i = 0; i < supervisor->instance_count; i++)
		taken += supervisor->instances[i]->status.address != NULL;
	return NETWORK_LAST_INSTANCE - NETWORK_FIRST_INSTANCE + 1 > taken
		       ? NETWORK_LAST_INSTANCE - NETWORK_FIRST_INSTANCE + 1 - taken
		       : 0;
}

/* Instances are pointers: stopping one may take it out of the list. */
static void carry_out(struct supervisor *supervisor, const struct reconcile_actions *actions,
		      struct instance *const *instances, uint64_t available_bytes)
{
	bool is_short = false;
	bool lacks_address = false;

	for (size_t i = 0; i < actions->count; i++) {
		const struct reconcile_action *action = &actions->items[i];
		struct instance *made = NULL;
		switch (action->step) {
		case RECONCILE_STOP:
			instance_stop(instances[action->instance], action->why);
			break;
		case RECONCILE_START:
			jobs_started(supervisor, action->pod, action->replica);
			made = instance_new(supervisor,
					    pod_plan_of_replica(action->pod, action->replica),
					    action->replica);
			*ARRAY_APPEND(supervisor->instances, supervisor->instance_count) = made;
			instance_start(made);
			break;
		case RECONCILE_NO_MEMORY:
			say_memory(supervisor, action, available_bytes);
			is_short = true;
			break;
		case RECONCILE_NO_ADDRESS:
			say_addresses(supervisor, action);
			lacks_address = true;
			break;
		}
	}
	supervisor->waits_for_memory = is_short;
	supervisor->waits_for_address = lacks_address;
}

void supervisor_converge(struct supervisor *supervisor)
{
	/* Without libvirt nothing can be done, and what is decided now may be wrong then. */
	if (!hypervisor_is_connected(supervisor->hypervisor))
		return;
	/* First: it may put another plan in place. */
	crons_update(supervisor);
	size_t count = supervisor->instance_count;
	AUTO_FREE struct reconcile_instance *facts_list = xcalloc(count + 1, sizeof(*facts_list));
	AUTO_FREE struct instance **instances = xcalloc(count + 1, sizeof(struct instance *));
	AUTO(reconcile_actions_clear) struct reconcile_actions actions = {0};
	AUTO(job_decisions_clear) struct job_decisions decisions = {0};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct reconcile_facts facts = {
		.instances = facts_list,
		.count = count,
		.overhead_bytes =
			supervisor->accel.is_kvm ? KVM_OVERHEAD_BYTES : TCG_OVERHEAD_BYTES,
		.places = processors > 2 ? (unsigned)processors : 2,
		.addresses = free_addresses(supervisor),
		.is_going_down = supervisor->is_going_down,
	};

	for (size_t i = 0; i < count; i++) {
		instances[i] = supervisor->instances[i];
		facts_list[i] = facts_of(supervisor, instances[i]);
	}
	jobs_decide(supervisor, instances, facts_list, count, &decisions);
	facts.jobs = decisions.jobs;
	facts.available_bytes = converge_available_memory();
	reconcile(&supervisor->plan, &facts, &actions);
	carry_out(supervisor, &actions, instances, facts.available_bytes);
}

static bool is_pod_quiet(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	unsigned ready = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.pod, pod->name) != 0)
			continue;
		if (pod->workload == WORKLOAD_JOB && instance_is_alive(instance))
			return false;
		if (pod->workload != WORKLOAD_JOB && !instance->status.is_ready)
			return false;
		ready++;
	}
	return pod->workload == WORKLOAD_JOB || ready == pod->replicas;
}

bool converge_is_quiet(const struct supervisor *supervisor)
{
	bool is_all = true;

	for (size_t i = 0; i < supervisor->plan.pod_count; i++)
		is_all = is_all && is_pod_quiet(supervisor, &supervisor->plan.pods[i]);
	return is_all;
}

static bool has_all(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	unsigned count = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++)
		count += strcmp(supervisor->instances[i]->status.pod, pod->name) == 0;
	return count == pod->replicas;
}

bool converge_is_waiting(const struct supervisor *supervisor)
{
	bool is_waiting = supervisor->waits_for_memory;

	/* How many a Job has changes by the hour: its step says when to ask again (job_step.h). */
	for (size_t i = 0; i < supervisor->plan.pod_count && !is_waiting; i++)
		is_waiting = supervisor->plan.pods[i].workload != WORKLOAD_JOB &&
			     !has_all(supervisor, &supervisor->plan.pods[i]);
	return is_waiting;
}
