/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/lifecycle.h"
#include "local/vm/volume_disk.h"

/* The plan, the facts, and what was decided so far. */
struct work {
	const struct project_plan *plan;
	const struct reconcile_facts *facts;
	bool *is_stopped; /* by a decision of this round; of facts->count */
	unsigned started;
	uint64_t promised_bytes;
	bool is_short;		  /* of memory or places: nothing more starts in this round */
	struct string_list disks; /* of those that this round starts */
	struct reconcile_actions *actions;
};

struct tally {
	unsigned current;
	unsigned current_ready;
	unsigned outdated;
	unsigned stopping;
};

void reconcile_actions_clear(struct reconcile_actions *actions)
{
	free(actions->items);
	*actions = (struct reconcile_actions){0};
}

static bool is_of(const struct reconcile_instance *instance, const struct pod_plan *pod)
{
	return strcmp(instance->pod, pod->name) == 0;
}

static bool is_leaving(const struct work *work, size_t i)
{
	return work->facts->instances[i].is_leaving || work->is_stopped[i];
}

static void stop(struct work *work, size_t i, const char *why)
{
	struct reconcile_action *action = ARRAY_APPEND(work->actions->items, work->actions->count);

	*action = (struct reconcile_action){.step = RECONCILE_STOP, .instance = i, .why = why};
	work->is_stopped[i] = true;
}

static struct tally count(const struct work *work, const struct pod_plan *pod)
{
	struct tally tally = {0};

	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (!is_of(instance, pod))
			continue;
		/* One that does not run is gone as soon as it is stopped. */
		if (is_leaving(work, i)) {
			tally.stopping += lifecycle_is_alive(instance->state);
		} else if (instance->is_current) {
			tally.current++;
			tally.current_ready +=
				instance->is_ready || instance->state == INSTANCE_SUCCEEDED;
		} else {
			tally.outdated++;
		}
	}
	return tally;
}

/* What those that start will still take: their memory is touched little by little. */
static uint64_t promised(const struct work *work)
{
	uint64_t bytes = work->promised_bytes;

	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (instance->state == INSTANCE_STARTING || instance->state == INSTANCE_BOOTING)
			bytes += instance->memory_bytes + work->facts->overhead_bytes;
	}
	return bytes;
}

/* As many VMs boot at once as there are places, and none that the memory cannot hold. */
static bool has_room(struct work *work, const struct pod_plan *pod)
{
	uint64_t needs = pod->memory_bytes + work->facts->overhead_bytes;
	unsigned taken = work->started;

	for (size_t i = 0; i < work->facts->count; i++)
		taken += work->facts->instances[i].takes_place;
	if (work->is_short || taken >= work->facts->places)
		return false;
	if (work->started >= work->facts->addresses) {
		work->is_short = true;
		*ARRAY_APPEND(work->actions->items, work->actions->count) =
			(struct reconcile_action){.step = RECONCILE_NO_ADDRESS, .pod = pod};
		return false;
	}
	if (work->facts->available_bytes > needs + promised(work)) {
		work->promised_bytes += needs;
		return true;
	}
	work->is_short = true;
	*ARRAY_APPEND(work->actions->items, work->actions->count) = (struct reconcile_action){
		.step = RECONCILE_NO_MEMORY, .pod = pod, .needed_bytes = needs};
	return false;
}

void reconcile_disks(const struct project_plan *plan, const struct pod_plan *pod, unsigned replica,
		     struct string_list *ret)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume_plan *volume = &pod->volumes[i];
		if (!volume_plan_is_disk(volume) || volume->is_read_only)
			continue;
		struct vm_disk disk = volume_disk_make(plan, pod, volume, replica);
		string_list_take(ret, disk.path);
		free(disk.former_path);
	}
}

static bool do_meet(const struct string_list *a, const struct string_list *b)
{
	for (size_t i = 0; a != NULL && b != NULL && i < a->count; i++) {
		if (string_list_has(b, a->items[i]))
			return true;
	}
	return false;
}

