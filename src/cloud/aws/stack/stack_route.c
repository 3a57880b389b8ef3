/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_route.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_health.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_rule.h"
#include "cloud/aws/stack/stack_rule_order.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/route_text.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define SSL_POLICY "ELBSecurityPolicy-TLS13-1-2-2021-06"
#define FIREWALL   STACK_ROUTES "Firewall"
/* As long as connections of the local proxy may be silent; 4,000 s are the most. */
#define IDLE_S	    "3600"
#define MAX_DRAIN_S 3600
#define MAX_RULES   100 /* of a load balancer */
#define MAX_TARGETS 100 /* groups, likewise */

struct front {
	const char *listener; /* its logical id */
	const char *protocol;
	unsigned port;
	bool is_tls;
};
static const struct front fronts[] = {
	{STACK_ROUTES "HttpListener", "HTTP", 80, false},
	{STACK_ROUTES "HttpsListener", "HTTPS", 443, true},
};

bool stack_routes_have_tls(const struct stack_target *target)
{
	return target->certificate != NULL;
}

static bool is_of_front(const struct route *route, const struct front *front)
{
	return front->is_tls ? route->is_https : route->is_http;
}

/* What there is of a front; `keys` are conditions, none twice: who comes first answers. */
struct rules {
	char **keys; /* owned, as is each */
	const struct route **routes;
	size_t count;
};

static void rules_clear(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->keys[i]);
	free(rules->keys);
	free(rules->routes);
}

static void list_rules(const struct app *app, const struct front *front, struct rules *ret)
{
	ret->keys = xcalloc(app->route_count + 1, sizeof(*ret->keys));
	ret->routes = xcalloc(app->route_count + 1, sizeof(*ret->routes));
	for (size_t i = 0; i < app->route_count; i++) {
		if (!is_of_front(&app->routes[i], front))
			continue;
		AUTO_FREE char *key = stack_rule_conditions(&app->routes[i]);
		bool is_known = false;
		for (size_t k = 0; k < ret->count && !is_known; k++)
			is_known = strcmp(ret->keys[k], key) == 0;
		if (is_known)
			continue;
		ret->keys[ret->count] = TAKE_PTR(key);
		ret->routes[ret->count++] = &app->routes[i];
	}
}

/* --- what is refused ------------------------------------------------------------------------ */

static bool check_tls(const struct app *app, const struct stack_target *target, struct error *err)
{
	if (stack_routes_have_tls(target))
		return true;
	const struct route_tls *tls = app->route_tls_count > 0 ? &app->route_tls[0] : NULL;
	const struct source_mark *mark = tls != NULL ? &tls->mark : NULL;
	const char *owner = tls != NULL ? tls->owner : NULL;
	for (size_t i = 0; i < app->route_count && mark == NULL; i++) {
		if (app->routes[i].is_http)
			continue;
		mark = &app->routes[i].mark;
		owner = app->routes[i].owner;
	}
	if (mark == NULL)
		return true;
	error_set(err, ERROR_INVALID, "%s: https wants a certificate of environment.yml in AWS",
		  owner);
	error_hint(err, "provider.certificate: arn:aws:acm:…; aws acm import-certificate takes "
			"one that is there");
	return stack_rule_place(mark, err);
}

static bool check_backend(const struct app *app, const struct route *route,
			  const struct route_backend *backend, struct error *err)
{
	const struct service *service = NULL;
	const struct service_port *port = NULL;
	const char *why = NULL;
	if (!stack_rule_find_port(app, backend->service, backend->port, &service, &port))
		why = "has no such port";
	else if (outside_is_given(&service->outside))
		why = "leads to addresses that are no pods of these manifests";
	else if (service->pods.count == 0)
		why = "selects no pod";
	if (why == NULL)
		return true;
	error_set(err, ERROR_UNSUPPORTED, "%s: Service '%s' %s, so a load balancer has no target",
		  route->owner, backend->service, why);
	error_hint(err, "a Service of a pod that is promoted");
	return stack_rule_place(&backend->mark, err);
}

