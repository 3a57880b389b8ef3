/* SPDX-License-Identifier: Apache-2.0 */
/* A service as a load balancer with its listeners, firewall and names. */
#include "cloud/aws/stack/stack_service.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/string_list.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_health.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_port.h"
#include "cloud/aws/stack/stack_route.h"
#include "cloud/aws/stack/stack_rule_order.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define SSL_POLICY  "ELBSecurityPolicy-TLS13-1-2-2021-06"
#define MAX_DRAIN_S 3600

/* What is made for one service. */
struct balancer {
	const struct service *service;
	const struct pod_spec *pod; /* the first one: its probe is asked */
	bool is_public;
	bool is_application; /* HTTP and HTTPS alone */
	bool is_first;	     /* of those behind this load balancer */
	bool is_shared;
	bool is_by_host;
	const char *id;	   /* the load balancer's */
	const char *group; /* its security group's */
};

bool stack_has_balancer(const struct service *service)
{
	return service->port_count > 0 && service->pods.count > 0;
}

bool stack_write_target_groups(struct template_writer *writer, const struct pod_spec *pod)
{
	bool has_any = false;
	for (size_t s = 0; s < writer->app->service_count; s++) {
		const struct service *service = &writer->app->services[s];
		if (writer->places[s].id == NULL || !string_list_has(&service->pods, pod->name))
			continue;
		for (size_t p = 0; p < service->port_count; p++) {
			if (stack_port_is_second(service, &service->ports[p]))
				continue;
			if (!has_any)
				json_open_list(&writer->json, "TargetGroupARNs");
			has_any = true;
			AUTO_FREE char *id = stack_port_id(service, &service->ports[p], "Targets");
			template_write_ref(&writer->json, NULL, id);
		}
	}
	has_any = stack_write_route_targets(writer, pod, has_any);
	if (has_any)
		json_close(&writer->json);
	return has_any;
}

bool stack_service_is_public(const struct service *service)
{
	return service->kind == SERVICE_LOAD_BALANCER || service->kind == SERVICE_NODE_PORT;
}

char *stack_public_name(const struct stack_target *target, const struct service *service)
{
	return target->domain != NULL
		       ? xasprintf("%s.%s", service->name, target->domain)
		       : xasprintf("%s.%s.%s", service->name, target->project, target->hosted_zone);
}

/* Whether the service is behind that load balancer, and not the one that is asked about. */
static bool is_behind(const struct template_writer *writer, size_t index, const char *id)
{
	return writer->places[index].id != NULL && strcmp(writer->places[index].id, id) == 0;
}

/* --- listeners ------------------------------------------------------------------------------ */

static void write_target_attributes(struct json_writer *json, const struct balancer *balancer,
				    const struct service_port *port)
{
	uint32_t grace = balancer->pod->termination_grace_s;
	AUTO_FREE char *drain = xasprintf("%u", grace < 1	      ? 1
						: grace > MAX_DRAIN_S ? MAX_DRAIN_S
								      : grace);
	json_open_list(json, "TargetGroupAttributes");
	template_write_pair(json, "deregistration_delay.timeout_seconds", drain);
	if (balancer->service->has_client_ip_affinity) {
		template_write_pair(json, "stickiness.enabled", "true");
		template_write_pair(json, "stickiness.type",
				    balancer->is_application ? "lb_cookie" : "source_ip");
	}
	/* A pod that calls its own service must not see itself as the caller: NLBs drop that. */
	if (!balancer->is_public && !balancer->is_application && port->protocol == PROTOCOL_TCP &&
	    !stack_port_is_pair(balancer->service, port))
		template_write_pair(json, "preserve_client_ip.enabled", "false");
	json_close(json);
}

