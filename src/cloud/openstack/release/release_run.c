/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/release_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "cloud/openstack/release/document_template.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/release_look.h"
#include "cloud/openstack/server/port.h"
#include "cloud/openstack/server/server.h"
#include "cloud/patience.h"

#define LOOK_MS	  2000
#define MOST_LOST 5
#define STUCK_MS  (20 * 60 * 1000)

void release_run_clear(struct release_run *run)
{
	string_list_clear(&run->earlier);
	for (size_t i = 0; i < run->watch_count; i++)
		free(run->watches[i].id);
	free(run->watches);
	run->watches = NULL;
	run->watch_count = 0;
	run->has_looked = false;
}

/* --- one step ------------------------------------------------------------------------------- */

/* The free port of that name, or a new one. *ret owned. */
static bool find_port(struct release_run *run, const struct release_facts *facts,
		      const struct wanted_pod *pod, const char *name, char **ret, struct error *err)
{
	const struct fact_port *found = NULL;
	AUTO(string_list_clear) struct string_list groups = STRING_LIST_INIT;
	struct server_port made = {0};

	for (size_t i = 0; i < facts->port_count; i++) {
		const struct fact_port *port = &facts->ports[i];
		if (!port->is_used && strcmp(port->name, name) == 0 &&
		    (found == NULL || strcmp(port->id, found->id) < 0))
			found = port;
	}
	if (found != NULL) {
		*ret = xstrdup(found->id);
		return true;
	}
	string_list_copy(&groups, &run->wanted->groups);
	run->services->groups(run->services->arg, pod->name, &groups);
	const struct server_port_request request = {.scope = run->scope,
						    .name = name,
						    .pod = pod->name,
						    .release = pod->key,
						    .network = run->wanted->network,
						    .groups = &groups};
	if (!server_port_create(run->client, &request, &made, err))
		return false;
	*ret = xstrdup(made.id);
	server_port_clear(&made);
	return true;
}

static bool collect(struct release_run *run, const struct release_facts *facts,
		    const struct wanted_pod *pod, struct string_list *addresses,
		    struct string_list *volumes, struct error *err)
{
	for (size_t i = 0; i < run->wanted->addressed.count; i++) {
		const char *service = run->wanted->addressed.items[i];
		const char *address = run->services->address(run->services->arg, service);
		if (address == NULL)
			return error_set(err, ERROR_NOT_FOUND, "service '%s' has no address yet",
					 service);
		string_list_add(addresses, address);
	}
	for (size_t i = 0; i < pod->claim_count; i++) {
		const struct fact_volume *volume =
			release_facts_volume(facts, pod->claims[i].claim);
		if (volume == NULL)
			return error_set(err, ERROR_NOT_FOUND, "claim '%s' has no volume",
					 pod->claims[i].claim);
		string_list_add(volumes, volume->id);
	}
	return true;
}

static bool create(struct release_run *run, const struct release_facts *facts,
		   const struct release_step *step, struct error *err)
{
	const struct wanted_pod *pod = wanted_find(run->wanted, step->pod);
	AUTO(string_list_clear) struct string_list addresses = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list volumes = STRING_LIST_INIT;
	AUTO_FREE char *port = NULL;
	AUTO_FREE char *id = NULL;
	char key[SERVER_CONSOLE_KEY_SIZE];

	if (!collect(run, facts, pod, &addresses, &volumes, err) ||
	    !find_port(run, facts, pod, step->name, &port, err))
		return false;
	server_console_key(key);
	const struct template_values values = {key, &addresses, &volumes};
	AUTO_FREE char *data = template_fill(pod->document, &values);
	const struct server_request request = {
		.scope = run->scope,
		.name = step->name,
		.pod = pod->name,
		.release = pod->key,
		.id = pod->id,
		.receipt = pod->receipt,
		.console_key = key,
		.image = pod->image,
		.flavor = pod->flavor,
		.port = port,
		.user_data = data,
		.volumes = &volumes,
		.availability_zone = run->wanted->availability_zone,
		.key_pair = run->wanted->key_pair,
		.has_config_drive = true,
	};
	return server_create(run->client, &request, &id, err);
}

static const struct fact_server *find_server(const struct release_facts *facts, const char *id)
{
	for (size_t i = 0; i < facts->server_count; i++)
		if (strcmp(facts->servers[i].id, id) == 0)
			return &facts->servers[i];
	return NULL;
}

static bool set_members(struct release_run *run, const struct release_facts *facts,
			const struct release_step *step, struct error *err)
{
	AUTO(string_list_clear) struct string_list addresses = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list ports = STRING_LIST_INIT;

	for (size_t i = 0; i < step->members.count; i++) {
		const struct fact_server *server = find_server(facts, step->members.items[i]);
		if (server == NULL || server->address == NULL || server->port == NULL)
			continue;
		string_list_add(&addresses, server->address);
		string_list_add(&ports, server->port);
	}
	return run->services->set_members(run->services->arg, step->pod, &addresses, &ports, err);
}

