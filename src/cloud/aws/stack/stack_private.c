/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the network that is made, subnets of the instances alone, beside those of the load balancers:
 * nothing outside can reach them, and they reach out through NAT gateways, or only AWS's own
 * services through endpoints. Both subnets have a route table each in all three ways, so that one
 * way becomes another without a moment without any.
 */
#include "cloud/aws/stack/stack_private.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/claims.h"
#include "manifest/app.h"
#include "manifest/environment.h"

#define ZONES "AB"

/* What every guest calls; a pod with a claim also attaches it. */
static const char *const guest_services[] = {"logs", "cloudformation", "ssm", "ec2"};

static bool has_claims(const struct app *app)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
		cloud_claims_of_pod(app, &app->pods[i], &claims);
		if (claims.count > 0)
			return true;
	}
	return false;
}

size_t stack_endpoint_count(const struct app *app)
{
	return ARRAY_SIZE(guest_services) - (has_claims(app) ? 0 : 1);
}

bool stack_check_private(const struct stack_target *target, struct error *err)
{
	if (target->private_network == NETWORK_PUBLIC)
		return true;
	if (target->vpc != NULL) {
		error_set(err, ERROR_INVALID,
			  "provider.private_network is of the network that i2kit makes, and "
			  "provider.vpc or subnets name one");
		return error_hint(err, "remove it, or vpc and subnets");
	}
	if (target->private_network == NETWORK_ENDPOINTS && strncmp(target->region, "cn-", 3) == 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "provider.private_network: endpoints have other names in %s, "
				 "which i2kit does not know; write nat",
				 target->region);
	return true;
}

static char *zone_id(const char *start, char zone, const char *end)
{
	return xasprintf("%s%c%s", start, zone, end);
}

static void add_subnet(struct template_writer *writer, char zone)
{
	AUTO_FREE char *id = zone_id("PrivateSubnet", zone, "");
	AUTO_FREE char *table = zone_id("PrivateRoutes", zone, "");
	AUTO_FREE char *association = zone_id("PrivateSubnet", zone, "Routes");
	AUTO_FREE char *cidr = xasprintf("10.0.%d.0/20", 128 + (zone - 'A') * 16);
	AUTO_FREE char *beside = zone_id("Subnet", zone, "");
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::Subnet");
	template_write_ref(json, "VpcId", "Vpc");
	json_write_text(json, "CidrBlock", cidr);
	template_write_attribute(json, "AvailabilityZone", beside, "AvailabilityZone");
	template_end(writer);
	json = template_begin(writer, table, "AWS::EC2::RouteTable");
	template_write_ref(json, "VpcId", "Vpc");
	template_end(writer);
	json = template_begin(writer, association, "AWS::EC2::SubnetRouteTableAssociation");
	template_write_ref(json, "RouteTableId", table);
	template_write_ref(json, "SubnetId", id);
	template_end(writer);
}

/* --- NAT ------------------------------------------------------------------------------------ */

static void add_nat(struct template_writer *writer, char zone)
{
	AUTO_FREE char *id = zone_id("Nat", zone, "");
	AUTO_FREE char *address = zone_id("Nat", zone, "Address");
	AUTO_FREE char *subnet = zone_id("Subnet", zone, "");
	struct json_writer *json = template_resource(writer, address, "AWS::EC2::EIP");
	json_write_text(json, "DependsOn", "GatewayAttachment");
	template_properties(writer);
	json_write_text(json, "Domain", "vpc");
	template_end(writer);
	json = template_resource(writer, id, "AWS::EC2::NatGateway");
	json_write_text(json, "DependsOn", "DefaultRoute");
	template_properties(writer);
	template_write_attribute(json, "AllocationId", address, "AllocationId");
	template_write_ref(json, "SubnetId", subnet);
	template_end(writer);
}

static void add_nat_route(struct template_writer *writer, char zone, const char *nat)
{
	AUTO_FREE char *id = zone_id("PrivateDefaultRoute", zone, "");
	AUTO_FREE char *table = zone_id("PrivateRoutes", zone, "");
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::Route");
	template_write_ref(json, "RouteTableId", table);
	json_write_text(json, "DestinationCidrBlock", "0.0.0.0/0");
	template_write_ref(json, "NatGatewayId", nat);
	template_end(writer);
}

static void add_nats(struct template_writer *writer, bool is_per_zone)
{
	add_nat(writer, 'A');
	if (is_per_zone)
		add_nat(writer, 'B');
	add_nat_route(writer, 'A', "NatA");
	add_nat_route(writer, 'B', is_per_zone ? "NatB" : "NatA");
}

/* --- endpoints ------------------------------------------------------------------------------ */

