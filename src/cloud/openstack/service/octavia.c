/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/octavia.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cloud/openstack/place/scope_mark.h"
#include "cloud/patience.h"

#define PATH	  "/lbaas/loadbalancers"
#define LISTENERS "/lbaas/listeners"
#define TIMEOUT	  (UINT64_C(10) * 60 * 1000) /* a balancer that is a VM of its own takes minutes */

/* --- documents ------------------------------------------------------------------------------ */

static const char *protocol_of(const struct service_front_port *port)
{
	return port->protocol == PROTOCOL_UDP ? "UDP" : "TCP";
}

/* "tcp-80" */
static char *name_of(const struct service_front_port *port)
{
	return xasprintf("%s-%u", port->protocol == PROTOCOL_UDP ? "udp" : "tcp", port->port);
}

static void write_pool(struct json_writer *json, const char *key, const char *listener,
		       const struct service_front *front, const struct service_front_port *port,
		       const char *provider)
{
	AUTO_FREE char *name = name_of(port);
	bool is_ovn = strcmp(provider, "ovn") == 0;

	json_open_object(json, key);
	json_write_text(json, "name", name);
	json_write_text_if(json, "listener_id", listener);
	json_write_text(json, "protocol", protocol_of(port));
	json_write_text(json, "lb_algorithm", is_ovn ? "SOURCE_IP_PORT" : "ROUND_ROBIN");
	if (front->is_sticky) {
		json_open_object(json, "session_persistence");
		json_write_text(json, "type", "SOURCE_IP");
		json_close(json);
	}
	json_close(json);
}

static void write_listener(struct json_writer *json, const char *balancer,
			   const struct service_front_port *port)
{
	AUTO_FREE char *name = name_of(port);

	json_write_text(json, "name", name);
	json_write_text_if(json, "loadbalancer_id", balancer);
	json_write_text(json, "protocol", protocol_of(port));
	json_write_number(json, "protocol_port", port->port);
}

char *octavia_document(const struct cloud_scope *scope, const struct service_front *front,
		       const char *provider, const char *network)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *rest = xasprintf("service=%s", front->service);
	AUTO_FREE char *mark = scope_mark(scope, rest);
	AUTO_FREE char *name = xasprintf("%s-%s", scope->name, front->service);

	json_open_object(&json, NULL);
	json_open_object(&json, "loadbalancer");
	json_write_text(&json, "name", name);
	json_write_text(&json, "description", mark);
	json_write_text(&json, "provider", provider);
	json_write_text(&json, "vip_network_id", network);
	json_open_list(&json, "listeners");
	for (size_t i = 0; i < front->port_count; i++) {
		json_open_object(&json, NULL);
		write_listener(&json, NULL, &front->ports[i]);
		write_pool(&json, "default_pool", NULL, front, &front->ports[i], provider);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

char *octavia_listener_document(const char *balancer, const struct service_front_port *port)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, "listener");
	write_listener(&json, balancer, port);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

char *octavia_pool_document(const char *listener, const struct service_front *front,
			    const struct service_front_port *port, const char *provider)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	write_pool(&json, "pool", listener, front, port, provider);
	json_close(&json);
	return strbuf_take(&out);
}

/* Members of other pods as they are, and these. */
static char *members_document(const struct octavia_balancer *balancer,
			      const struct octavia_listener *listener, const char *pod,
			      uint16_t target, const struct string_list *addresses)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_open_list(&json, "members");
	for (size_t i = 0; i < listener->member_count; i++) {
		const struct octavia_member *member = &listener->members[i];
		if (member->pod == NULL || strcmp(member->pod, pod) == 0)
			continue;
		json_open_object(&json, NULL);
		json_write_text(&json, "name", member->pod);
		json_write_text(&json, "address", member->address);
		json_write_number(&json, "protocol_port", member->port);
		json_write_text_if(&json, "subnet_id", balancer->subnet);
		json_close(&json);
	}
	for (size_t i = 0; i < addresses->count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "name", pod);
		json_write_text(&json, "address", addresses->items[i]);
		json_write_number(&json, "protocol_port", target);
		json_write_text_if(&json, "subnet_id", balancer->subnet);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- calls ---------------------------------------------------------------------------------- */

/* *ret: its status, owned; NULL: there is no such balancer. */
static bool look(struct openstack_client *client, const char *id, char **ret, struct error *err)
{
	AUTO_FREE char *path = xasprintf(PATH "/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {.service = &OPENSTACK_BALANCER, .path = path};

	*ret = NULL;
	if (!openstack_client_call(client, &call, &answer, &failure))
		return answer.status == 404 || error_move(err, &failure);
	AUTO_PTR(json_document)
	struct json_document *document = openstack_answer_json(&answer, path, err);
	if (document == NULL)
		return false;
	struct json_view view = json_view_require(json_document_root(document), "loadbalancer");
	*ret = json_view_text(json_view_require(view, "provisioning_status"));
	return json_document_check(document, err);
}

/* Until it is ACTIVE, or with is_going until it is no more. */
static bool wait_for(struct openstack_client *client, const char *id, bool is_going,
		     const struct progress *progress, struct error *err)
{
	static const struct backoff law = {300, 5000, 150};
	uint64_t end = clock_monotonic_ms() + TIMEOUT;

	for (unsigned i = 0; clock_monotonic_ms() < end; i++) {
		AUTO_FREE char *status = NULL;
		if (!look(client, id, &status, err))
			return false;
		bool is_gone = status == NULL || strcmp(status, "DELETED") == 0;
		if (is_going ? is_gone : !is_gone && strcmp(status, "ACTIVE") == 0)
			return true;
		if (is_gone)
			return error_set(err, ERROR_NOT_FOUND, "load balancer %s was taken away",
					 id);
		if (strcmp(status, "ERROR") == 0) {
			error_set(err, ERROR_SYSTEM, "load balancer %s is in state ERROR", id);
			return error_hint(err,
					  "openstack loadbalancer show %s; it says why, or its "
					  "operator can; delete it, then promote again",
					  id);
		}
		if (!patience_wait_ms(backoff_ms(&law, i), progress, err))
			return false;
	}
	return error_set(err, ERROR_TIMEOUT, "load balancer %s does not come to rest", id);
}

/* A change, which ends with the balancer ACTIVE again. 404 of a DELETE: it is gone already. */
static bool change(struct openstack_client *client, const char *balancer, const char *method,
		   const char *path, const char *body, const struct progress *progress,
		   struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_BALANCER, .method = method, .path = path, .json = body};

	if (!wait_for(client, balancer, false, progress, err))
		return false;
	if (!openstack_client_call(client, &call, &answer, &failure) &&
	    (answer.status != 404 || strcmp(method, "DELETE") != 0))
		return error_move(err, &failure);
	return wait_for(client, balancer, false, progress, err);
}