static const char *name_of(const struct release_facts *facts, const struct release_step *step)
{
	const struct fact_server *server = step->id != NULL ? find_server(facts, step->id) : NULL;

	if (step->name != NULL)
		return step->name;
	return server != NULL ? server->name : step->pod;
}

static bool do_step(struct release_run *run, const struct release_facts *facts,
		    const struct release_step *step, struct error *err)
{
	static const char *const words[] = {
		[RELEASE_MEMBERS] = "who is ready gets its visitors",
		[RELEASE_CREATE] = "a server is started",
		[RELEASE_STOP] = "the server is stopped",
		[RELEASE_DELETE] = "the server is deleted",
		[RELEASE_DELETE_PORT] = "a port is deleted",
	};

	progress_note(run->progress, name_of(facts, step), words[step->action]);
	switch (step->action) {
	case RELEASE_MEMBERS:
		return set_members(run, facts, step, err);
	case RELEASE_CREATE:
		return create(run, facts, step, err);
	case RELEASE_STOP:
		return server_stop(run->client, step->id, err);
	case RELEASE_DELETE:
		return server_delete(run->client, step->id, err);
	case RELEASE_DELETE_PORT:
		return server_port_delete(run->client, step->id, err);
	}
	return true;
}

/* --- the loop ------------------------------------------------------------------------------- */

/* An answer that was lost says nothing: the next look does. */
static bool may_look_again(struct release_run *run, const struct error *failure)
{
	bool is_lost = failure->kind == ERROR_NETWORK || failure->kind == ERROR_TIMEOUT;

	if (!is_lost || run->lost >= MOST_LOST)
		return false;
	run->lost++;
	log_verbose("%s: looked again", failure->message);
	return true;
}

static bool do_steps(struct release_run *run, const struct release_facts *facts,
		     const struct release_steps *steps, struct error *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		if (progress_is_cancelled(run->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		if (do_step(run, facts, &steps->items[i], &failure))
			continue;
		/* What comes after it in the same look counts on it. */
		return may_look_again(run, &failure) || error_move(err, &failure);
	}
	return true;
}

/* Of two who promote at once the later goes on. */
static bool check_alone(const struct release_run *run, struct error *err)
{
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	if (run->record == 0)
		return true;
	if (!glance_record_list_of(run->client, run->scope, &list, err))
		return false;
	if (glance_record_newest(&list) <= run->record)
		return true;
	error_set(err, ERROR_BUSY, "release %u is being promoted by somebody else",
		  glance_record_newest(&list));
	return error_hint(err, "i2kit releases; i2kit status");
}

static bool say_failed(const struct fact_server *server, struct error *err)
{
	error_set(err, ERROR_INVALID, "pod '%s': server %s: %s", server->pod, server->name,
		  server->reason != NULL ? server->reason : "it failed");
	return error_hint(err, "openstack console log show %s", server->id);
}

/* *ret_done: it is what is wanted. *ret_moved: something was done. */
static bool turn(struct release_run *run, bool *ret_done, bool *ret_moved, struct error *err)
{
	AUTO(release_facts_clear) struct release_facts facts = {0};
	AUTO(release_steps_clear) struct release_steps steps = {0};

	if (!check_alone(run, err) || !release_look(run, &facts, err))
		return false;
	release_step_next(&facts, run->wanted, &steps);
	run->has_failed = steps.verdict == RELEASE_FAILED;
	if (run->has_failed)
		return say_failed(steps.failed, err);
	*ret_done = steps.verdict == RELEASE_DONE;
	*ret_moved = steps.count > 0;
	return do_steps(run, &facts, &steps, err);
}

bool release_run(struct release_run *run, struct error *err)
{
	uint64_t moved_ms = clock_monotonic_ms();

	for (;;) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_done = false;
		bool has_moved = false;
		if (!turn(run, &is_done, &has_moved, &failure) &&
		    (run->has_failed || !may_look_again(run, &failure)))
			return error_move(err, &failure);
		if (is_done)
			return true;
		if (has_moved)
			moved_ms = clock_monotonic_ms();
		else if (clock_monotonic_ms() - moved_ms > STUCK_MS + run->patience_ms)
			return error_set(err, ERROR_TIMEOUT,
					 "%s: nothing changes any more; what is there goes on "
					 "running",
					 run->scope->name);
		if (!patience_wait_ms(LOOK_MS, run->progress, err))
			return false;
	}
}