static bool check_counts(const struct app *app, const struct stack_target *target,
			 struct error *err)
{
	size_t count = 0;
	size_t target_count = 0;
	free(routes_targets(app->routes, app->route_count, &target_count));
	for (size_t i = 0; i < ARRAY_SIZE(fronts); i++) {
		AUTO(rules_clear) struct rules rules = {0};
		if (fronts[i].is_tls && !stack_routes_have_tls(target))
			continue;
		list_rules(app, &fronts[i], &rules);
		count += rules.count;
	}
	if (count > MAX_RULES) {
		error_set(err, ERROR_UNSUPPORTED,
			  "%zu routes are %zu rules over http and https, and a load balancer has "
			  "100 at most",
			  app->route_count, count);
		return error_hint(err, "fewer hosts and paths, or two projects");
	}
	if (target_count > MAX_TARGETS) {
		error_set(
			err, ERROR_UNSUPPORTED,
			"routes lead to %zu ports of Services, and a load balancer to 100 at most",
			target_count);
		return error_hint(err, "two projects");
	}
	return true;
}

/* A zone has one record of a name, and a Service's public name is made by its Service. */
static bool check_names(const struct app *app, const struct stack_target *target, struct error *err)
{
	for (size_t i = 0; i < app->route_count; i++)
		for (size_t s = 0; s < app->service_count && target->hosted_zone != NULL; s++) {
			const struct service *service = &app->services[s];
			AUTO_FREE char *name = stack_public_name(target, service);
			if (app->routes[i].host == NULL || !stack_has_balancer(service) ||
			    !stack_service_is_public(service) ||
			    strcmp(app->routes[i].host, name) != 0)
				continue;
			error_set(err, ERROR_UNSUPPORTED,
				  "%s: host '%s' is the public name of Service '%s' already",
				  app->routes[i].owner, name, service->name);
			error_hint(err, "type: ClusterIP for a Service behind routes, or another "
					"host");
			return stack_rule_place(&app->routes[i].mark, err);
		}
	return true;
}

bool stack_check_routes(const struct app *app, const struct stack_target *target, struct error *err)
{
	if (app->route_count == 0)
		return true;
	if (target->vpc != NULL && target->public_subnet_count < 2) {
		error_set(err, ERROR_INVALID,
			  "%s: the load balancer of routes needs public subnets in two zones",
			  app->routes[0].owner);
		return error_hint(err, "provider.subnets: [subnet-…, subnet-…]");
	}
	for (size_t i = 0; i < app->route_count; i++) {
		const struct route *route = &app->routes[i];
		if (!stack_rule_check(route, stack_routes_have_tls(target), err))
			return false;
		for (size_t k = 0; k < route->backend_count; k++)
			if (!check_backend(app, route, &route->backends[k], err))
				return false;
	}
	return check_tls(app, target, err) && check_counts(app, target, err) &&
	       check_names(app, target, err);
}

/* --- targets -------------------------------------------------------------------------------- */

/* The next Service's port that routes lead to; of all, or of those that select the pod. */
static bool next_target(const struct app *app, const struct pod_spec *pod,
			const struct route_target *targets, size_t count, size_t *index,
			const struct service **service, const struct service_port **port)
{
	while (*index < count) {
		const struct route_target *target = &targets[(*index)++];
		if (stack_rule_find_port(app, target->service, target->port, service, port) &&
		    (pod == NULL || string_list_has(&(*service)->pods, pod->name)))
			return true;
	}
	return false;
}

bool stack_write_route_targets(struct template_writer *writer, const struct pod_spec *pod,
			       bool is_open)
{
	const struct app *app = writer->app;
	const struct service *service = NULL;
	const struct service_port *port = NULL;
	size_t count = 0;
	size_t index = 0;
	AUTO_FREE struct route_target *targets =
		routes_targets(app->routes, app->route_count, &count);
	while (next_target(app, pod, targets, count, &index, &service, &port)) {
		AUTO_FREE char *id = stack_rule_targets_id(service, port);
		if (!is_open)
			json_open_list(&writer->json, "TargetGroupARNs");
		is_open = true;
		template_write_ref(&writer->json, NULL, id);
	}
	return is_open;
}