static bool add_targets(struct template_writer *writer, const struct balancer *balancer,
			const struct service_port *port, struct error *err)
{
	AUTO_FREE char *id = stack_port_id(balancer->service, port, "Targets");
	const char *protocol = stack_target_protocol(balancer->service, port);
	struct json_writer *json =
		template_begin(writer, id, "AWS::ElasticLoadBalancingV2::TargetGroup");
	template_write_vpc(writer, "VpcId");
	json_write_text(json, "Protocol", protocol);
	json_write_number(json, "Port", port->target_port);
	json_write_text(json, "TargetType", "instance");
	if (!stack_write_health(json, balancer->pod, balancer->service, port, protocol, err))
		return error_prefix(err, "service '%s'", balancer->service->name);
	write_target_attributes(json, balancer, port);
	template_end(writer);
	return true;
}

/* Of a load balancer that is shared by host names: "BalancerWebPort443Listener". */
static char *shared_listener_id(const struct balancer *balancer, const struct service_port *port)
{
	return xasprintf("%sPort%uListener", balancer->id, port->port);
}

/* "host-header" of the service's public name; owned. */
static char *host_conditions(const struct template_writer *writer, const struct service *service)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	AUTO_FREE char *name = stack_public_name(writer->target, service);
	json_open_list(&json, NULL);
	json_open_object(&json, NULL);
	json_write_text(&json, "Field", "host-header");
	json_open_object(&json, "HostHeaderConfig");
	json_open_list(&json, "Values");
	json_write_text(&json, NULL, name);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

/* Names exclude each other, so any order will do; whoever comes or goes, the others keep theirs. */
static unsigned rule_priority(const struct template_writer *writer, const struct balancer *balancer)
{
	const struct stack_target *target = writer->target;
	AUTO(string_list_clear) struct string_list keys = STRING_LIST_INIT;
	AUTO_FREE char *listeners = xasprintf("%sPort", balancer->id);
	size_t index = 0;
	for (size_t s = 0; s < writer->app->service_count; s++) {
		if (!is_behind(writer, s, balancer->id))
			continue;
		AUTO_FREE char *key = host_conditions(writer, &writer->app->services[s]);
		if (&writer->app->services[s] == balancer->service)
			index = keys.count;
		string_list_add(&keys, key);
	}
	return stack_rules_number_any((const char *const *)keys.items, index, listeners,
				      target->rules, target->rule_count);
}

static void add_rule(struct template_writer *writer, const struct balancer *balancer,
		     const struct service_port *port)
{
	AUTO_FREE char *id = stack_port_id(balancer->service, port, "Rule");
	AUTO_FREE char *listener = shared_listener_id(balancer, port);
	AUTO_FREE char *targets = stack_port_id(balancer->service, port, "Targets");
	AUTO_FREE char *conditions = host_conditions(writer, balancer->service);
	struct json_writer *json =
		template_begin(writer, id, "AWS::ElasticLoadBalancingV2::ListenerRule");
	template_write_ref(json, "ListenerArn", listener);
	json_write_unsigned(json, "Priority", rule_priority(writer, balancer));
	json_write_raw(json, "Conditions", conditions);
	json_open_list(json, "Actions");
	json_open_object(json, NULL);
	json_write_text(json, "Type", "forward");
	template_write_ref(json, "TargetGroupArn", targets);
	json_close(json);
	json_close(json);
	template_end(writer);
}

/* Whether another service made this listener of a shared load balancer already. */
static bool has_listener(const struct template_writer *writer, const struct balancer *balancer,
			 const struct service_port *port)
{
	for (size_t s = 0; &writer->app->services[s] != balancer->service; s++)
		for (size_t p = 0;
		     is_behind(writer, s, balancer->id) && p < writer->app->services[s].port_count;
		     p++)
			if (writer->app->services[s].ports[p].port == port->port)
				return true;
	return false;
}

/* What a listener does with whom no rule knows; else all go to the service. */
static void write_default(struct json_writer *json, const struct balancer *balancer,
			  const char *targets)
{
	json_open_list(json, "DefaultActions");
	json_open_object(json, NULL);
	if (balancer->is_by_host) {
		template_write_answer(json, "404", "no service of this name");
	} else {
		json_write_text(json, "Type", "forward");
		template_write_ref(json, "TargetGroupArn", targets);
	}
	json_close(json);
	json_close(json);
}

