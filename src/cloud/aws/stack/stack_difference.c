/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_difference.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cloud/aws/stack/stack_route.h"

#define MAX_RESOURCES  500
#define MAX_PROPERTIES 100

/* createOnlyProperties of CloudFormation's schemas, of the types that templates of ours have. */
static const struct {
	const char *type;
	const char *properties[8];
} replacing[] = {
	{"AWS::EC2::Volume", {"KmsKeyId", "SnapshotId", "AvailabilityZone", "Encrypted"}},
	{"AWS::EC2::VPC", {"CidrBlock"}},
	{"AWS::EC2::Subnet", {"VpcId", "CidrBlock", "AvailabilityZone"}},
	{"AWS::EC2::RouteTable", {"VpcId"}},
	{"AWS::EC2::Route", {"RouteTableId", "DestinationCidrBlock"}},
	{"AWS::EC2::SubnetRouteTableAssociation", {"SubnetId"}},
	{"AWS::EC2::SecurityGroup", {"GroupDescription", "GroupName", "VpcId"}},
	{"AWS::EC2::SecurityGroupEgress",
	 {"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "DestinationSecurityGroupId"}},
	{"AWS::ElasticLoadBalancingV2::LoadBalancer", {"Name", "Scheme", "Type"}},
	{"AWS::ElasticLoadBalancingV2::Listener", {"LoadBalancerArn"}},
	{"AWS::ElasticLoadBalancingV2::ListenerRule", {"ListenerArn"}},
	{"AWS::ElasticLoadBalancingV2::TargetGroup",
	 {"Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"}},
	{"AWS::IAM::InstanceProfile", {"InstanceProfileName", "Path"}},
	{"AWS::IAM::Role", {"Path", "RoleName"}},
	{"AWS::Logs::LogGroup", {"LogGroupName"}},
	{"AWS::EC2::EIP", {"Domain"}},
	{"AWS::EC2::NatGateway", {"AllocationId", "SubnetId"}},
	{"AWS::EC2::VPCEndpoint", {"VpcId", "ServiceName", "VpcEndpointType"}},
	{"AWS::Route53::HostedZone", {"Name"}},
	{"AWS::Route53::RecordSet", {"HostedZoneId", "HostedZoneName", "Name"}},
	{"AWS::Route53::RecordSetGroup", {"HostedZoneId", "HostedZoneName"}},
};

bool stack_property_replaces(const char *type, const char *property)
{
	for (size_t i = 0; i < ARRAY_SIZE(replacing); i++) {
		if (strcmp(replacing[i].type, type) != 0)
			continue;
		for (size_t p = 0; p < ARRAY_SIZE(replacing[i].properties); p++)
			if (replacing[i].properties[p] != NULL &&
			    strcmp(replacing[i].properties[p], property) == 0)
				return true;
	}
	return false;
}

static const char *type_of(struct json_view resource)
{
	const char *type = json_view_peek(json_view_get(resource, "Type"));
	return type != NULL ? type : "";
}

/* A rule of a route says what it is about; owned. */
static char *name_of(struct json_view resource)
{
	struct json_view metadata = json_view_get(resource, "Metadata");
	const char *route = json_view_peek(json_view_get(metadata, STACK_ROUTE_TEXT));
	const char *goal = json_view_peek(json_view_get(metadata, STACK_ROUTE_GOAL));
	if (route == NULL || goal == NULL)
		return xstrdup(type_of(resource));
	return xasprintf("route %s → %s", route, goal);
}

static bool is_replaced(const char *type, struct json_view before, struct json_view after)
{
	for (struct json_view p = json_view_first(after, MAX_PROPERTIES); json_view_exists(p);
	     p = json_view_next(p))
		if (stack_property_replaces(type, p.key) &&
		    !json_view_equals(p, json_view_get(before, p.key)))
			return true;
	for (struct json_view p = json_view_first(before, MAX_PROPERTIES); json_view_exists(p);
	     p = json_view_next(p))
		if (stack_property_replaces(type, p.key) &&
		    !json_view_exists(json_view_get(after, p.key)))
			return true;
	return false;
}

/* Metadata by itself is no update. */
static bool is_same(struct json_view before, struct json_view after)
{
	static const char metadata[] = "Metadata";
	size_t count = 0;
	for (struct json_view p = json_view_first(after, MAX_PROPERTIES); json_view_exists(p);
	     p = json_view_next(p)) {
		if (strcmp(p.key, metadata) == 0)
			continue;
		count++;
		if (!json_view_equals(p, json_view_get(before, p.key)))
			return false;
	}
	size_t other = json_view_exists(json_view_get(before, metadata)) ? 1 : 0;
	return json_view_members(before, MAX_PROPERTIES) == count + other;
}

static void compare(struct json_view before, struct json_view after, struct cloud_plan *plan)
{
	const char *type = type_of(after);
	AUTO_FREE char *name = name_of(after);
	if (!json_view_exists(before)) {
		cloud_plan_add(plan, CLOUD_ADD, after.key, name, false);
		return;
	}
	if (is_same(before, after))
		return;
	bool is_anew = strcmp(type, type_of(before)) != 0 ||
		       is_replaced(type, json_view_get(before, "Properties"),
				   json_view_get(after, "Properties"));
	cloud_plan_add(plan, CLOUD_MODIFY, after.key, name, is_anew);
}

static bool compare_all(struct json_view before, struct json_view after, struct cloud_plan *plan)
{
	struct json_view old = json_view_get(before, "Resources");
	struct json_view new = json_view_get(after, "Resources");
	for (struct json_view r = json_view_first(new, MAX_RESOURCES); json_view_exists(r);
	     r = json_view_next(r))
		compare(json_view_get(old, r.key), r, plan);
	for (struct json_view r = json_view_first(old, MAX_RESOURCES); json_view_exists(r);
	     r = json_view_next(r)) {
		AUTO_FREE char *name = name_of(r);
		if (!json_view_exists(json_view_get(new, r.key)))
			cloud_plan_add(plan, CLOUD_REMOVE, r.key, name, false);
	}
	bool is_same = json_view_equals(json_view_get(before, "Outputs"),
					json_view_get(after, "Outputs")) &&
		       json_view_equals(json_view_get(before, "Parameters"),
					json_view_get(after, "Parameters"));
	if (!is_same && json_view_exists(before))
		cloud_plan_add(plan, CLOUD_MODIFY, "Outputs", "what the stack says of itself",
			       false);
	return true;
}

bool stack_difference(const char *before, const char *after, struct cloud_plan *plan,
		      struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *new =
		json_document_parse(after, strlen(after), "the template", 0, err);
	if (new == NULL)
		return false;
	struct json_view nothing = {0};
	AUTO_PTR(json_document) struct json_document *old = NULL;
	if (before != NULL) {
		old = json_document_parse(before, strlen(before), "the stack's template", 0, err);
		if (old == NULL)
			return error_hint(err, "was the stack changed by hand?");
	}
	compare_all(old != NULL ? json_document_root(old) : nothing, json_document_root(new), plan);
	return json_document_check(new, err) && (old == NULL || json_document_check(old, err));
}