static bool add_targets(struct template_writer *writer, const struct service *service,
			const struct service_port *port, struct error *err)
{
	const struct pod_spec *pod = app_find_pod(writer->app, service->pods.items[0]);
	const char *protocol = port->inner == SERVICE_HTTPS ? "HTTPS" : "HTTP";
	AUTO_FREE char *id = stack_rule_targets_id(service, port);
	if (pod == NULL)
		return error_set(err, ERROR_INVALID, "service '%s' selects a pod that is not there",
				 service->name);
	uint32_t grace = pod->termination_grace_s;
	AUTO_FREE char *drain = xasprintf("%u", grace < 1	      ? 1
						: grace > MAX_DRAIN_S ? MAX_DRAIN_S
								      : grace);
	struct json_writer *json =
		template_begin(writer, id, "AWS::ElasticLoadBalancingV2::TargetGroup");
	template_write_vpc(writer, "VpcId");
	json_write_text(json, "Protocol", protocol);
	json_write_number(json, "Port", port->target_port);
	json_write_text(json, "TargetType", "instance");
	if (!stack_write_health(json, pod, service, port, protocol, err))
		return error_prefix(err, "service '%s'", service->name);
	json_open_list(json, "TargetGroupAttributes");
	template_write_pair(json, "deregistration_delay.timeout_seconds", drain);
	json_close(json);
	template_end(writer);
	return true;
}

/* --- who may talk to whom ------------------------------------------------------------------- */

/* Ports of a pod that the load balancer must reach, each once; room for two a target. */
static size_t list_ways(const struct app *app, const struct pod_spec *pod, uint16_t *ret)
{
	const struct service *service = NULL;
	const struct service_port *port = NULL;
	size_t count = 0;
	size_t index = 0;
	size_t found = 0;
	AUTO_FREE struct route_target *targets =
		routes_targets(app->routes, app->route_count, &count);
	while (next_target(app, pod, targets, count, &index, &service, &port)) {
		const struct pod_spec *asked = app_find_pod(app, service->pods.items[0]);
		const uint16_t wanted[] = {
			port->target_port,
			stack_health_port(asked != NULL ? asked : pod, service, port)};
		for (size_t w = 0; w < ARRAY_SIZE(wanted); w++) {
			bool is_known = wanted[w] == 0;
			for (size_t k = 0; k < found && !is_known; k++)
				is_known = ret[k] == wanted[w];
			if (!is_known)
				ret[found++] = wanted[w];
		}
	}
	return found;
}

static size_t most_ways(const struct app *app)
{
	size_t count = 0;
	free(routes_targets(app->routes, app->route_count, &count));
	return 2 * count + 1;
}

void stack_write_route_ways(struct template_writer *writer, const struct pod_spec *pod)
{
	struct json_writer *json = &writer->json;
	AUTO_FREE uint16_t *ways = xcalloc(most_ways(writer->app), sizeof(*ways));
	size_t count = list_ways(writer->app, pod, ways);
	for (size_t i = 0; i < count; i++) {
		json_open_object(json, NULL);
		template_write_range(json, "tcp", ways[i]);
		template_write_ref(json, "SourceSecurityGroupId", FIREWALL);
		json_write_text(json, "Description", "routes");
		json_close(json);
	}
}

/* Beside the groups: within them two groups that name each other could not be made. */
static void add_ways_out(struct template_writer *writer)
{
	AUTO_FREE uint16_t *ways = xcalloc(most_ways(writer->app), sizeof(*ways));
	for (size_t p = 0; p < writer->app->pod_count; p++) {
		const struct pod_spec *pod = &writer->app->pods[p];
		AUTO_FREE char *group = stack_logical_id(pod->name, "Firewall");
		size_t count = list_ways(writer->app, pod, ways);
		for (size_t i = 0; i < count; i++) {
			AUTO_FREE char *tail = xasprintf("Tcp%u", ways[i]);
			AUTO_FREE char *name = stack_logical_id(pod->name, tail);
			AUTO_FREE char *id = xasprintf(STACK_ROUTES "To%s", name);
			struct json_writer *json =
				template_begin(writer, id, "AWS::EC2::SecurityGroupEgress");
			template_write_ref(json, "GroupId", FIREWALL);
			template_write_range(json, "tcp", ways[i]);
			template_write_ref(json, "DestinationSecurityGroupId", group);
			json_write_text(json, "Description", pod->name);
			template_end(writer);
		}
	}
}

