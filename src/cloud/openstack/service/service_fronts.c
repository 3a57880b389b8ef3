/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/service_fronts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/kinds.h"

#define MAX_FRONTS 2000
#define MAX_PORTS  250
#define OVN	   "ovn"

static void front_clear(struct service_front *front)
{
	free(front->service);
	string_list_clear(&front->pods);
	free(front->ports);
}

void service_fronts_clear(struct service_fronts *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		front_clear(&plan->fronts[i]);
	free(plan->fronts);
	service_routes_clear(&plan->routes);
	string_list_clear(&plan->pods);
	string_list_clear(&plan->notes);
	free(plan->provider);
	free(plan->network);
	free(plan->external);
	*plan = (struct service_fronts){0};
}

const struct service_front *service_fronts_find(const struct service_fronts *plan,
						const char *service)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->fronts[i].service, service) == 0)
			return &plan->fronts[i];
	return NULL;
}

/* --- what the cloud can do ------------------------------------------------------------------ */

static bool check_ports(const struct service *service, struct error *err)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool is_tls = port->outer == SERVICE_HTTPS || port->outer == SERVICE_SSL;
		if (port->certificate == NULL && (!is_tls || port->outer == port->inner))
			continue;
		error_set(
			err, ERROR_UNSUPPORTED,
			"service '%s': port %u is to end TLS before the pod, which i2kit does not "
			"set up in OpenStack yet",
			service->name, port->port);
		return error_hint(err, "let the pod speak TLS itself, and the port be TCP");
	}
	return true;
}

/* A floating address is the server's own: its ports are the pod's, and one server has it. */
static bool check_address(const struct app *app, const struct service *service, struct error *err)
{
	const struct pod_spec *pod =
		service->pods.count == 1 ? app_find_pod(app, service->pods.items[0]) : NULL;

	if (pod == NULL || pod->replicas > 1) {
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s' leads to more than one server, and this cloud has no load "
			  "balancers (Octavia)",
			  service->name);
		return error_hint(err, "replicas: 1, or a pod of your own that balances");
	}
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		if (port->port == port->target_port)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s': this cloud has no load balancers (Octavia), so port %u "
			  "cannot lead to the pod's port %u",
			  service->name, port->port, port->target_port);
		return error_hint(err, "port: %u, or a pod that listens on %u", port->target_port,
				  port->port);
	}
	return true;
}

static bool check_service(const struct app *app, const struct openstack_places *places,
			  const struct service_fronts *plan, const struct service *service,
			  bool is_public, struct error *err)
{
	if (!check_ports(service, err))
		return false;
	if (is_public && places->external.id == NULL) {
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s' is public, and this cloud has no external network",
			  service->name);
		return error_hint(err, "type: ClusterIP; openstack network list --external");
	}
	if (plan->provider == NULL) {
		if (is_public)
			return check_address(app, service, err);
		error_set(
			err, ERROR_UNSUPPORTED,
			"service '%s' needs an address inside that outlives its servers, and this "
			"cloud has no load balancers (Octavia)",
			service->name);
		return error_hint(err, "put its containers into the pod that asks it");
	}
	if (service->has_client_ip_affinity && strcmp(plan->provider, OVN) == 0) {
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s': OVN's load balancers do not keep a client with one pod",
			  service->name);
		return error_hint(err, "sessionAffinity: None");
	}
	return true;
}

/* --- plan ----------------------------------------------------------------------------------- */

/* A group lets out whatever its pod sends, and who is to reach less must not look as if it did. */
static bool check_egress(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		if (!app->pods[i].egress.is_restricted)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': what it may reach is restricted, which i2kit does not set up "
			  "in OpenStack",
			  app->pods[i].name);
		return error_hint(err, "network: without egress, or a network of the cloud that "
				       "leads nowhere else, by provider.network");
	}
	return true;
}

/* OVN's is no machine of its own, and does all that services need; else what the cloud names first. */
static const char *choose_provider(const struct openstack_places *places)
{
	if (places->balancers.count == 0)
		return NULL;
	return string_list_has(&places->balancers, OVN) ? OVN : places->balancers.items[0];
}

static void add_front(struct service_fronts *plan, const struct service *service, bool is_public)
{
	struct service_front *front = ARRAY_APPEND(plan->fronts, plan->count);

	front->service = xstrdup(service->name);
	front->is_public = is_public;
	front->is_balanced = plan->provider != NULL;
	front->is_sticky = service->has_client_ip_affinity;
	string_list_copy(&front->pods, &service->pods);
	for (size_t i = 0; i < service->port_count; i++)
		*ARRAY_APPEND(front->ports, front->port_count) = (struct service_front_port){
			.protocol = service->ports[i].protocol,
			.port = service->ports[i].port,
			.target = service->ports[i].target_port,
		};
}

static bool add_service(const struct app *app, const struct openstack_places *places,
			const struct service *service, struct service_fronts *plan,
			struct error *err)
{
	bool is_public =
		service->kind == SERVICE_LOAD_BALANCER || service->kind == SERVICE_NODE_PORT;

	if (service->port_count == 0 || service->pods.count == 0)
		return true;
	if (service->is_implied && !is_public && plan->provider == NULL) {
		string_list_addf(&plan->notes,
				 "pod '%s' has no name inside: this cloud has no load balancers "
				 "(Octavia)",
				 service->name);
		return true;
	}
	if (!check_service(app, places, plan, service, is_public, err))
		return false;
	add_front(plan, service, is_public);
	return true;
}

bool service_fronts_make(const struct app *app, const struct openstack_places *places,
			 struct service_fronts *ret, struct error *err)
{
	AUTO(service_fronts_clear) struct service_fronts plan = {0};

