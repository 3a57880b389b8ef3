/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/release_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void release_facts_clear(struct release_facts *facts)
{
	for (size_t i = 0; i < facts->server_count; i++) {
		free(facts->servers[i].id);
		free(facts->servers[i].name);
		free(facts->servers[i].pod);
		free(facts->servers[i].key);
		free(facts->servers[i].address);
		free(facts->servers[i].port);
		free(facts->servers[i].reason);
	}
	for (size_t i = 0; i < facts->port_count; i++) {
		free(facts->ports[i].id);
		free(facts->ports[i].name);
		free(facts->ports[i].pod);
	}
	for (size_t i = 0; i < facts->volume_count; i++) {
		free(facts->volumes[i].id);
		free(facts->volumes[i].claim);
	}
	free(facts->servers);
	free(facts->ports);
	free(facts->volumes);
	*facts = (struct release_facts){0};
}

const struct fact_volume *release_facts_volume(const struct release_facts *facts, const char *claim)
{
	for (size_t i = 0; i < facts->volume_count; i++)
		if (strcmp(facts->volumes[i].claim, claim) == 0)
			return &facts->volumes[i];
	return NULL;
}

void release_steps_clear(struct release_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		free(steps->items[i].name);
		string_list_clear(&steps->items[i].members);
	}
	free(steps->items);
	*steps = (struct release_steps){0};
}

static struct release_step *add(struct release_steps *steps, enum release_action action,
				const char *pod, const char *id)
{
	struct release_step *step = ARRAY_APPEND(steps->items, steps->count);

	*step = (struct release_step){.action = action, .pod = pod, .id = id};
	return step;
}

/* --- one pod -------------------------------------------------------------------------------- */

/* A pod's servers, as one look sees them. */
struct pod_view {
	const struct release_facts *facts;
	const struct wanted *wanted;
	const char *name;
	const struct wanted_pod *pod;	/* NULL: it is not wanted */
	const struct fact_server **all; /* owned */
	size_t count;
	bool *is_fresh;	 /* owned; of the wanted release */
	bool *is_victim; /* owned; goes now */
	uint32_t replicas;
};

static void pod_view_clear(struct pod_view *view)
{
	free(view->all);
	free(view->is_fresh);
	free(view->is_victim);
}

static bool has_server_named(const struct pod_view *view, const char *name)
{
	for (size_t i = 0; i < view->count; i++)
		if (strcmp(view->all[i]->name, name) == 0)
			return true;
	return false;
}

/* Of two with one name: the ready one, the one that is on its way, the earlier, the smaller id. */
static bool is_better(const struct fact_server *a, const struct fact_server *b)
{
	static const int ranks[] = {
		[FACT_READY] = 3, [FACT_STARTING] = 2, [FACT_FAILED] = 1, [FACT_STOPPED] = 0};

	if (a->is_going != b->is_going)
		return b->is_going;
	if (ranks[a->state] != ranks[b->state])
		return ranks[a->state] > ranks[b->state];
	if (a->created_ns != b->created_ns)
		return a->created_ns < b->created_ns;
	return strcmp(a->id, b->id) < 0;
}

/* The one of that name that stays. */
static void choose_fresh(struct pod_view *view, const char *name)
{
	size_t best = view->count;

	for (size_t i = 0; i < view->count; i++) {
		const struct fact_server *server = view->all[i];
		if (strcmp(server->name, name) == 0 && strcmp(server->key, view->pod->key) == 0 &&
		    (best == view->count || is_better(server, view->all[best])))
			best = i;
	}
	if (best == view->count || view->all[best]->is_going)
		return;
	const struct fact_server *server = view->all[best];
	/* One of an earlier run that failed, or was on its way out, is made anew. */
	view->is_fresh[best] = server->state == FACT_READY || server->state == FACT_STARTING ||
			       !server->is_earlier;
}

static void look(struct pod_view *view)
{
	const struct release_facts *facts = view->facts;

	view->all = xcalloc(facts->server_count + 1, sizeof(*view->all));
	view->is_fresh = xcalloc(facts->server_count + 1, sizeof(*view->is_fresh));
	view->is_victim = xcalloc(facts->server_count + 1, sizeof(*view->is_victim));
	for (size_t i = 0; i < facts->server_count; i++)
		if (strcmp(facts->servers[i].pod, view->name) == 0)
			view->all[view->count++] = &facts->servers[i];
	for (uint32_t n = 0; n < view->replicas; n++) {
		AUTO_FREE char *name = wanted_server_name(view->wanted, view->pod, n);
		choose_fresh(view, name);
	}
}

static size_t count_fresh(const struct pod_view *view, enum fact_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < view->count; i++)
		count += view->is_fresh[i] && view->all[i]->state == state;
	return count;
}