static void add_firewall(struct template_writer *writer)
{
	AUTO_FREE char *what =
		xasprintf("i2kit %s: load balancer of routes", writer->target->project);
	struct json_writer *json = template_begin(writer, FIREWALL, "AWS::EC2::SecurityGroup");
	json_write_text(json, "GroupDescription", what);
	template_write_vpc(writer, "VpcId");
	json_open_list(json, "SecurityGroupIngress");
	for (size_t i = 0; i < ARRAY_SIZE(fronts); i++) {
		if (fronts[i].is_tls && !stack_routes_have_tls(writer->target))
			continue;
		json_open_object(json, NULL);
		template_write_range(json, "tcp", fronts[i].port);
		json_write_text(json, "CidrIp", "0.0.0.0/0");
		json_write_text(json, "Description", fronts[i].protocol);
		json_close(json);
	}
	json_close(json);
	template_write_no_egress(json, "nothing but the rules beside");
	template_end(writer);
}

/* --- listeners and rules -------------------------------------------------------------------- */

static void add_balancer(struct template_writer *writer)
{
	struct json_writer *json = template_resource(writer, STACK_ROUTES,
						     "AWS::ElasticLoadBalancingV2::LoadBalancer");
	if (writer->target->vpc == NULL)
		json_write_text(json, "DependsOn", "GatewayAttachment");
	template_properties(writer);
	json_write_text(json, "Type", "application");
	json_write_text(json, "Scheme", "internet-facing");
	template_write_subnets(writer, "Subnets", true);
	json_open_list(json, "SecurityGroups");
	template_write_ref(json, NULL, FIREWALL);
	json_close(json);
	json_open_list(json, "LoadBalancerAttributes");
	template_write_pair(json, "routing.http.drop_invalid_header_fields.enabled", "true");
	template_write_pair(json, "idle_timeout.timeout_seconds", IDLE_S);
	json_close(json);
	template_end(writer);
}

static void add_listener(struct template_writer *writer, const struct front *front)
{
	struct json_writer *json =
		template_begin(writer, front->listener, "AWS::ElasticLoadBalancingV2::Listener");
	template_write_ref(json, "LoadBalancerArn", STACK_ROUTES);
	json_write_number(json, "Port", front->port);
	json_write_text(json, "Protocol", front->protocol);
	json_open_list(json, "DefaultActions");
	json_open_object(json, NULL);
	template_write_answer(json, "404", "i2kit: no route fits this host and path");
	json_close(json);
	json_close(json);
	if (front->is_tls) {
		json_write_text(json, "SslPolicy", SSL_POLICY);
		json_open_list(json, "Certificates");
		json_open_object(json, NULL);
		json_write_text(json, "CertificateArn", writer->target->certificate);
		json_close(json);
		json_close(json);
	}
	template_end(writer);
}

static void add_rule(struct template_writer *writer, const struct front *front,
		     const struct route *route, const char *conditions, unsigned number)
{
	AUTO_FREE char *id = xasprintf("%s" STACK_ROUTES_RULE "%05u", front->listener, number);
	AUTO_FREE char *text = route_text(route);
	AUTO_FREE char *goal = route_target_text(route);
	struct json_writer *json =
		template_resource(writer, id, "AWS::ElasticLoadBalancingV2::ListenerRule");
	json_open_object(json, "Metadata");
	json_write_text(json, STACK_ROUTE_TEXT, text);
	json_write_text(json, STACK_ROUTE_GOAL, goal);
	json_close(json);
	template_properties(writer);
	template_write_ref(json, "ListenerArn", front->listener);
	json_write_unsigned(json, "Priority", number);
	json_write_raw(json, "Conditions", conditions);
	stack_rule_write_actions(json, writer->app, route);
	template_end(writer);
}

/* While rules are replaced, both are there. */
static size_t count_leaving(const struct stack_target *target, const struct front *front,
			    const unsigned *numbers, size_t count)
{
	size_t leaving = 0;
	for (size_t i = 0; i < target->rule_count; i++) {
		bool is_kept = strcmp(target->rules[i].listener, front->listener) != 0;
		for (size_t k = 0; k < count && !is_kept; k++)
			is_kept = numbers[k] == target->rules[i].priority;
		leaving += !is_kept;
	}
	return leaving;
}