static void add_endpoint_firewall(struct template_writer *writer)
{
	AUTO_FREE char *what =
		xasprintf("i2kit %s: AWS's services for its pods", writer->target->project);
	for (char *c = what; *c != '\0'; c++)
		*c = *c == '\'' ? ' ' : *c; /* EC2 takes none */
	struct json_writer *json =
		template_begin(writer, "EndpointFirewall", "AWS::EC2::SecurityGroup");
	json_write_text(json, "GroupDescription", what);
	template_write_ref(json, "VpcId", "Vpc");
	json_open_list(json, "SecurityGroupIngress");
	json_open_object(json, NULL);
	json_write_text(json, "IpProtocol", "tcp");
	json_write_number(json, "FromPort", 443);
	json_write_number(json, "ToPort", 443);
	template_write_ref(json, "SourceSecurityGroupId", "Members");
	json_write_text(json, "Description", "pods");
	json_close(json);
	json_close(json);
	template_write_no_egress(json, "nothing");
	template_end(writer);
}

static char *endpoint_id(const char *service)
{
	char *id = xasprintf("Endpoint%s", service);
	id[strlen("Endpoint")] = (char)(id[strlen("Endpoint")] - 'a' + 'A');
	return id;
}

static void write_zones(struct json_writer *json, const char *key, const char *start)
{
	json_open_list(json, key);
	for (const char *zone = ZONES; *zone != '\0'; zone++) {
		AUTO_FREE char *id = zone_id(start, *zone, "");
		template_write_ref(json, NULL, id);
	}
	json_close(json);
}

/* The name stays what it is outside: guests ask for it as anywhere. */
static void add_endpoint(struct template_writer *writer, const char *service)
{
	AUTO_FREE char *id = endpoint_id(service);
	AUTO_FREE char *name = xasprintf("com.amazonaws.${AWS::Region}.%s", service);
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::VPCEndpoint");
	template_write_ref(json, "VpcId", "Vpc");
	json_write_text(json, "VpcEndpointType", "Interface");
	template_write_sub(json, "ServiceName", name);
	json_write_bool(json, "PrivateDnsEnabled", true);
	write_zones(json, "SubnetIds", "PrivateSubnet");
	json_open_list(json, "SecurityGroupIds");
	template_write_ref(json, NULL, "EndpointFirewall");
	json_close(json);
	template_end(writer);
}

/* Costs nothing. */
static void add_s3_gateway(struct template_writer *writer)
{
	struct json_writer *json = template_begin(writer, "EndpointS3", "AWS::EC2::VPCEndpoint");
	template_write_ref(json, "VpcId", "Vpc");
	json_write_text(json, "VpcEndpointType", "Gateway");
	template_write_sub(json, "ServiceName", "com.amazonaws.${AWS::Region}.s3");
	write_zones(json, "RouteTableIds", "PrivateRoutes");
	template_end(writer);
}

/* --- all ------------------------------------------------------------------------------------ */

void stack_add_private(struct template_writer *writer)
{
	enum environment_network network = writer->target->private_network;
	if (network == NETWORK_PUBLIC)
		return;
	add_subnet(writer, 'A');
	add_subnet(writer, 'B');
	if (network != NETWORK_ENDPOINTS) {
		add_nats(writer, network == NETWORK_NAT_PER_ZONE);
		return;
	}
	add_endpoint_firewall(writer);
	for (size_t i = 0; i < stack_endpoint_count(writer->app); i++)
		add_endpoint(writer, guest_services[i]);
	add_s3_gateway(writer);
}

void stack_write_way_out(struct template_writer *writer)
{
	struct json_writer *json = &writer->json;
	enum environment_network network = writer->target->private_network;
	if (network == NETWORK_PUBLIC) {
		json_write_text(json, "DependsOn", "DefaultRoute");
		return;
	}
	json_open_list(json, "DependsOn");
	for (const char *zone = ZONES; *zone != '\0'; zone++) {
		AUTO_FREE char *table = zone_id("PrivateSubnet", *zone, "Routes");
		AUTO_FREE char *route = zone_id("PrivateDefaultRoute", *zone, "");
		json_write_text(json, NULL, table);
		if (network != NETWORK_ENDPOINTS)
			json_write_text(json, NULL, route);
	}
	for (size_t i = 0; network == NETWORK_ENDPOINTS && i < stack_endpoint_count(writer->app);
	     i++) {
		AUTO_FREE char *id = endpoint_id(guest_services[i]);
		json_write_text(json, NULL, id);
	}
	json_close(json);
}

void stack_write_own_subnets(struct template_writer *writer, const char *key, size_t count)
{
	bool is_private = writer->target->private_network != NETWORK_PUBLIC;
	json_open_list(&writer->json, key);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *id = zone_id(is_private ? "PrivateSubnet" : "Subnet", ZONES[i], "");
		template_write_ref(&writer->json, NULL, id);
	}
	json_close(&writer->json);
}