bool octavia_make(struct openstack_client *client, const struct cloud_scope *scope,
		  const struct service_front *front, const char *provider, const char *network,
		  const struct progress *progress, struct error *err)
{
	AUTO_FREE char *body = octavia_document(scope, front, provider, network);

	return octavia_create(client, body, progress, err) ||
	       error_prefix(err, "service '%s'", front->service);
}

bool octavia_create(struct openstack_client *client, const char *body,
		    const struct progress *progress, struct error *err)
{
	const struct openstack_call call = {
		.service = &OPENSTACK_BALANCER, .method = "POST", .path = PATH, .json = body};
	AUTO_PTR(json_document)
	struct json_document *made = openstack_client_ask(client, &call, err);

	if (made == NULL)
		return false;
	AUTO_FREE char *id = json_view_text(json_view_require(
		json_view_require(json_document_root(made), "loadbalancer"), "id"));
	return json_document_check(made, err) && wait_for(client, id, false, progress, err);
}

bool octavia_add_listener(struct openstack_client *client, const struct octavia_balancer *balancer,
			  const struct service_front_port *port, const struct progress *progress,
			  struct error *err)
{
	AUTO_FREE char *body = octavia_listener_document(balancer->id, port);

	return change(client, balancer->id, "POST", LISTENERS, body, progress, err);
}

bool octavia_add_pool(struct openstack_client *client, const struct octavia_balancer *balancer,
		      const struct octavia_listener *listener, const struct service_front *front,
		      const struct service_front_port *port, const char *provider,
		      const struct progress *progress, struct error *err)
{
	AUTO_FREE char *body = octavia_pool_document(listener->id, front, port, provider);

	return change(client, balancer->id, "POST", "/lbaas/pools", body, progress, err);
}

bool octavia_remove_port(struct openstack_client *client, const struct octavia_balancer *balancer,
			 const struct octavia_listener *listener, const struct progress *progress,
			 struct error *err)
{
	AUTO_FREE char *path = xasprintf(LISTENERS "/%s", listener->id);

	if (!change(client, balancer->id, "DELETE", path, NULL, progress, err))
		return false;
	if (listener->pool == NULL)
		return true;
	AUTO_FREE char *pool = xasprintf("/lbaas/pools/%s", listener->pool);
	return change(client, balancer->id, "DELETE", pool, NULL, progress, err);
}

/* Whether the pod's members are these already. */
static bool is_so(const struct octavia_listener *listener, const char *pod, uint16_t target,
		  const struct string_list *addresses)
{
	size_t found = 0;

	for (size_t i = 0; i < listener->member_count; i++) {
		const struct octavia_member *member = &listener->members[i];
		if (member->pod != NULL && strcmp(member->pod, pod) != 0)
			continue;
		if (member->pod == NULL || member->port != target ||
		    !string_list_has(addresses, member->address))
			return false;
		found++;
	}
	return found == addresses->count;
}

bool octavia_set_members(struct openstack_client *client, const struct octavia_balancer *balancer,
			 const struct octavia_listener *listener, const char *pod, uint16_t target,
			 const struct string_list *addresses, const struct progress *progress,
			 struct error *err)
{
	if (listener->pool == NULL)
		return error_set(err, ERROR_INVALID, "listener %s of service '%s' has no pool",
				 listener->id, balancer->service);
	if (is_so(listener, pod, target, addresses))
		return true;
	AUTO_FREE char *path = xasprintf("/lbaas/pools/%s/members", listener->pool);
	AUTO_FREE char *body = members_document(balancer, listener, pod, target, addresses);
	return change(client, balancer->id, "PUT", path, body, progress, err);
}

bool octavia_delete(struct openstack_client *client, const char *id,
		    const struct progress *progress, struct error *err)
{
	AUTO_FREE char *path = xasprintf(PATH "/%s?cascade=true", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_BALANCER, .method = "DELETE", .path = path};
	static const struct backoff law = {500, 5000, 150};
	uint64_t end = clock_monotonic_ms() + TIMEOUT;

	/* 409: something of it is still on its way. One in state ERROR can be deleted. */
	for (unsigned i = 0;; i++) {
		error_clear(&failure);
		if (openstack_client_call(client, &call, &answer, &failure) || answer.status == 404)
			return wait_for(client, id, true, progress, err);
		if (answer.status != 409 || clock_monotonic_ms() > end)
			return error_move(err, &failure);
		if (!patience_wait_ms(backoff_ms(&law, i), progress, err))
			return false;
	}
}
