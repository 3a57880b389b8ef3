/* SPDX-License-Identifier: Apache-2.0 */
/* What is wanted against what is there; asks for the next steps and no more. */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "local/supervisor/supervisor_parts.h"

#define TCG_OVERHEAD_BYTES ((uint64_t)140 << 20)
#define KVM_OVERHEAD_BYTES ((uint64_t)60 << 20)

struct tally {
	unsigned current;
	unsigned current_ready;
	unsigned outdated;
	unsigned stopping;
};

static bool is_of(const struct instance *instance, const struct pod_plan *pod)
{
	return strcmp(instance->status.pod, pod->name) == 0;
}

static struct tally count(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	struct tally tally = {0};

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if (!is_of(instance, pod))
			continue;
		if (instance->is_leaving) {
			tally.stopping++;
		} else if (instance_is_current(instance, pod)) {
			tally.current++;
			tally.current_ready += instance->status.is_ready ||
					       instance->status.state == INSTANCE_SUCCEEDED;
		} else {
			tally.outdated++;
		}
	}
	return tally;
}

static unsigned starting(const struct supervisor *supervisor)
{
	unsigned number = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		enum instance_state state = supervisor->instances[i]->status.state;
		number += state == INSTANCE_STARTING || state == INSTANCE_BOOTING;
	}
	return number;
}

/* MemAvailable of /proc/meminfo in bytes; UINT64_MAX when unknown. */
static uint64_t available_memory(void)
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

/* What those that boot will still take: their memory is touched little by little. */
static uint64_t promised_memory(const struct supervisor *supervisor, uint64_t overhead)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance_status *status = &supervisor->instances[i]->status;
		if (status->state == INSTANCE_STARTING || status->state == INSTANCE_BOOTING)
			bytes += status->memory_bytes + overhead;
	}
	return bytes;
}

static void say_memory(struct supervisor *supervisor, const struct pod_plan *pod, uint64_t needs,
		       uint64_t available)
{
	if (supervisor->waits_for_memory)
		return;
	supervisor->waits_for_memory = true;
	supervisor_say(supervisor, true, "NoMemory", pod->name,
		       "one more VM needs %llu MiB, this machine has %llu MiB free: waiting; "
		       "smaller limits or --memory help",
		       (unsigned long long)(needs >> 20), (unsigned long long)(available >> 20));
}

static bool has_address(struct supervisor *supervisor, const struct pod_plan *pod)
{
	AUTO_FREE char *address = supervisor->is_session ? NULL : instance_free_address(supervisor);

	if (supervisor->is_session || address != NULL) {
		supervisor->waits_for_address = false;
		return true;
	}
	if (!supervisor->waits_for_address)
		supervisor_say(supervisor, true, "NoAddress", pod->name,
			       "all %d addresses of the project's network are in use: waiting; "
			       "fewer replicas help",
			       NETWORK_LAST_INSTANCE - NETWORK_FIRST_INSTANCE + 1);
	supervisor->waits_for_address = true;
	return false;
}

/* As many VMs boot at once as there are processors, and none that the memory cannot hold. */
static bool may_start(struct supervisor *supervisor, const struct pod_plan *pod)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned most = processors > 2 ? (unsigned)processors : 2;
	uint64_t overhead = supervisor->accel.is_kvm ? KVM_OVERHEAD_BYTES : TCG_OVERHEAD_BYTES;
	uint64_t needs = pod->memory_bytes + overhead;
	uint64_t available;

	if (starting(supervisor) >= most || !has_address(supervisor, pod))
		return false;
	available = available_memory();
	if (available > needs + promised_memory(supervisor, overhead)) {
		supervisor->waits_for_memory = false;
		return true;
	}
	say_memory(supervisor, pod, needs, available);
	return false;
}

static struct instance *with_replica(const struct supervisor *supervisor,
				     const struct pod_plan *pod, unsigned replica)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		if (is_of(instance, pod) && instance->status.replica == replica)
			return instance;
	}
	return NULL;
}

static bool start_one(struct supervisor *supervisor, const struct pod_plan *pod, unsigned replica)
{
	struct instance *instance;

	if (!may_start(supervisor, pod))
		return false;
	instance = instance_new(supervisor, pod, replica);
	*ARRAY_APPEND(supervisor->instances, supervisor->instance_count) = instance;
	instance_start(instance);
	return true;
}

