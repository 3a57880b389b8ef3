/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod may reach, as rules of its security group. */
#include "cloud/aws/stack/stack_egress.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_port.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define ANYWHERE "0.0.0.0/0"

/* All addresses but private, shared, link-local, loopback, multicast and reserved ones: a security
 * group has no rule that forbids. */
static const char *const internet[] = {
	"1.0.0.0/8",	  "2.0.0.0/7",	    "4.0.0.0/6",      "8.0.0.0/7",	"11.0.0.0/8",
	"12.0.0.0/6",	  "16.0.0.0/4",	    "32.0.0.0/3",     "64.0.0.0/3",	"96.0.0.0/6",
	"100.0.0.0/10",	  "100.128.0.0/9",  "101.0.0.0/8",    "102.0.0.0/7",	"104.0.0.0/5",
	"112.0.0.0/5",	  "120.0.0.0/6",    "124.0.0.0/7",    "126.0.0.0/8",	"128.0.0.0/3",
	"160.0.0.0/5",	  "168.0.0.0/8",    "169.0.0.0/9",    "169.128.0.0/10", "169.192.0.0/11",
	"169.224.0.0/12", "169.240.0.0/13", "169.248.0.0/14", "169.252.0.0/15", "169.255.0.0/16",
	"170.0.0.0/7",	  "172.0.0.0/12",   "172.32.0.0/11",  "172.64.0.0/10",	"172.128.0.0/9",
	"173.0.0.0/8",	  "174.0.0.0/7",    "176.0.0.0/4",    "192.0.0.0/9",	"192.128.0.0/11",
	"192.160.0.0/13", "192.169.0.0/16", "192.170.0.0/15", "192.172.0.0/14", "192.176.0.0/12",
	"192.192.0.0/10", "193.0.0.0/8",    "194.0.0.0/7",    "196.0.0.0/6",	"200.0.0.0/5",
	"208.0.0.0/4",
};

static void write_rule(struct json_writer *json, const char *protocol, const char *cidr,
		       const char *why)
{
	json_open_object(json, NULL);
	json_write_text(json, "IpProtocol", protocol);
	if (strcmp(protocol, "tcp") == 0) {
		json_write_number(json, "FromPort", 443);
		json_write_number(json, "ToPort", 443);
	}
	json_write_text(json, "CidrIp", cidr);
	json_write_text(json, "Description", why);
	json_close(json);
}

void stack_write_egress(struct template_writer *writer, const struct pod_spec *pod)
{
	const struct egress_policy *egress = &pod->egress;
	struct json_writer *json = &writer->json;
	if (!egress->is_restricted)
		return; /* EC2 adds the rule that allows everything */
	json_open_list(json, "SecurityGroupEgress");
	/* The guest itself: its secrets, its logs, its signal. Names and instance metadata pass
	 * whatever the group says. */
	write_rule(json, "tcp", ANYWHERE, "the services of AWS");
	for (size_t i = 0; egress->has_internet && i < ARRAY_SIZE(internet); i++)
		write_rule(json, "-1", internet[i], "internet");
	AUTO(string_list_clear) struct string_list cidrs = STRING_LIST_INIT;
	string_list_copy(&cidrs, &egress->cidrs);
	for (size_t i = 0; i < egress->names.count; i++) {
		const struct service *service =
			app_find_service(writer->app, egress->names.items[i]);
		if (service != NULL)
			outside_add_addresses(&service->outside, &cidrs);
	}
	for (size_t i = 0; i < cidrs.count; i++) {
		const char *cidr = cidrs.items[i];
		AUTO_FREE char *whole =
			xasprintf("%s%s", cidr, strchr(cidr, '/') != NULL ? "" : "/32");
		write_rule(json, "-1", whole, "as the manifest says");
	}
	json_close(json);
}