	if (!check_egress(app, err) ||
	    !service_routes_make(app, places, &plan.routes, &plan.notes, err))
		return false;
	plan.provider = xstrdup_or_null(choose_provider(places));
	plan.network = xstrdup_or_null(places->network.id);
	plan.external = xstrdup_or_null(places->external.id);
	for (size_t i = 0; i < app->pod_count; i++)
		string_list_add(&plan.pods, app->pods[i].name);
	for (size_t i = 0; i < app->service_count; i++)
		if (!add_service(app, places, &app->services[i], &plan, err))
			return false;
	*ret = plan;
	plan = (struct service_fronts){0};
	return true;
}

static void add_rule(struct string_list *ret, enum protocol protocol, uint16_t port,
		     const char *from)
{
	AUTO_FREE char *rule =
		xasprintf("%s %u %s", protocol == PROTOCOL_UDP ? "udp" : "tcp", port, from);

	if (!string_list_has(ret, rule))
		string_list_add(ret, rule);
}

/* OVN's balancers are no hop: who asks is who comes. Others ask by an address of their own. */
static const char *source_of(const struct service_fronts *plan, const struct service_front *front)
{
	if (front->is_balanced && strcmp(plan->provider, OVN) != 0)
		return "network";
	return front->is_public ? "any" : "group";
}

void service_fronts_rules(const struct service_fronts *plan, const char *pod,
			  struct string_list *ret)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct service_front *front = &plan->fronts[i];
		for (size_t p = 0; p < front->port_count && string_list_has(&front->pods, pod); p++)
			add_rule(ret, front->ports[p].protocol, front->ports[p].target,
				 source_of(plan, front));
	}
	for (size_t i = 0; i < plan->routes.pool_count; i++)
		if (string_list_has(&plan->routes.pools[i].pods, pod))
			add_rule(ret, PROTOCOL_TCP, plan->routes.pools[i].target, "network");
	string_list_sort(ret);
}

/* --- record --------------------------------------------------------------------------------- */

void service_fronts_write(const struct service_fronts *plan, struct json_writer *json,
			  const char *key)
{
	json_open_object(json, key);
	json_write_text_if(json, "provider", plan->provider);
	json_write_text_if(json, "network", plan->network);
	json_write_text_if(json, "external", plan->external);
	json_write_texts(json, "pods", &plan->pods);
	service_routes_write(&plan->routes, json, "routes");
	json_open_list(json, "fronts");
	for (size_t i = 0; i < plan->count; i++) {
		const struct service_front *front = &plan->fronts[i];
		json_open_object(json, NULL);
		json_write_text(json, "service", front->service);
		json_write_texts(json, "pods", &front->pods);
		json_write_bool(json, "balanced", front->is_balanced);
		json_write_bool(json, "public", front->is_public);
		json_write_true_if(json, "sticky", front->is_sticky);
		json_open_list(json, "ports");
		for (size_t p = 0; p < front->port_count; p++) {
			json_open_object(json, NULL);
			json_write_text(json, "protocol", protocol_words[front->ports[p].protocol]);
			json_write_number(json, "port", front->ports[p].port);
			json_write_number(json, "target", front->ports[p].target);
			json_close(json);
		}
		json_close(json);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void read_front(struct json_view view, struct service_front *ret)
{
	struct json_view ports = json_view_require(view, "ports");
	size_t count = json_view_count(ports, MAX_PORTS);

	ret->service = json_view_text(json_view_require(view, "service"));
	json_view_texts(json_view_require(view, "pods"), MAX_FRONTS, &ret->pods);
	ret->is_balanced = json_view_bool(json_view_require(view, "balanced"), false);
	ret->is_public = json_view_bool(json_view_require(view, "public"), false);
	ret->is_sticky = json_view_bool(json_view_get(view, "sticky"), false);
	for (size_t i = 0; i < count; i++) {
		struct json_view port = json_view_at(ports, i);
		*ARRAY_APPEND(ret->ports, ret->port_count) = (struct service_front_port){
			.protocol = (enum protocol)json_view_word(
				json_view_require(port, "protocol"), protocol_words, PROTOCOLS,
				PROTOCOL_TCP),
			.port = (uint16_t)json_view_number(json_view_require(port, "port"), 1,
							   65535, 1),
			.target = (uint16_t)json_view_number(json_view_require(port, "target"), 1,
							     65535, 1),
		};
	}
}

void service_fronts_read(struct json_view view, struct service_fronts *ret)
{
	struct json_view fronts = json_view_require(view, "fronts");
	size_t count = json_view_count(fronts, MAX_FRONTS);

	*ret = (struct service_fronts){
		.provider = json_view_text(json_view_get(view, "provider")),
		.network = json_view_text(json_view_get(view, "network")),
		.external = json_view_text(json_view_get(view, "external")),
	};
	json_view_texts(json_view_require(view, "pods"), MAX_FRONTS, &ret->pods);
	service_routes_read(json_view_get(view, "routes"), &ret->routes);
	for (size_t i = 0; i < count; i++) {
		struct service_front *front = ARRAY_APPEND(ret->fronts, ret->count);
		read_front(json_view_at(fronts, i), front);
		if (front->is_balanced && (ret->provider == NULL || ret->network == NULL))
			json_view_complain(fronts, "has a balancer that nobody makes");
		if (front->is_public && ret->external == NULL)
			json_view_complain(fronts, "has an address that comes from nowhere");
	}
	if (ret->routes.provider != NULL && (ret->network == NULL || ret->external == NULL))
		json_view_complain(fronts, "has routes, and no network");
}
