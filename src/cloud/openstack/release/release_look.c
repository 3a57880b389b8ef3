/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/release_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cloud/openstack/server/port.h"
#include "cloud/openstack/server/server.h"
#include "cloud/openstack/volume/cinder.h"

/* --- servers -------------------------------------------------------------------------------- */

static bool is_status(const struct server *server, const char *status)
{
	return strcmp(server->status, status) == 0;
}

static void fail(struct fact_server *fact, char *reason)
{
	fact->state = FACT_FAILED;
	free(fact->reason);
	fact->reason = reason;
}

static void take_console(const struct server *server, const struct console_state *said,
			 struct fact_server *fact)
{
	struct digest image = {0};

	if (said->has_state && said->state == CONSOLE_READY)
		fact->state = FACT_READY;
	else if (said->has_state && said->state == CONSOLE_FAILED)
		fail(fact, xstrdup("it says that it failed: i2kit logs"));
	else if (said->has_state && said->state == CONSOLE_DONE)
		fail(fact, xstrdup("its containers ended"));
	if (said->has_booted && server->image_digest != NULL &&
	    digest_parse(server->image_digest, &image) && !digest_equal(&image, &said->booted))
		fail(fact, xasprintf("it booted %s, which is not its release",
				     DIGEST_TEXT(&said->booted)));
}

void release_fact_of(const struct server *server, const struct console_state *said,
		     struct fact_server *ret)
{
	const char *task = server->task != NULL ? server->task : "";

	*ret = (struct fact_server){
		.id = xstrdup(server->id),
		.name = xstrdup(server->name),
		.pod = xstrdup(server->pod),
		.key = xstrdup(server->release != NULL ? server->release : ""),
		.address = xstrdup_or_null(server->address),
		.created_ns = server->created_ns,
		.can_stop = is_status(server, "ACTIVE"),
		.is_going = strcmp(task, "deleting") == 0 || strcmp(task, "powering-off") == 0 ||
			    strcmp(task, "soft-deleting") == 0,
	};
	if (is_status(server, "ERROR"))
		fail(ret, xasprintf("OpenStack could not start it: %s",
				    server->fault != NULL ? server->fault : "no reason given"));
	else if (is_status(server, "SHUTOFF")) {
		ret->state = FACT_STOPPED;
		ret->reason = xstrdup("it turned itself off");
	} else if (is_status(server, "ACTIVE"))
		take_console(server, said, ret);
}

/* Owned by the run; made when it is first seen. */
static uint64_t seen_since(struct release_run *run, const char *id)
{
	for (size_t i = 0; i < run->watch_count; i++)
		if (strcmp(run->watches[i].id, id) == 0)
			return run->watches[i].since_ms;
	struct release_watch *watch = ARRAY_APPEND(run->watches, run->watch_count);
	*watch = (struct release_watch){xstrdup(id), clock_monotonic_ms()};
	return watch->since_ms;
}

static const struct server_port *find_port(const struct server_port_list *ports, const char *device)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->items[i].device != NULL && strcmp(ports->items[i].device, device) == 0)
			return &ports->items[i];
	return NULL;
}

static bool look_at(struct release_run *run, const struct server *server,
		    const struct server_port_list *ports, struct release_facts *facts,
		    struct error *err)
{
	const struct release_services *services = run->services;
	const struct server_port *port = find_port(ports, server->id);
	struct console_state said = {0};

	if (is_status(server, "ACTIVE") && !server_state(run->client, server, &said, err))
		return false;
	struct fact_server *fact = ARRAY_APPEND(facts->servers, facts->server_count);
	release_fact_of(server, &said, fact);
	fact->is_earlier = string_list_has(&run->earlier, server->id);
	if (port != NULL) {
		fact->port = xstrdup(port->id);
		if (fact->address == NULL)
			fact->address = xstrdup_or_null(port->address);
	}
	if (services != NULL && fact->address != NULL && fact->port != NULL)
		fact->member =
			services->member(services->arg, fact->pod, fact->address, fact->port);
	/* What is a member was ready: an old console does not have its line any more. */
	bool was_ready = fact->member != FACT_NO_MEMBER && services != NULL && fact->is_earlier;
	if (fact->state == FACT_STARTING && fact->can_stop && !said.has_state && was_ready)
		fact->state = FACT_READY;
	uint64_t age = clock_monotonic_ms() - seen_since(run, server->id);
	if (fact->state == FACT_STARTING && age > run->patience_ms)
		fail(fact, xasprintf("it was not ready within %llu s",
				     (unsigned long long)(run->patience_ms / 1000)));
	return true;
}

static bool look_at_servers(struct release_run *run, const struct server_port_list *ports,
			    struct release_facts *facts, struct error *err)
{
	AUTO(server_list_clear) struct server_list list = {0};

	if (!server_list_of(run->client, run->scope, &list, err))
		return false;
	for (size_t i = 0; i < list.count && !run->has_looked; i++)
		string_list_add(&run->earlier, list.items[i].id);
	run->has_looked = true;
	for (size_t i = 0; i < list.count; i++)
		if (!look_at(run, &list.items[i], ports, facts, err))
			return false;
	return true;
}

/* --- the rest ------------------------------------------------------------------------------- */

static void take_ports(const struct server_port_list *list, struct release_facts *facts)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct server_port *port = &list->items[i];
		*ARRAY_APPEND(facts->ports, facts->port_count) = (struct fact_port){
			.id = xstrdup(port->id),
			.name = xstrdup(port->name),
			.pod = xstrdup(port->pod != NULL ? port->pod : ""),
			.is_used = port->device != NULL,
		};
	}
}

static bool has_claims(const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->pod_count; i++)
		if (wanted->pods[i].claim_count > 0)
			return true;
	return false;
}

static bool look_at_volumes(struct release_run *run, struct release_facts *facts, struct error *err)
{
	AUTO(cinder_volume_list_clear) struct cinder_volume_list list = {0};

	if (!has_claims(run->wanted))
		return true;
	if (!cinder_volume_list_of(run->client, run->scope, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct cinder_volume *volume = &list.items[i];
		if (release_facts_volume(facts, volume->claim) != NULL)
			continue;
		*ARRAY_APPEND(facts->volumes, facts->volume_count) = (struct fact_volume){
			.id = xstrdup(volume->id),
			.claim = xstrdup(volume->claim),
			.is_free = strcmp(volume->status, "available") == 0,
		};
	}
	return true;
}

bool release_look(struct release_run *run, struct release_facts *ret, struct error *err)
{
	AUTO(server_port_list_clear) struct server_port_list ports = {0};
	AUTO(release_facts_clear) struct release_facts facts = {0};

	/* Servers after ports: so a port whose server is new is never taken for one that is left. */
	if ((run->services != NULL && !run->services->look(run->services->arg, err)) ||
	    !server_port_list_of(run->client, run->scope, &ports, err) ||
	    !look_at_servers(run, &ports, &facts, err) || !look_at_volumes(run, &facts, err))
		return false;
	take_ports(&ports, &facts);
	*ret = facts;
	facts = (struct release_facts){0};
	return true;
}