static bool add_listener(struct template_writer *writer, const struct balancer *balancer,
			 const struct service_port *port, struct error *err)
{
	const char *protocol = stack_listener_protocol(balancer->service, port);
	bool is_tls = strcmp(protocol, "TLS") == 0 || strcmp(protocol, "HTTPS") == 0;
	const char *certificate =
		port->certificate != NULL ? port->certificate : writer->target->certificate;
	if (is_tls && certificate == NULL) {
		error_set(err, ERROR_INVALID,
			  "service '%s': port %u speaks TLS and has no certificate",
			  balancer->service->name, port->port);
		return error_hint(err, "provider.certificate: arn:aws:acm:… in environment.yml");
	}
	AUTO_FREE char *id = balancer->is_by_host
				     ? shared_listener_id(balancer, port)
				     : stack_port_id(balancer->service, port, "Listener");
	AUTO_FREE char *targets = stack_port_id(balancer->service, port, "Targets");
	if (balancer->is_by_host)
		add_rule(writer, balancer, port);
	if (balancer->is_by_host && has_listener(writer, balancer, port))
		return true;
	struct json_writer *json =
		template_begin(writer, id, "AWS::ElasticLoadBalancingV2::Listener");
	template_write_ref(json, "LoadBalancerArn", balancer->id);
	json_write_number(json, "Port", port->port);
	json_write_text(json, "Protocol", protocol);
	write_default(json, balancer, targets);
	if (is_tls) {
		json_write_text(json, "SslPolicy", SSL_POLICY);
		json_open_list(json, "Certificates");
		json_open_object(json, NULL);
		json_write_text(json, "CertificateArn", certificate);
		json_close(json);
		json_close(json);
	}
	template_end(writer);
	return true;
}

/* --- who may talk to whom ------------------------------------------------------------------- */

/* A port of a pod that a balancer must reach. */
struct reach {
	const char *protocol; /* "tcp" or "udp" */
	uint16_t port;
};

/*
 * Each once, although several ports may lead to one target. Room for two a port. Returns how many.
 */
static size_t list_reach(const struct service *service, const struct pod_spec *pod,
			 struct reach *ret)
{
	size_t count = 0;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		const struct reach wanted[] = {
			{port->protocol == PROTOCOL_UDP ? "udp" : "tcp", port->target_port},
			{"tcp", stack_health_port(pod, service, port)},
		};
		for (size_t w = 0; w < ARRAY_SIZE(wanted); w++) {
			bool is_known = wanted[w].port == 0;
			for (size_t k = 0; k < count && !is_known; k++)
				is_known = ret[k].port == wanted[w].port &&
					   strcmp(ret[k].protocol, wanted[w].protocol) == 0;
			if (!is_known)
				ret[count++] = wanted[w];
		}
	}
	return count;
}

/* A rule may be there once: two services behind one load balancer may lead to one port. */
static bool is_new(struct string_list *seen, const char *group, const struct reach *reach)
{
	AUTO_FREE char *key = xasprintf("%s/%s/%u", group, reach->protocol, reach->port);
	if (string_list_has(seen, key))
		return false;
	string_list_add(seen, key);
	return true;
}

/* Where names lead to the instances, the pods of the project come straight to them. */
static void write_members_rules(struct json_writer *json, const struct service *service,
				struct string_list *seen)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		const struct reach reach = {port->protocol == PROTOCOL_UDP ? "udp" : "tcp",
					    port->target_port};
		if (!is_new(seen, "Members", &reach))
			continue;
		json_open_object(json, NULL);
		template_write_range(json, reach.protocol, reach.port);
		template_write_ref(json, "SourceSecurityGroupId", "Members");
		json_write_text(json, "Description", service->name);
		json_close(json);
	}
}