static void add_rule(struct template_writer *writer, const struct pod_spec *pod, const char *to,
		     const char *suffix, const char *group)
{
	AUTO_FREE char *from = stack_logical_id(pod->name, "Reaches");
	AUTO_FREE char *target = stack_logical_id(to, suffix);
	AUTO_FREE char *id = xasprintf("%s%s", from, target);
	AUTO_FREE char *own = stack_logical_id(pod->name, "Firewall");
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::SecurityGroupEgress");
	template_write_ref(json, "GroupId", own);
	json_write_text(json, "IpProtocol", "-1");
	template_write_ref(json, "DestinationSecurityGroupId", group);
	json_write_text(json, "Description", to);
	template_end(writer);
}

/* Others are behind that load balancer as well: only the service's own ports. */
static void add_ports(struct template_writer *writer, const struct pod_spec *pod,
		      const struct service *service, const char *group)
{
	AUTO_FREE char *from = stack_logical_id(pod->name, "Reaches");
	AUTO_FREE char *own = stack_logical_id(pod->name, "Firewall");
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		AUTO_FREE char *target = stack_port_id(service, port, "Service");
		AUTO_FREE char *id = xasprintf("%s%s", from, target);
		struct json_writer *json =
			template_begin(writer, id, "AWS::EC2::SecurityGroupEgress");
		template_write_ref(json, "GroupId", own);
		json_write_text(json, "IpProtocol", port->protocol == PROTOCOL_UDP ? "udp" : "tcp");
		json_write_unsigned(json, "FromPort", port->port);
		json_write_unsigned(json, "ToPort", port->port);
		template_write_ref(json, "DestinationSecurityGroupId", group);
		json_write_text(json, "Description", service->name);
		template_end(writer);
	}
}

/* The pods behind a service whose names lead to them. */
static void add_instances(struct template_writer *writer, const struct pod_spec *pod,
			  const struct service *service)
{
	AUTO_FREE char *from = stack_logical_id(pod->name, "Reaches");
	AUTO_FREE char *own = stack_logical_id(pod->name, "Firewall");
	for (size_t p = 0; p < service->pods.count; p++) {
		AUTO_FREE char *group = stack_logical_id(service->pods.items[p], "Firewall");
		AUTO_FREE char *behind = stack_logical_id(service->pods.items[p], "Pod");
		for (size_t i = 0; i < service->port_count; i++) {
			const struct service_port *port = &service->ports[i];
			AUTO_FREE char *target = stack_port_id(service, port, "Instances");
			AUTO_FREE char *id = xasprintf("%s%s%s", from, target, behind);
			struct json_writer *json =
				template_begin(writer, id, "AWS::EC2::SecurityGroupEgress");
			template_write_ref(json, "GroupId", own);
			json_write_text(json, "IpProtocol",
					port->protocol == PROTOCOL_UDP ? "udp" : "tcp");
			json_write_unsigned(json, "FromPort", port->target_port);
			json_write_unsigned(json, "ToPort", port->target_port);
			template_write_ref(json, "DestinationSecurityGroupId", group);
			json_write_text(json, "Description", service->name);
			template_end(writer);
		}
	}
}

/* Beside the groups: pods that may reach each other would name each other's. */
void stack_add_reach(struct template_writer *writer, const struct pod_spec *pod)
{
	for (size_t i = 0; pod->egress.is_restricted && i < pod->egress.names.count; i++) {
		const char *name = pod->egress.names.items[i];
		const struct service *service = app_find_service(writer->app, name);
		if (service != NULL && stack_has_balancer(service)) {
			const struct balancer_place *place =
				&writer->places[service - writer->app->services];
			if (place->is_named)
				add_instances(writer, pod, service);
			else if (place->is_shared)
				add_ports(writer, pod, service, place->group);
			else
				add_rule(writer, pod, name, "Service", place->group);
		}
		if (app_find_pod(writer->app, name) != NULL) {
			AUTO_FREE char *group = stack_logical_id(name, "Firewall");
			add_rule(writer, pod, name, "Pod", group);
		}
	}
}