/* Whether a VM that is still there, also one that leaves, writes to one of these. */
static bool are_taken(const struct work *work, const struct string_list *disks)
{
	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (lifecycle_is_alive(instance->state) && do_meet(instance->disks, disks))
			return true;
	}
	return do_meet(&work->disks, disks);
}

/* False: not now. */
static bool start(struct work *work, const struct pod_plan *pod, unsigned replica)
{
	AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;

	reconcile_disks(work->plan, pod, replica, &disks);
	if (are_taken(work, &disks) || !has_room(work, pod))
		return false;
	*ARRAY_APPEND(work->actions->items, work->actions->count) =
		(struct reconcile_action){.step = RECONCILE_START, .pod = pod, .replica = replica};
	string_list_copy(&work->disks, &disks);
	work->started++;
	return true;
}

static bool is_taken(const struct work *work, const struct pod_plan *pod, unsigned replica)
{
	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (is_of(instance, pod) && instance->replica == replica)
			return true;
	}
	return false;
}

/* The one whose loss hurts least: not alive, then not ready, then the highest number. */
static size_t worst(const struct work *work, const struct pod_plan *pod, bool is_current)
{
	size_t found = work->facts->count;
	uint64_t found_rank = 0;

	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		uint64_t rank = 1 + instance->replica;
		if (!is_of(instance, pod) || is_leaving(work, i) ||
		    instance->is_current != is_current)
			continue;
		rank += lifecycle_is_alive(instance->state) ? 0 : (uint64_t)2 << 32;
		rank += instance->is_ready ? 0 : (uint64_t)1 << 32;
		if (rank > found_rank) {
			found = i;
			found_rank = rank;
		}
	}
	return found;
}

/* One number's turn; false: the others wait for it. */
static bool reconcile_number(struct work *work, const struct pod_plan *pod, unsigned replica,
			     const struct tally *tally)
{
	for (size_t i = 0; i < work->facts->count; i++) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (!is_of(instance, pod) || instance->replica != replica)
			continue;
		if (is_leaving(work, i) || instance->is_current)
			return true;
		/*
		 * One that does not run, or waits for a release that it does not get any more
		 * (stop_unborn), serves nobody: it does not wait for the others.
		 */
		if (lifecycle_is_alive(instance->state) && !instance->awaits_release &&
		    (tally->stopping > 0 || tally->current != tally->current_ready))
			return true;
		stop(work, i, "replaced by a new release");
		return false;
	}
	return start(work, pod, replica);
}

/* Numbers are identities: each is replaced in place, one at a time, the others ready. */
static void reconcile_ordered(struct work *work, const struct pod_plan *pod)
{
	struct tally tally = count(work, pod);

	for (size_t i = work->facts->count; i-- > 0;) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (is_of(instance, pod) && !is_leaving(work, i) &&
		    instance->replica >= pod->replicas)
			stop(work, i, "scaled down");
	}
	for (unsigned replica = 0; replica < pod->replicas; replica++) {
		if (!reconcile_number(work, pod, replica, &tally))
			return;
	}
}

/* The one of that number, also one that leaves; facts->count: there is none. */
static size_t find_number(const struct work *work, const struct pod_plan *pod, unsigned replica)
{
	size_t i = 0;

	while (i < work->facts->count && (!is_of(&work->facts->instances[i], pod) ||
					  work->facts->instances[i].replica != replica))
		i++;
	return i;
}

static bool serves(const struct work *work, size_t i)
{
	return work->facts->instances[i].is_ready && !is_leaving(work, i);
}

/* An old one that does not run, or waits for a release that it does not get any more. */
static void stop_lost(struct work *work, const struct pod_plan *pod)
{
	for (size_t i = work->facts->count; i-- > 0;) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		bool is_lost = !lifecycle_is_alive(instance->state) || instance->awaits_release;
		if (is_of(instance, pod) && is_lost && !instance->is_current &&
		    !is_leaving(work, i))
			stop(work, i, "replaced by a new release");
	}
}