void stack_write_pod_rules(struct template_writer *writer, const struct pod_spec *pod)
{
	struct json_writer *json = &writer->json;
	AUTO(string_list_clear) struct string_list seen = STRING_LIST_INIT;
	json_open_list(json, "SecurityGroupIngress");
	for (size_t s = 0; s < writer->app->service_count; s++) {
		const struct service *service = &writer->app->services[s];
		if (!stack_has_balancer(service) || !string_list_has(&service->pods, pod->name))
			continue;
		if (writer->places[s].is_named) {
			write_members_rules(json, service, &seen);
			continue;
		}
		const struct pod_spec *first = app_find_pod(writer->app, service->pods.items[0]);
		AUTO_FREE struct reach *reach = xcalloc(2 * service->port_count, sizeof(*reach));
		const char *group = writer->places[s].group;
		size_t count = list_reach(service, first != NULL ? first : pod, reach);
		for (size_t i = 0; i < count; i++) {
			if (!is_new(&seen, group, &reach[i]))
				continue;
			json_open_object(json, NULL);
			template_write_range(json, reach[i].protocol, reach[i].port);
			template_write_ref(json, "SourceSecurityGroupId", group);
			json_write_text(json, "Description", service->name);
			json_close(json);
		}
	}
	stack_write_route_ways(writer, pod);
	json_close(json);
}

/* Whether a service before this one, behind the same load balancer, has the rule already. */
static bool is_led_already(const struct template_writer *writer, const struct balancer *balancer,
			   const char *pod_name, const struct reach *wanted)
{
	for (size_t s = 0; &writer->app->services[s] != balancer->service; s++) {
		const struct service *other = &writer->app->services[s];
		if (!is_behind(writer, s, balancer->id) || !string_list_has(&other->pods, pod_name))
			continue;
		const struct pod_spec *first = app_find_pod(writer->app, other->pods.items[0]);
		AUTO_FREE struct reach *reach = xcalloc(2 * other->port_count, sizeof(*reach));
		size_t count = first != NULL ? list_reach(other, first, reach) : 0;
		for (size_t i = 0; i < count; i++)
			if (reach[i].port == wanted->port &&
			    strcmp(reach[i].protocol, wanted->protocol) == 0)
				return true;
	}
	return false;
}

/* Beside the groups: within them two groups that name each other could not be made. */
static void add_way_out(struct template_writer *writer, const struct balancer *balancer)
{
	const struct service *service = balancer->service;
	AUTO_FREE struct reach *reach = xcalloc(2 * service->port_count, sizeof(*reach));
	size_t count = list_reach(service, balancer->pod, reach);
	for (size_t p = 0; p < service->pods.count; p++) {
		AUTO_FREE char *pod_group = stack_logical_id(service->pods.items[p], "Firewall");
		AUTO_FREE char *to = balancer->is_shared ? xasprintf("%sTo", balancer->id)
							 : stack_logical_id(service->name, "To");
		for (size_t i = 0; i < count; i++) {
			if (is_led_already(writer, balancer, service->pods.items[p], &reach[i]))
				continue;
			AUTO_FREE char *tail = xasprintf(
				"%s%u", strcmp(reach[i].protocol, "udp") == 0 ? "Udp" : "Tcp",
				reach[i].port);
			AUTO_FREE char *pod = stack_logical_id(service->pods.items[p], tail);
			AUTO_FREE char *id = xasprintf("%s%s", to, pod);
			struct json_writer *json =
				template_begin(writer, id, "AWS::EC2::SecurityGroupEgress");
			template_write_ref(json, "GroupId", balancer->group);
			template_write_range(json, reach[i].protocol, reach[i].port);
			template_write_ref(json, "DestinationSecurityGroupId", pod_group);
			json_write_text(json, "Description", service->pods.items[p]);
			template_end(writer);
		}
	}
}

