/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of `provider:` in environment.yml that AWS alone has. */
#include "manifest/environment_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "manifest/environment.h"
#include "manifest/environment_openstack.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void read_health(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool *is_balancer = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "balancer") == 0)
		*is_balancer = true;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "instance") != 0)
		loader_error(loader, node, "write health: instance",
			     "health is instance or balancer");
}

static void read_balancer(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool *shares = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "shared") == 0)
		*shares = true;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "own") != 0)
		loader_error(loader, node, "write balancer: shared", "balancer is own or shared");
}

static void read_internal(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool *names = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "names") == 0)
		*names = true;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "balancer") != 0)
		loader_error(loader, node, "write internal: names",
			     "internal is balancer or names");
}

static void read_private_network(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const names[] = {
		[NETWORK_NAT] = "nat",
		[NETWORK_NAT_PER_ZONE] = "nat-per-zone",
		[NETWORK_ENDPOINTS] = "endpoints",
	};
	enum environment_network *network = target;
	for (size_t i = NETWORK_NAT; node->kind == YAML_SCALAR && i < ARRAY_SIZE(names); i++)
		if (strcmp(node->text, names[i]) == 0)
			*network = (enum environment_network)i;
	if (*network == NETWORK_PUBLIC)
		loader_error(loader, node, "write private_network: nat",
			     "private_network is nat, nat-per-zone or endpoints");
}

static void read_switch(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum environment_switch *given = target;
	bool is_on = false;
	read_bool(loader, node, &is_on);
	*given = is_on ? SWITCH_ON : SWITCH_OFF;
}

static void read_tags(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct environment *environment = target;
	read_key_values(loader, node, &environment->tags, &environment->tag_count);
}

static void read_restore(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct environment *environment = target;
	read_key_values(loader, node, &environment->restore, &environment->restore_count);
}

#define AT(member) offsetof(struct environment, member)
static const struct field fields[] = {
	{"balancer", FIELD_USED, read_balancer, AT(aws.shares_balancers), NULL,
	 "AWS: new Services get a load balancer each (own, the default), or share some by port and "
	 "by host name (shared); a Service that has one stays with it",
	 .takes = "own or shared"},
	{"certificate", FIELD_USED, read_text, AT(aws.certificate), NULL,
	 "AWS: for https and ssl ports that name none, and for routes: an ACM ARN"},
	{"domain", FIELD_USED, read_text, AT(domain), NULL,
	 "AWS: public pods are POD.DOMAIN; default: the hosted zone"},
	{"health", FIELD_USED, read_health, AT(aws.is_balancer_health), NULL,
	 "AWS: what replaces an instance: its own end (instance, the default), or also readiness "
	 "as the "
	 "load balancer sees it (balancer)",
	 .takes = "instance or balancer"},
	{"hosted_zone", FIELD_USED, read_text, AT(hosted_zone), NULL,
	 "AWS: the DNS zone public pods and the hosts of routes get their names in"},
	{"instance_profile", FIELD_USED, read_text, AT(aws.instance_profile), NULL,
	 "AWS: an IAM instance profile; default: one with least privileges is made"},
	{"internal", FIELD_USED, read_internal, AT(aws.names_instances), NULL,
	 "AWS: new Services that are not public get a load balancer (balancer, the default), or "
	 "names that lead to the instances themselves (names), which cost nothing; a Service "
	 "stays with what it has",
	 .takes = "balancer or names"},
	{"kms_key", FIELD_USED, read_text, AT(aws.kms_key), NULL,
	 "AWS: a KMS key of one's own for disks, volumes, logs and secrets: its ARN or alias/NAME; "
	 "default: Amazon's"},
	{"log_retention_days", FIELD_USED, read_u32, AT(aws.log_retention_days), NULL,
	 "default 14"},
	{"permissions_boundary", FIELD_USED, read_text, AT(aws.permissions_boundary), NULL,
	 "AWS: an IAM policy that the pods' roles are bounded by: its ARN"},
	{"private_network", FIELD_USED, read_private_network, AT(aws.private_network), NULL,
	 "AWS: in the network that is made, instances have no public addresses and reach out "
	 "through "
	 "one NAT gateway, one a zone, or reach AWS's own services alone through endpoints",
	 .takes = "nat, nat-per-zone or endpoints"},
	{"public_subnets", FIELD_USED, read_text_list, AT(aws.public_subnets), NULL,
	 "AWS: of the load balancers; default: subnets"},
	{"restore", FIELD_USED, read_restore, 0, NULL,
	 "AWS: what new volumes of claims begin with: CLAIM: SNAPSHOT", .takes = "map of texts"},
	{"role", FIELD_USED, read_text, AT(aws.role), NULL,
	 "AWS: what CloudFormation makes the stack as: a role's ARN; default: whoever promotes"},
	{"subnets", FIELD_USED, read_text_list, AT(aws.subnets), NULL,
	 "AWS: of the instances; default: the vpc's; without vpc, a network of its own"},
	{"tags", FIELD_USED, read_tags, 0, NULL, "AWS: on everything that is made",
	 .takes = "map of texts"},
	{"termination_protection", FIELD_USED, read_switch, AT(aws.termination_protection), NULL,
	 "AWS: whether the stack may not be deleted, not by i2kit destroy either; default: as it "
	 "is",
	 .takes = "true or false"},
	{"vpc", FIELD_USED, read_text, AT(aws.vpc), NULL,
	 "AWS: default: that of the subnets; without both, a network of its own"},
};
#undef AT
const struct field_set environment_aws_fields = {"provider", fields, ARRAY_SIZE(fields),
						 &environment_openstack_fields};