/* Whether a StatefulSet's number is there and ready; started where it is not there. */
static bool fill_number(struct work *work, const struct pod_plan *pod, unsigned replica)
{
	size_t i = find_number(work, pod, replica);

	if (i < work->facts->count)
		return serves(work, i);
	(void)start(work, pod, replica);
	return false;
}

/* Those beyond the number that is wanted; true: none is left. */
static bool shrink_set(struct work *work, const struct pod_plan *pod)
{
	size_t last = work->facts->count;
	bool is_any = false;

	for (size_t i = work->facts->count; i-- > 0;) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (!is_of(instance, pod) || instance->replica < pod->replicas)
			continue;
		if (is_leaving(work, i))
			is_any = is_any || lifecycle_is_alive(instance->state);
		else if (pod->order == START_PARALLEL)
			stop(work, i, "scaled down");
		else if (last == work->facts->count ||
			 instance->replica > work->facts->instances[last].replica)
			last = i;
	}
	if (last < work->facts->count && !is_any)
		stop(work, last, "scaled down");
	return last == work->facts->count && !is_any;
}

/* The highest number, not below the partition, of an old release, ready or not; count: none. */
static size_t find_old(const struct work *work, const struct pod_plan *pod, bool is_ready)
{
	for (unsigned replica = pod->replicas; replica-- > pod->partition;) {
		size_t i = find_number(work, pod, replica);
		if (i < work->facts->count && !is_leaving(work, i) &&
		    !work->facts->instances[i].is_current &&
		    work->facts->instances[i].is_ready == is_ready)
			return i;
	}
	return work->facts->count;
}

/*
 * From the highest number down to the partition, each when the one before it is ready again. Old
 * ones that are not ready are first: a release that cannot start is mended by the next.
 */
static void update_set(struct work *work, const struct pod_plan *pod)
{
	unsigned most = pod->max_unavailable > 0 ? pod->max_unavailable : 1;
	unsigned coming = 0;
	unsigned away = 0;

	for (unsigned replica = 0; replica < pod->replicas; replica++) {
		size_t i = find_number(work, pod, replica);
		bool is_there = i < work->facts->count && !is_leaving(work, i);
		away += !is_there || !work->facts->instances[i].is_ready;
		coming += !is_there || (work->facts->instances[i].is_current &&
					!work->facts->instances[i].is_ready);
	}
	for (; coming < most; coming++, away++) {
		size_t i = find_old(work, pod, false);
		if (i == work->facts->count)
			break;
		away--;
		stop(work, i, "replaced by a new release");
	}
	for (; away < most; away++) {
		size_t i = find_old(work, pod, true);
		if (i == work->facts->count)
			break;
		stop(work, i, "replaced by a new release");
	}
}

/*
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/: what is missing comes in
 * the numbers' order, then what is too much goes in reverse, then what is old, in reverse.
 */
static void reconcile_set(struct work *work, const struct pod_plan *pod)
{
	bool is_whole = true;

	stop_lost(work, pod);
	for (unsigned replica = 0; replica < pod->replicas; replica++) {
		is_whole = fill_number(work, pod, replica) && is_whole;
		if (!is_whole && pod->order == START_ORDERED)
			break;
	}
	if ((is_whole || pod->order == START_PARALLEL) && !shrink_set(work, pod) &&
	    pod->order == START_ORDERED)
		return;
	update_set(work, pod);
}

/*
 * An old one whose guest waits for its release does not get it any more (instance_send_release): it
 * would stay as one that boots for ever, and two of them would let no other start.
 */
