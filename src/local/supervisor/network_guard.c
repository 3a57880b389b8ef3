/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/network_guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/worker.h"
#include "local/vm/network_filter.h"
#include "local/vm/vm_identity.h"

struct network_guard {
	pthread_mutex_t lock;	 /* of `wanted` */
	pthread_mutex_t loading; /* one nft at a time; taken before `lock` */
	char *wanted;
	char *loaded; /* read and written while `loading` is held */
};

struct network_guard *network_guard_new(void)
{
	struct network_guard *guard = xcalloc(1, sizeof(*guard));

	(void)pthread_mutex_init(&guard->lock, NULL);
	(void)pthread_mutex_init(&guard->loading, NULL);
	return guard;
}

void network_guard_free(struct network_guard *guard)
{
	if (guard == NULL)
		return;
	(void)pthread_mutex_destroy(&guard->lock);
	(void)pthread_mutex_destroy(&guard->loading);
	free(guard->wanted);
	free(guard->loaded);
	free(guard);
}

static bool load_newest(struct network_guard *guard, struct error *err)
{
	AUTO_FREE char *rules = NULL;

	(void)pthread_mutex_lock(&guard->lock);
	rules = xstrdup_or_null(guard->wanted);
	(void)pthread_mutex_unlock(&guard->lock);
	if (rules == NULL || (guard->loaded != NULL && strcmp(guard->loaded, rules) == 0))
		return true;
	if (!network_filter_load(rules, err))
		return false;
	free(guard->loaded);
	guard->loaded = TAKE_PTR(rules);
	return true;
}

bool network_guard_settle(struct network_guard *guard, struct error *err)
{
	bool is_loaded;

	if (guard == NULL)
		return true;
	(void)pthread_mutex_lock(&guard->loading);
	is_loaded = load_newest(guard, err);
	(void)pthread_mutex_unlock(&guard->loading);
	return is_loaded;
}

static bool run_settle(void *arg, struct error *err)
{
	const struct supervisor *supervisor = arg;

	return network_guard_settle(supervisor->guard, err);
}

static void on_settled(void *arg, struct error *err)
{
	struct supervisor *supervisor = arg;

	if (err != NULL)
		supervisor_say(supervisor, true, "FilterFailed", supervisor->project, "%s",
			       err->message);
}

/* What a policy's names stand for: Services' addresses, and those of pods' instances. */
static void add_named(const struct supervisor *supervisor, const char *name,
		      struct string_list *ret)
{
	const struct service_plan *service = NULL;

	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		if (strcmp(supervisor->plan.services[i].name, name) == 0)
			service = &supervisor->plan.services[i];
	}
	if (service != NULL && !service->is_headless)
		string_list_take(ret, services_address(supervisor, service));
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance_status *status = &supervisor->instances[i]->status;
		bool is_meant = strcmp(status->pod, name) == 0 ||
				(service != NULL && string_list_has(&service->pods, status->pod));
		if (is_meant && status->address != NULL && !string_list_has(ret, status->address))
			string_list_add(ret, status->address);
	}
}

static void add_guest(const struct supervisor *supervisor, const struct instance *instance,
		      struct string_list *neighbours, struct filter_guest *guest)
{
	const struct instance_status *status = &instance->status;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, status->pod);

	pod = pod != NULL ? pod_plan_of_replica(pod, status->replica) : NULL;
	guest->address = status->address;
	network_filter_tap(supervisor->network.bridge, status->address, guest->tap);
	vm_mac_make(status->uuid, guest->mac);
	if (pod == NULL)
		return;
	guest->pod = pod->name;
	guest->incoming = &pod->incoming;
	guest->outgoing = &pod->outgoing;
	guest->may_reach_host = pod->egress.has_host;
	guest->is_restricted = pod->egress.is_restricted;
	guest->may_reach_internet = pod->egress.has_internet;
	guest->cidrs = &pod->egress.cidrs;
	guest->neighbours = neighbours;
	for (size_t i = 0; i < pod->egress.names.count; i++)
		add_named(supervisor, pod->egress.names.items[i], neighbours);
}

void network_guard_update(struct supervisor *supervisor)
{
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	struct network_guard *guard = supervisor->guard;
	AUTO_FREE struct filter_guest *guests = NULL;
	struct string_list *neighbours;
	size_t count = 0;
	bool is_new;

	if (guard == NULL)
		return;
	/* One list for each guest. */
	neighbours = xcalloc(supervisor->instance_count + 1, sizeof(*neighbours));
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i]->status.address != NULL)
			add_guest(supervisor, supervisor->instances[i], &neighbours[i],
				  ARRAY_APPEND(guests, count));
	}
	network_filter_write(&(struct filter_plan){.bridge = supervisor->network.bridge,
						   .subnet = supervisor->network.subnet,
						   .guests = guests,
						   .guest_count = count},
			     &rules);
	for (size_t i = 0; i < supervisor->instance_count; i++)
		string_list_clear(&neighbours[i]);
	free(neighbours);
	(void)pthread_mutex_lock(&guard->lock);
	is_new = guard->wanted == NULL || strcmp(guard->wanted, strbuf_text(&rules)) != 0;
	if (is_new) {
		free(guard->wanted);
		guard->wanted = strbuf_take(&rules);
	}
	(void)pthread_mutex_unlock(&guard->lock);
	if (is_new)
		worker_submit(supervisor->worker, run_settle, on_settled, supervisor);
}