/* Takes the place of a wanted one as long as it is there. An old one that is ready is said to serve whatever
 * the pools say: so it does not go because a new service has no members yet. */
static bool serves(const struct pod_view *view, size_t i)
{
	const struct fact_server *server = view->all[i];

	return server->state == FACT_READY && !server->is_going &&
	       (!view->is_fresh[i] || server->member == FACT_MEMBER);
}

/* The old one that can be missed most: what serves nobody, then what is no member, then the eldest. */
static size_t next_victim(const struct pod_view *view)
{
	size_t found = view->count;
	int found_rank = 0;

	for (size_t i = 0; i < view->count; i++) {
		const struct fact_server *server = view->all[i];
		if (view->is_fresh[i] || view->is_victim[i])
			continue;
		int rank = !serves(view, i) ? 0 : server->member == FACT_NO_MEMBER ? 1 : 2;
		if (found == view->count || rank < found_rank ||
		    (rank == found_rank && server->created_ns < view->all[found]->created_ns)) {
			found = i;
			found_rank = rank;
		}
	}
	return found;
}

/* Whether all wanted ones serve, and so none of the old ones is needed. */
static bool is_replaced(const struct pod_view *view)
{
	size_t serving = 0;

	for (size_t i = 0; i < view->count; i++)
		serving += view->is_fresh[i] && serves(view, i);
	return serving >= view->replicas;
}

/* How many must serve at any time; the last one goes only where nothing may be added before it. */
static size_t least_serving(const struct wanted_pod *pod)
{
	size_t least = pod->replicas > pod->unavailable ? pod->replicas - pod->unavailable : 0;
	return least == 0 && pod->replicas > 0 && pod->surge > 0 ? 1 : least;
}

static void choose_victims(struct pod_view *view)
{
	bool is_all = view->pod == NULL || view->pod->is_old_first || is_replaced(view);
	size_t least = is_all ? 0 : least_serving(view->pod);
	size_t serving = 0;

	for (size_t i = 0; i < view->count; i++)
		serving += serves(view, i);
	for (size_t i = next_victim(view); i < view->count; i = next_victim(view)) {
		bool is_serving = serves(view, i);
		if (!is_all && is_serving && serving <= least)
			return;
		view->is_victim[i] = true;
		serving -= is_serving;
	}
}

/* The members that should be, when they are others than those that are. None is left without any. */
static void set_members(const struct pod_view *view, struct release_steps *ret)
{
	AUTO(string_list_clear) struct string_list members = STRING_LIST_INIT;
	bool is_different = false;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < view->count; i++) {
			const struct fact_server *server = view->all[i];
			if (view->is_fresh[i] != (pass == 0))
				continue;
			bool is_wanted = server->state == FACT_READY && !server->is_going &&
					 !view->is_victim[i] &&
					 (view->is_fresh[i] || server->member != FACT_NO_MEMBER);
			if (is_wanted)
				string_list_add(&members, server->id);
			is_different =
				is_different ||
				(is_wanted && view->is_fresh[i] && server->member != FACT_MEMBER) ||
				(!is_wanted && server->member != FACT_NO_MEMBER &&
				 (server->state != FACT_STARTING || view->is_victim[i]));
		}
	bool may_be_empty =
		view->replicas == 0 || view->pod->is_old_first || least_serving(view->pod) == 0;
	if (!is_different || (members.count == 0 && !may_be_empty))
		return;
	struct release_step *step = add(ret, RELEASE_MEMBERS, view->name, NULL);
	step->members = members;
	members = (struct string_list){0};
}

static void remove_victims(const struct pod_view *view, struct release_steps *ret)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct fact_server *server = view->all[i];
		if (view->is_victim[i] && !server->is_going)
			add(ret, server->can_stop ? RELEASE_STOP : RELEASE_DELETE, view->name,
			    server->id);
	}
}

static bool are_volumes_free(const struct pod_view *view)
{
	for (size_t i = 0; i < view->pod->claim_count; i++) {
		const struct fact_volume *volume =
			release_facts_volume(view->facts, view->pod->claims[i].claim);
		if (volume == NULL || !volume->is_free)
			return false;
	}
	return true;
}

static void create(const struct pod_view *view, struct release_steps *ret)
{
	size_t old = 0;
	size_t there = view->count; /* a quota counts what is on its way out, too */

	for (size_t i = 0; i < view->count; i++)
		old += !view->is_fresh[i];
	if (view->pod->is_old_first && (old > 0 || !are_volumes_free(view)))
		return;
	size_t most = view->replicas + view->pod->surge;
	if (view->pod->surge == 0 && view->pod->unavailable == 0)
		most++;
	for (uint32_t n = 0; n < view->replicas && there < most; n++) {
		AUTO_FREE char *name = wanted_server_name(view->wanted, view->pod, n);
		if (has_server_named(view, name))
			continue;
		add(ret, RELEASE_CREATE, view->name, NULL)->name = TAKE_PTR(name);
		there++;
	}
}

