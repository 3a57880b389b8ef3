/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_network.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_private.h"
#include "cloud/aws/stack/template_writer.h"

#define OWN_CIDR "10.0.0.0/16"

char *stack_private_domain(const char *stack)
{
	static const char start[] = "i2kit-";
	bool has_start = strncmp(stack, start, strlen(start)) == 0;
	return xasprintf("%s.internal", has_start ? stack + strlen(start) : stack);
}

static void add_subnet(struct template_writer *writer, char letter, unsigned number)
{
	AUTO_FREE char *id = xasprintf("Subnet%c", letter);
	AUTO_FREE char *association = xasprintf("Subnet%cRoutes", letter);
	AUTO_FREE char *cidr = xasprintf("10.0.%u.0/20", number * 16);
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::Subnet");
	template_write_ref(json, "VpcId", "Vpc");
	json_write_text(json, "CidrBlock", cidr);
	json_open_object(json, "AvailabilityZone");
	json_open_list(json, "Fn::Select");
	json_write_text(json, NULL, number == 0 ? "0" : "1");
	json_open_object(json, NULL);
	json_write_text(json, "Fn::GetAZs", "");
	json_close(json);
	json_close(json);
	json_close(json);
	json_write_bool(json, "MapPublicIpOnLaunch", true);
	template_end(writer);
	json = template_begin(writer, association, "AWS::EC2::SubnetRouteTableAssociation");
	template_write_ref(json, "RouteTableId", "Routes");
	template_write_ref(json, "SubnetId", id);
	template_end(writer);
}

static void add_routes(struct template_writer *writer)
{
	struct json_writer *json = template_begin(writer, "Routes", "AWS::EC2::RouteTable");
	template_write_ref(json, "VpcId", "Vpc");
	template_end(writer);
	json = template_resource(writer, "DefaultRoute", "AWS::EC2::Route");
	json_write_text(json, "DependsOn", "GatewayAttachment");
	template_properties(writer);
	template_write_ref(json, "RouteTableId", "Routes");
	json_write_text(json, "DestinationCidrBlock", "0.0.0.0/0");
	template_write_ref(json, "GatewayId", "Gateway");
	template_end(writer);
}

/* A network of its own: two zones, instances reach AWS and the registries through the gateway. */
static void add_vpc(struct template_writer *writer)
{
	struct json_writer *json = template_begin(writer, "Vpc", "AWS::EC2::VPC");
	json_write_text(json, "CidrBlock", OWN_CIDR);
	json_write_bool(json, "EnableDnsSupport", true);
	json_write_bool(json, "EnableDnsHostnames", true);
	json_open_list(json, "Tags");
	template_write_tag(json, "Name", writer->target->stack);
	json_close(json);
	template_end(writer);
	json = template_resource(writer, "Gateway", "AWS::EC2::InternetGateway");
	json_close(json);
	json = template_begin(writer, "GatewayAttachment", "AWS::EC2::VPCGatewayAttachment");
	template_write_ref(json, "VpcId", "Vpc");
	template_write_ref(json, "InternetGatewayId", "Gateway");
	template_end(writer);
	add_routes(writer);
	add_subnet(writer, 'A', 0);
	add_subnet(writer, 'B', 1);
	stack_add_private(writer);
}

/* Nothing is allowed by it: it says who belongs to the project, as a source for others. */
static void add_members(struct template_writer *writer)
{
	AUTO_FREE char *what = xasprintf("i2kit %s: its pods", writer->target->project);
	struct json_writer *json = template_begin(writer, "Members", "AWS::EC2::SecurityGroup");
	json_write_text(json, "GroupDescription", what);
	template_write_vpc(writer, "VpcId");
	template_write_no_egress(json, "nothing");
	template_end(writer);
}

static void add_zone(struct template_writer *writer)
{
	struct json_writer *json =
		template_begin(writer, "PrivateZone", "AWS::Route53::HostedZone");
	json_write_text(json, "Name", writer->target->domain_inside);
	json_open_list(json, "VPCs");
	json_open_object(json, NULL);
	template_write_vpc(writer, "VPCId");
	json_write_text(json, "VPCRegion", writer->target->region);
	json_close(json);
	json_close(json);
	template_end(writer);
}

void stack_add_network(struct template_writer *writer)
{
	const struct stack_target *target = writer->target;
	if (target->vpc == NULL)
		add_vpc(writer);
	add_members(writer);
	add_zone(writer);
	AUTO_FREE char *group = xasprintf("/i2kit/%s", target->stack);
	struct json_writer *json = template_resource(writer, "Logs", "AWS::Logs::LogGroup");
	json_write_text(json, "DeletionPolicy", "Delete");
	json_write_text(json, "UpdateReplacePolicy", "Delete");
	template_properties(writer);
	json_write_text(json, "LogGroupName", group);
	json_write_text_if(json, "KmsKeyId", target->kms_key);
	json_write_number(json, "RetentionInDays", target->log_days);
	template_end(writer);
	template_output_ref(writer, "Logs", "Logs");
}