static void add_front(struct template_writer *writer, const struct front *front, size_t *total)
{
	const struct stack_target *target = writer->target;
	AUTO(rules_clear) struct rules rules = {0};
	list_rules(writer->app, front, &rules);
	AUTO_FREE unsigned *numbers = xcalloc(rules.count + 1, sizeof(*numbers));
	stack_rules_number((const char *const *)rules.keys, rules.count, front->listener,
			   target->rules, target->rule_count, numbers);
	add_listener(writer, front);
	for (size_t i = 0; i < rules.count; i++)
		add_rule(writer, front, rules.routes[i], rules.keys[i], numbers[i]);
	*total += rules.count + count_leaving(target, front, numbers, rules.count);
}

/* --- names ---------------------------------------------------------------------------------- */

static bool is_in_zone(const struct stack_target *target, const char *host)
{
	const char *zone = target->is_zone_id ? target->domain : target->hosted_zone;
	const char *name = host[0] == '*' ? host + 2 : host;
	size_t size = strlen(name);
	size_t end = zone != NULL ? strlen(zone) : 0;
	if (zone == NULL || size < end || strcmp(name + size - end, zone) != 0)
		return false;
	return size == end || name[size - end - 1] == '.';
}

void stack_route_names(const struct app *app, const struct stack_target *target,
		       struct string_list *inside, struct string_list *outside)
{
	for (size_t i = 0; i < app->route_count; i++) {
		const char *host = app->routes[i].host;
		if (host == NULL)
			continue;
		struct string_list *list = is_in_zone(target, host) ? inside : outside;
		if (!string_list_has(list, host))
			string_list_add(list, host);
	}
}

static void add_names(struct template_writer *writer)
{
	const struct stack_target *target = writer->target;
	AUTO(string_list_clear) struct string_list inside = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list outside = STRING_LIST_INIT;
	stack_route_names(writer->app, target, &inside, &outside);
	for (size_t i = 0; i < inside.count; i++) {
		const char *host = inside.items[i];
		bool is_wildcard = host[0] == '*';
		AUTO_FREE char *id = stack_logical_id(host + (is_wildcard ? 2 : 0),
						      is_wildcard ? "RouteNames" : "RouteName");
		AUTO_FREE char *zone =
			xasprintf("%s%s", target->hosted_zone, target->is_zone_id ? "" : ".");
		struct json_writer *json = template_begin(writer, id, "AWS::Route53::RecordSet");
		json_write_text(json, target->is_zone_id ? "HostedZoneId" : "HostedZoneName", zone);
		/* One Service that is down leaves the others their name. */
		template_write_alias(json, STACK_ROUTES, host, false);
		template_end(writer);
	}
}

/* --- the whole ------------------------------------------------------------------------------ */

bool stack_add_routes(struct template_writer *writer, struct error *err)
{
	const struct app *app = writer->app;
	const struct service *service = NULL;
	const struct service_port *port = NULL;
	size_t count = 0;
	size_t index = 0;
	size_t rules = 0;
	if (app->route_count == 0)
		return true;
	AUTO_FREE struct route_target *targets =
		routes_targets(app->routes, app->route_count, &count);
	add_firewall(writer);
	add_balancer(writer);
	while (next_target(app, NULL, targets, count, &index, &service, &port))
		if (!add_targets(writer, service, port, err))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(fronts); i++)
		if (!fronts[i].is_tls || stack_routes_have_tls(writer->target))
			add_front(writer, &fronts[i], &rules);
		else
			rules += count_leaving(writer->target, &fronts[i], NULL, 0);
	if (rules > MAX_RULES) {
		error_set(err, ERROR_UNSUPPORTED,
			  "the load balancer of routes would have %zu rules while the old ones "
			  "go, and 100 are the most",
			  rules);
		return error_hint(err, "promote without some of the old routes first");
	}
	add_ways_out(writer);
	add_names(writer);
	template_output_attribute(writer, STACK_ROUTES_DOMAIN, STACK_ROUTES, "DNSName");
	return true;
}