static void stop_unborn(struct work *work, const struct pod_plan *pod)
{
	for (size_t i = work->facts->count; i-- > 0;) {
		const struct reconcile_instance *instance = &work->facts->instances[i];
		if (instance->awaits_release && is_of(instance, pod) && !is_leaving(work, i) &&
		    !instance->is_current)
			stop(work, i, "replaced by a new release before it was up");
	}
}

/*
 * New ones above what is wanted, as many as maxSurge lets, and old ones leave as new get ready, or
 * before, as many as maxUnavailable lets be missing.
 */
static void reconcile_rolling(struct work *work, const struct pod_plan *pod)
{
	unsigned replica = 0;

	stop_unborn(work, pod);
	struct tally tally = count(work, pod);
	uint64_t most = (uint64_t)pod->replicas + (tally.outdated > 0 ? pod->max_surge : 0);
	unsigned away = pod->max_unavailable < pod->replicas ? pod->max_unavailable : pod->replicas;
	while (tally.current < pod->replicas && tally.current + tally.outdated < most) {
		while (is_taken(work, pod, replica))
			replica++;
		if (!start(work, pod, replica++))
			break;
		tally.current++;
	}
	while (tally.outdated > 0 && tally.current_ready + tally.outdated > pod->replicas - away) {
		stop(work, worst(work, pod, false), "replaced by a new release");
		tally.outdated--;
	}
	while (tally.current > pod->replicas) {
		size_t index = worst(work, pod, true);
		if (index == work->facts->count)
			break; /* those over are this round's own */
		stop(work, index, "scaled down");
		tally.current--;
	}
}

/* A try that is over gives its number to the next; one that is there keeps it. */
static void reconcile_job(struct work *work, const struct pod_plan *pod,
			  const struct reconcile_job *job)
{
	for (size_t i = work->facts->count; i-- > 0;) {
		if (is_of(&work->facts->instances[i], pod) && !is_leaving(work, i) &&
		    !work->facts->instances[i].is_current)
			stop(work, i, "replaced by a new release");
	}
	for (size_t i = 0; i < job->stop_count; i++) {
		if (!is_leaving(work, job->stops[i]))
			stop(work, job->stops[i], job->why);
	}
	for (size_t i = 0; i < job->start_count; i++) {
		size_t taken = find_number(work, pod, job->starts[i]);
		if (taken < work->facts->count &&
		    lifecycle_is_alive(work->facts->instances[taken].state))
			continue;
		if (taken < work->facts->count && !is_leaving(work, taken))
			stop(work, taken, "the next try");
		if (!start(work, pod, job->starts[i]))
			return;
	}
}

static void stop_all(struct work *work)
{
	for (size_t i = work->facts->count; i-- > 0;) {
		bool is_wanted =
			!work->facts->is_going_down &&
			project_plan_find(work->plan, work->facts->instances[i].pod) != NULL;
		if (!is_wanted && !is_leaving(work, i))
			stop(work, i,
			     work->facts->is_going_down ? "the project goes down"
							: "no longer in the manifests");
	}
}

void reconcile(const struct project_plan *plan, const struct reconcile_facts *facts,
	       struct reconcile_actions *ret)
{
	struct work work = {.plan = plan, .facts = facts, .actions = ret};
	AUTO_FREE bool *is_stopped = xcalloc(facts->count + 1, sizeof(*is_stopped));

	work.is_stopped = is_stopped;
	*ret = (struct reconcile_actions){0};
	stop_all(&work);
	for (size_t i = 0; i < plan->pod_count && !facts->is_going_down; i++) {
		const struct pod_plan *pod = &plan->pods[i];
		if (facts->jobs != NULL && facts->jobs[i].is_decided)
			reconcile_job(&work, pod, &facts->jobs[i]);
		else if (pod->workload == WORKLOAD_STATEFUL_SET)
			reconcile_set(&work, pod);
		else if (pod_plan_is_ordered(pod))
			reconcile_ordered(&work, pod);
		else
			reconcile_rolling(&work, pod);
	}
	string_list_clear(&work.disks);
}