static unsigned free_replica(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	unsigned replica = 0;

	while (with_replica(supervisor, pod, replica) != NULL)
		replica++;
	return replica;
}

/* The one whose loss hurts least: not alive, then not ready, then the highest number. */
static struct instance *worst(const struct supervisor *supervisor, const struct pod_plan *pod,
			      bool is_current)
{
	struct instance *found = NULL;
	unsigned found_rank = 0;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		unsigned rank;
		if (!is_of(instance, pod) || instance->is_leaving ||
		    instance_is_current(instance, pod) != is_current)
			continue;
		rank = (instance_is_alive(instance) ? 0 : 2000000) +
		       (instance->status.is_ready ? 0U : 1000000U) + instance->status.replica;
		if (found == NULL || rank > found_rank) {
			found = instance;
			found_rank = rank;
		}
	}
	return found;
}

/* Numbers are identities: each is replaced in place, one at a time, the others ready. */
static void reconcile_ordered(struct supervisor *supervisor, const struct pod_plan *pod)
{
	struct tally tally = count(supervisor, pod);

	for (size_t i = supervisor->instance_count; i-- > 0;) {
		struct instance *instance = supervisor->instances[i];
		if (is_of(instance, pod) && !instance->is_leaving &&
		    instance->status.replica >= pod->replicas)
			instance_stop(instance, "scaled down");
	}
	for (unsigned replica = 0; replica < pod->replicas; replica++) {
		struct instance *instance = with_replica(supervisor, pod, replica);
		if (instance == NULL) {
			if (!start_one(supervisor, pod, replica))
				return;
			continue;
		}
		if (instance->is_leaving || instance_is_current(instance, pod))
			continue;
		if (tally.stopping == 0 && tally.current == tally.current_ready) {
			instance_stop(instance, "replaced by a new release");
			return;
		}
	}
}

/*
 * An old one whose guest waits for its release does not get it any more (instance_send_release): it
 * would stay as one that boots for ever, and two of them would let no other start.
 */
static void stop_unborn(struct supervisor *supervisor, const struct pod_plan *pod)
{
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		struct instance *instance = supervisor->instances[i];
		if (instance->awaits_release && is_of(instance, pod) && !instance->is_leaving &&
		    !instance_is_current(instance, pod))
			instance_stop(instance, "replaced by a new release before it was up");
	}
}

/* New before old: one more than wanted while there are old ones, which leave as new get ready. */
static void reconcile_rolling(struct supervisor *supervisor, const struct pod_plan *pod)
{
	stop_unborn(supervisor, pod);
	struct tally tally = count(supervisor, pod);

	while (tally.current < pod->replicas &&
	       tally.current + tally.outdated < pod->replicas + (tally.outdated > 0 ? 1U : 0U)) {
		if (!start_one(supervisor, pod, free_replica(supervisor, pod)))
			break;
		tally.current++;
	}
	while (tally.outdated > 0 && tally.current_ready + tally.outdated > pod->replicas) {
		instance_stop(worst(supervisor, pod, false), "replaced by a new release");
		tally.outdated--;
	}
	while (tally.current > pod->replicas) {
		instance_stop(worst(supervisor, pod, true), "scaled down");
		tally.current--;
	}
}

static void stop_all(struct supervisor *supervisor, bool only_unwanted)
{
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		struct instance *instance = supervisor->instances[i];
		bool is_wanted = only_unwanted &&
				 project_plan_find(&supervisor->plan, instance->status.pod) != NULL;
		if (!is_wanted && !instance->is_leaving)
			instance_stop(instance, only_unwanted ? "no longer in the manifests"
							      : "the project goes down");
	}
}

void supervisor_reconcile(struct supervisor *supervisor)
{
	stop_all(supervisor, !supervisor->is_going_down);
	if (supervisor->is_going_down)
		return;
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		const struct pod_plan *pod = &supervisor->plan.pods[i];
		if (pod->is_stateful || pod->workload == WORKLOAD_STATEFUL_SET)
			reconcile_ordered(supervisor, pod);
		else
			reconcile_rolling(supervisor, pod);
	}
}
