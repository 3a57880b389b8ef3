/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/status_openstack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/service/services.h"

/*
 * Nova's word, in the neutral ones where there is one; of a server that runs, what it says when that is not
 * that it is ready. Owned.
 */
static char *state_of(const struct server *server, const struct console_state *state)
{
	static const char *const words[][2] = {{"BUILD", "pending"},
					       {"SHUTOFF", "stopped"},
					       {"DELETED", "terminated"},
					       {"SOFT_DELETED", "terminated"}};
	static const char *const said[CONSOLE_EVENTS] = {[CONSOLE_UNREADY] = "unready",
							 [CONSOLE_DONE] = "done",
							 [CONSOLE_FAILED] = "failed"};

	if (strcmp(server->status, "ACTIVE") == 0)
		return xstrdup(state->has_state && said[state->state] != NULL ? said[state->state]
									      : "running");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(server->status, words[i][0]) == 0)
			return xstrdup(words[i][1]);
	char *other = xstrdup(server->status);
	for (char *at = other; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return other;
}

static void add_instance(const struct server *server, const struct console_state *state,
			 struct cloud_status *ret)
{
	*ARRAY_APPEND(ret->instances, ret->instance_count) = (struct cloud_instance){
		.id = xstrdup(server->id),
		.pod = xstrdup(server->pod),
		.state = state_of(server, state),
		.image = xstrdup(server->image),
		.image_digest = xstrdup_or_null(server->image_digest),
		.booted_digest = state->has_booted ? xstrdup(DIGEST_TEXT(&state->booted)) : NULL,
		.address = xstrdup_or_null(server->address),
		.launched_ns = server->created_ns,
	};
}

/* Of the pod, the youngest; NULL: it has none. */
static const struct server *youngest(const struct server_list *servers, const char *pod)
{
	const struct server *found = NULL;

	for (size_t i = 0; i < servers->count; i++) {
		const struct server *one = &servers->items[i];
		if (strcmp(one->pod, pod) == 0 &&
		    (found == NULL || one->created_ns > found->created_ns))
			found = one;
	}
	return found;
}

static struct cloud_pod_status *find_pod(struct cloud_status *status, const char *name)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (strcmp(status->pods[i].name, name) == 0)
			return &status->pods[i];
	return NULL;
}

static void add_pod(const struct server_list *servers, const char *name, struct cloud_status *ret)
{
	const struct server *newest = youngest(servers, name);
	struct cloud_pod_status *pod = ARRAY_APPEND(ret->pods, ret->pod_count);

	*pod = (struct cloud_pod_status){
		.name = xstrdup(name),
		.image_digest = xstrdup_or_null(newest->image_digest),
		.config_digest = xstrdup_or_null(newest->config_digest),
		.receipt_tag = xstrdup_or_null(newest->receipt),
	};
}

/* A release is under way while a server is built, or a pod has servers of two. */
static bool is_changing(const struct server_list *servers, const struct server *server)
{
	const struct server *newest = youngest(servers, server->pod);
	bool has_releases = server->release != NULL && newest->release != NULL;

	return strcmp(server->status, "BUILD") == 0 ||
	       (has_releases && strcmp(server->release, newest->release) != 0);
}

void openstack_status_of(const struct server_list *servers, const struct console_state *states,
			 struct cloud_status *ret)
{
	for (size_t i = 0; i < servers->count; i++) {
		const struct server *server = &servers->items[i];
		add_instance(server, &states[i], ret);
		if (find_pod(ret, server->pod) == NULL)
			add_pod(servers, server->pod, ret);
		ret->is_changing = ret->is_changing || is_changing(servers, server);
		if (strcmp(server->status, "ERROR") == 0 && ret->reason == NULL)
			ret->reason = xasprintf("server %s: %s", server->name,
						server->fault != NULL ? server->fault
								      : "ERROR, without a reason");
	}
	ret->exists = servers->count > 0;
	ret->state = xstrdup(!ret->exists	   ? "absent"
			     : ret->reason != NULL ? "broken"
			     : ret->is_changing	   ? "changing"
						   : "running");
}

/* Where services are reached from outside. */
static bool add_addresses(struct openstack_client *client, const struct cloud_scope *scope,
			  struct cloud_status *ret, struct error *err)
{
	AUTO(service_fronts_clear) struct service_fronts none = {0};
	AUTO_PTR(services) struct services *services = services_new(client, scope, &none, NULL);

	if (!services_look(services, err))
		return false;
	services_status(services, ret);
	return true;
}

bool openstack_status(struct cloud *cloud, const struct cloud_scope *scope,
		      struct cloud_status *ret, struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(server_list_clear) struct server_list servers = {0};

	if (!server_list_of(client, scope, &servers, err))
		return false;
	AUTO_FREE struct console_state *states = xcalloc(servers.count + 1, sizeof(*states));
	for (size_t i = 0; i < servers.count; i++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		/* A cloud may keep consoles from its users: then nobody knows. */
		if (!server_state(client, &servers.items[i], &states[i], &failure))
			log_verbose("what the server says of itself is not known: %s",
				    failure.message);
	}
	AUTO(cloud_status_clear) struct cloud_status out = {.name = xstrdup(scope->name)};
	openstack_status_of(&servers, states, &out);
	if (!add_addresses(client, scope, &out, err))
		return false;
	*ret = out;
	out = (struct cloud_status){0};
	return true;
}
