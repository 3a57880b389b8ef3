/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/network_guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/network_filter.h"

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

static void add_guest(const struct supervisor *supervisor, const struct instance *instance,
		      struct filter_guest *guest)
{
	const struct instance_status *status = &instance->status;

	guest->address = status->address;
	network_filter_tap(supervisor->network.bridge, status->address, guest->tap);
	vm_mac_make(status->uuid, guest->mac);
}

void network_guard_update(struct supervisor *supervisor)
{
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	struct network_guard *guard = supervisor->guard;
	AUTO_FREE struct filter_guest *guests = NULL;
	size_t count = 0;
	bool is_new;

	if (guard == NULL)
		return;
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i]->status.address != NULL)
			add_guest(supervisor, supervisor->instances[i],
				  ARRAY_APPEND(guests, count));
	}
	network_filter_write(&(struct filter_plan){.bridge = supervisor->network.bridge,
						   .subnet = supervisor->network.subnet,
						   .guests = guests,
						   .guest_count = count},
			     &rules);
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