static void write_way_in(struct template_writer *writer, const struct balancer *balancer,
			 const struct service *service, struct string_list *seen)
{
	struct json_writer *json = &writer->json;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct reach way = {service->ports[i].protocol == PROTOCOL_UDP ? "udp"
										     : "tcp",
					  service->ports[i].port};
		AUTO_FREE char *port = xasprintf("port %u of service %s", way.port, service->name);
		if (!is_new(seen, balancer->group, &way))
			continue;
		json_open_object(json, NULL);
		template_write_range(json, way.protocol, way.port);
		if (balancer->is_public)
			json_write_text(json, "CidrIp", "0.0.0.0/0");
		else
			template_write_ref(json, "SourceSecurityGroupId", "Members");
		json_write_text(json, "Description", port);
		json_close(json);
	}
}

static void add_firewall(struct template_writer *writer, const struct balancer *balancer)
{
	AUTO(string_list_clear) struct string_list seen = STRING_LIST_INIT;
	AUTO_FREE char *what =
		balancer->is_shared
			? xasprintf("i2kit %s: shared load balancer", writer->target->project)
			: xasprintf("i2kit %s: load balancer of %s", writer->target->project,
				    balancer->service->name);
	struct json_writer *json =
		template_begin(writer, balancer->group, "AWS::EC2::SecurityGroup");
	json_write_text(json, "GroupDescription", what);
	template_write_vpc(writer, "VpcId");
	json_open_list(json, "SecurityGroupIngress");
	for (size_t s = 0; s < writer->app->service_count; s++)
		if (is_behind(writer, s, balancer->id))
			write_way_in(writer, balancer, &writer->app->services[s], &seen);
	json_close(json);
	template_write_no_egress(json, "nothing but the rules beside");
	template_end(writer);
}

/* --- names ---------------------------------------------------------------------------------- */

/* NAME, NAME.NAMESPACE and the whole name that it has in a cluster. */
static void write_names(struct template_writer *writer, const struct balancer *balancer,
			const char *name)
{
	const struct service *service = balancer->service;
	const char *space = service->namespace_name != NULL ? service->namespace_name : "default";
	AUTO_FREE char *medium = xasprintf("%s.%s", name, space);
	AUTO_FREE char *full = xasprintf("%s.svc.cluster.local", medium);
	const char *const names[] = {name, medium, full};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *whole = xasprintf("%s.%s", names[i], writer->target->domain_inside);
		json_open_object(&writer->json, NULL);
		template_write_alias(&writer->json, balancer->id, whole, true);
		json_close(&writer->json);
	}
}

static void add_private_names(struct template_writer *writer, const struct balancer *balancer)
{
	const struct service *service = balancer->service;
	AUTO_FREE char *id = stack_logical_id(service->name, "Names");
	struct json_writer *json = template_begin(writer, id, "AWS::Route53::RecordSetGroup");
	template_write_ref(json, "HostedZoneId", "PrivateZone");
	json_open_list(json, "RecordSets");
	write_names(writer, balancer, service->name);
	for (size_t i = 0; i < service->pods.count; i++) {
		const struct pod_spec *pod = app_find_pod(writer->app, service->pods.items[i]);
		if (pod == NULL || pod->workload != WORKLOAD_STATEFUL_SET || pod->replicas != 1 ||
		    pod->service_name == NULL || strcmp(pod->service_name, service->name) != 0)
			continue;
		AUTO_FREE char *name = xasprintf("%s-0.%s", pod->name, service->name);
		write_names(writer, balancer, name);
	}
	json_close(json);
	template_end(writer);
}

/* Instances write the records; the output says that they do. */
static void add_instance_name(struct template_writer *writer, const struct service *service)
{
	AUTO_FREE char *output = stack_logical_id(service->name, STACK_INSTANCE_NAME);
	AUTO_FREE char *name = xasprintf("%s.%s", service->name, writer->target->domain_inside);
	template_output_text(writer, output, name);
}