/* True when nothing is left to do for the pod. */
static bool step_pod(struct pod_view *view, struct release_steps *ret)
{
	size_t before = ret->count;

	look(view);
	for (size_t i = 0; i < view->count; i++)
		if (view->is_fresh[i] &&
		    (view->all[i]->state == FACT_FAILED || view->all[i]->state == FACT_STOPPED)) {
			ret->verdict = RELEASE_FAILED;
			ret->failed = view->all[i];
			return false;
		}
	choose_victims(view);
	set_members(view, ret);
	remove_victims(view, ret);
	if (view->pod != NULL)
		create(view, ret);
	return ret->count == before && view->count == view->replicas &&
	       count_fresh(view, FACT_READY) == view->replicas && is_replaced(view);
}

/* --- ports ---------------------------------------------------------------------------------- */

static bool is_name_taken(const struct release_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->server_count; i++)
		if (strcmp(facts->servers[i].name, name) == 0)
			return true;
	return false;
}

static bool is_name_wanted(const struct wanted *wanted, const struct fact_port *port)
{
	const struct wanted_pod *pod = wanted_find(wanted, port->pod);

	for (uint32_t n = 0; pod != NULL && n < pod->replicas; n++) {
		AUTO_FREE char *name = wanted_server_name(wanted, pod, n);
		if (strcmp(name, port->name) == 0)
			return true;
	}
	return false;
}

/* Another of that name that is the one to be kept: what is used, then the smaller id. */
static bool has_twin(const struct release_facts *facts, const struct fact_port *port)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const struct fact_port *other = &facts->ports[i];
		if (other != port && strcmp(other->name, port->name) == 0 &&
		    (other->is_used || strcmp(other->id, port->id) < 0))
			return true;
	}
	return false;
}

static bool has_used_twin(const struct release_facts *facts, const struct fact_port *port)
{
	for (size_t i = 0; i < facts->port_count; i++)
		if (facts->ports[i].is_used && strcmp(facts->ports[i].name, port->name) == 0)
			return true;
	return false;
}

/* A port is made before its server, and is free for a moment when that is made. */
static void remove_ports(const struct release_facts *facts, const struct wanted *wanted,
			 struct release_steps *ret)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const struct fact_port *port = &facts->ports[i];
		if (port->is_used)
			continue;
		bool is_left = is_name_taken(facts, port->name)
				       ? has_used_twin(facts, port)
				       : !is_name_wanted(wanted, port) || has_twin(facts, port);
		if (is_left)
			add(ret, RELEASE_DELETE_PORT, port->pod, port->id);
	}
}

/* --- all pods ------------------------------------------------------------------------------- */

/* Those that are not wanted any more, each once. */
static bool step_unwanted(const struct release_facts *facts, const struct wanted *wanted,
			  struct release_steps *ret)
{
	AUTO(string_list_clear) struct string_list told = STRING_LIST_INIT;
	bool is_done = true;

	for (size_t i = 0; i < facts->server_count; i++) {
		const char *name = facts->servers[i].pod;
		if (wanted_find(wanted, name) != NULL || string_list_has(&told, name))
			continue;
		AUTO(pod_view_clear)
		struct pod_view view = {.facts = facts, .wanted = wanted, .name = name};
		string_list_add(&told, name);
		is_done = step_pod(&view, ret) && is_done;
	}
	return is_done;
}

void release_step_next(const struct release_facts *facts, const struct wanted *wanted,
		       struct release_steps *ret)
{
	bool is_done = true;

	*ret = (struct release_steps){0};
	for (size_t i = 0; i < wanted->pod_count && ret->verdict != RELEASE_FAILED; i++) {
		const struct wanted_pod *pod = &wanted->pods[i];
		AUTO(pod_view_clear)
		struct pod_view view = {.facts = facts,
					.wanted = wanted,
					.name = pod->name,
					.pod = pod,
					.replicas = pod->replicas};
		is_done = step_pod(&view, ret) && is_done;
	}
	if (ret->verdict == RELEASE_FAILED) {
		const struct fact_server *failed = ret->failed;
		release_steps_clear(ret);
		*ret = (struct release_steps){.verdict = RELEASE_FAILED, .failed = failed};
		return;
	}
	/* What serves somebody goes only when all that is to stand does. */
	if (is_done)
		is_done = step_unwanted(facts, wanted, ret);
	remove_ports(facts, wanted, ret);
	if (is_done && ret->count == 0)
		ret->verdict = RELEASE_DONE;
}