static void add_public_name(struct template_writer *writer, const struct balancer *balancer)
{
	const struct stack_target *target = writer->target;
	const char *service = balancer->service->name;
	AUTO_FREE char *output = stack_logical_id(service, "Address");
	if (target->hosted_zone == NULL) {
		template_output_attribute(writer, output, balancer->id, "DNSName");
		return;
	}
	AUTO_FREE char *id = stack_logical_id(service, "PublicName");
	AUTO_FREE char *name = stack_public_name(target, balancer->service);
	AUTO_FREE char *zone =
		xasprintf("%s%s", target->hosted_zone, target->is_zone_id ? "" : ".");
	struct json_writer *json = template_begin(writer, id, "AWS::Route53::RecordSet");
	json_write_text(json, target->is_zone_id ? "HostedZoneId" : "HostedZoneName", zone);
	template_write_alias(json, balancer->id, name, true);
	template_end(writer);
	template_output_text(writer, output, name);
}

/* --- the whole ------------------------------------------------------------------------------ */

static void add_balancer(struct template_writer *writer, const struct balancer *balancer)
{
	struct json_writer *json = template_resource(writer, balancer->id,
						     "AWS::ElasticLoadBalancingV2::LoadBalancer");
	if (writer->target->vpc == NULL)
		json_write_text(json, "DependsOn", "GatewayAttachment");
	template_properties(writer);
	json_write_text(json, "Type", balancer->is_application ? "application" : "network");
	json_write_text(json, "Scheme", balancer->is_public ? "internet-facing" : "internal");
	template_write_subnets(writer, "Subnets", balancer->is_public);
	json_open_list(json, "SecurityGroups");
	template_write_ref(json, NULL, balancer->group);
	json_close(json);
	json_open_list(json, "LoadBalancerAttributes");
	template_write_pair(json,
			    balancer->is_application
				    ? "routing.http.drop_invalid_header_fields.enabled"
				    : "load_balancing.cross_zone.enabled",
			    "true");
	json_close(json);
	template_end(writer);
}

static bool add_ports(struct template_writer *writer, const struct balancer *balancer,
		      struct error *err)
{
	const struct service *service = balancer->service;
	for (size_t i = 0; i < service->port_count; i++) {
		if (stack_port_is_second(service, &service->ports[i]))
			continue;
		if (!add_targets(writer, balancer, &service->ports[i], err) ||
		    !add_listener(writer, balancer, &service->ports[i], err))
			return false;
	}
	return true;
}

bool stack_add_service(struct template_writer *writer, const struct service *service,
		       struct error *err)
{
	if (!stack_has_balancer(service))
		return true;
	size_t index = (size_t)(service - writer->app->services);
	const struct balancer_place *place = &writer->places[index];
	if (place->is_named) {
		add_instance_name(writer, service);
		return true;
	}
	const struct balancer balancer = {
		.service = service,
		.pod = app_find_pod(writer->app, service->pods.items[0]),
		.is_public = stack_service_is_public(service),
		.is_application = stack_service_is_application(service),
		.is_first = stack_place_is_first(writer->places, index),
		.is_shared = place->is_shared,
		.is_by_host = place->is_by_host,
		.id = place->id,
		.group = place->group,
	};
	size_t subnets = balancer.is_public ? writer->target->public_subnet_count
					    : writer->target->subnet_count;
	if (balancer.pod == NULL)
		return error_set(err, ERROR_INVALID, "service '%s' selects a pod that is not there",
				 service->name);
	if (balancer.is_application && writer->target->vpc != NULL && subnets < 2)
		return error_set(err, ERROR_INVALID,
				 "service '%s': an HTTP load balancer needs subnets in two zones",
				 service->name);
	if (balancer.is_first) {
		add_firewall(writer, &balancer);
		add_balancer(writer, &balancer);
	}
	if (balancer.is_shared) {
		AUTO_FREE char *output = stack_logical_id(service->name, STACK_SHARED_BALANCER);
		template_output_text(writer, output, balancer.id);
	}
	if (!add_ports(writer, &balancer, err))
		return false;
	add_way_out(writer, &balancer);
	add_private_names(writer, &balancer);
	if (balancer.is_public)
		add_public_name(writer, &balancer);
	return true;
}
