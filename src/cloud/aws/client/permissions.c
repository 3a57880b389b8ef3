/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/permissions.h"

#include <string.h>

#include "base/alloc.h"
#include "wire/instance_calls.h"

/* A call of ours that needs the action of its own name. */
#define CALL(name, resource, condition)                                                            \
	{                                                                                          \
		name, name, PERMISSION_CALLER, RESOURCE_##resource, CONDITION_##condition          \
	}
/* A call of ours that needs another action as well. */
#define CALL_NEEDS(name, action, resource, condition)                                              \
	{                                                                                          \
		name, action, PERMISSION_CALLER, RESOURCE_##resource, CONDITION_##condition        \
	}
/* What CloudFormation does, as the handlers of Amazon's resource types say. */
#define MAKES(holder, action, resource, condition)                                                 \
	{                                                                                          \
		NULL, action, PERMISSION_##holder, RESOURCE_##resource, CONDITION_##condition      \
	}

/* What an instance calls. */
#define POD_CALL(service, action, resource, condition)                                             \
	{NULL, service ":" action, PERMISSION_POD, RESOURCE_##resource, CONDITION_##condition},

/* clang-format off: a table, a line each. */
const struct permission PERMISSIONS[] = {
	/* The calls of i2kit itself. */
	CALL("cloudformation:DescribeStacks", ANY, REGION),
	CALL_NEEDS("cloudformation:CreateChangeSet", "s3:GetObject", TEMPLATES, NONE),
	CALL("cloudformation:DescribeStackEvents", STACK, NONE),
	CALL("cloudformation:GetTemplate", STACK, NONE),
	CALL("cloudformation:DescribeStackResource", STACK, NONE),
	CALL("cloudformation:CreateChangeSet", STACK, NONE),
	CALL("cloudformation:DescribeChangeSet", STACK, NONE),
	CALL("cloudformation:ExecuteChangeSet", STACK, NONE),
	CALL("cloudformation:DeleteChangeSet", STACK, NONE),
	CALL("cloudformation:DeleteStack", STACK, NONE),
	CALL("cloudformation:ContinueUpdateRollback", STACK, NONE),
	CALL("ec2:DescribeImages", ANY, REGION),
	CALL("ec2:GetEbsEncryptionByDefault", ANY, REGION),
	CALL("ec2:DescribeInstances", ANY, REGION),
	CALL("ec2:DescribeInstanceTypes", ANY, REGION),
	CALL("ec2:DescribeInstanceTypeOfferings", ANY, REGION),
	CALL("ec2:DescribeRouteTables", ANY, REGION),
	CALL("ec2:DescribeSnapshots", ANY, REGION),
	CALL("ec2:DescribeSubnets", ANY, REGION),
	CALL("ec2:DescribeVolumes", ANY, REGION),
	CALL("ebs:StartSnapshot", SNAPSHOTS, OWN_REQUEST),
	CALL_NEEDS("ebs:StartSnapshot", "ec2:CreateTags", SNAPSHOTS, OWN_REQUEST),
	CALL("ebs:PutSnapshotBlock", SNAPSHOTS, OWN_RESOURCE),
	CALL("ebs:CompleteSnapshot", SNAPSHOTS, OWN_RESOURCE),
	CALL("ebs:ListSnapshotBlocks", SNAPSHOTS, OWN_RESOURCE),
	CALL("ebs:GetSnapshotBlock", SNAPSHOTS, OWN_RESOURCE),
	CALL("ec2:DeleteSnapshot", SNAPSHOTS, OWN_RESOURCE),
	CALL("ec2:RegisterImage", SNAPSHOTS, OWN_RESOURCE),
	CALL("ec2:RegisterImage", IMAGES, OWN_REQUEST),
	CALL_NEEDS("ec2:RegisterImage", "ec2:CreateTags", IMAGES, OWN_REQUEST),
	CALL("ec2:DeregisterImage", IMAGES, OWN_RESOURCE),
	CALL("ec2:CreateTags", IMAGES, OWN_RESOURCE),
	CALL("ec2:CreateTags", SNAPSHOTS, OWN_RESOURCE),
	CALL("ec2:CreateTags", SNAPSHOTS, OWN_REQUEST),
	CALL("ec2:GetConsoleOutput", INSTANCES, OWN_RESOURCE),
	CALL("ssm:PutParameter", PARAMETERS, NONE),
	CALL("ssm:GetParametersByPath", PARAMETERS, NONE),
	CALL("ssm:DeleteParameter", PARAMETERS, NONE),
	CALL("logs:FilterLogEvents", LOG_GROUP, NONE),
	CALL("s3:CreateBucket", BUCKETS, NONE),
	CALL_NEEDS("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", BUCKETS, NONE),
	CALL_NEEDS("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration", BUCKETS, NONE),
	CALL_NEEDS("s3:PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration", BUCKETS,
		   NONE),
	CALL("s3:PutObject", TEMPLATES, NONE),
	{"cloudformation:UpdateTerminationProtection", "cloudformation:UpdateTerminationProtection",
	 PERMISSION_PROTECTION, RESOURCE_STACK, CONDITION_NONE},
	/* What is left of instances that are gone. */
	CALL("route53:ListResourceRecordSets", ZONES, NONE),
	CALL("route53:ChangeResourceRecordSets", ZONES, RECORDS),
	{"sts:GetCallerIdentity", NULL, PERMISSION_CALLER, RESOURCE_ANY, CONDITION_NONE},
	/* A key of one's own: secrets; and disks, where the account encrypts all with that key. */
	{"kms:DescribeKey", "kms:DescribeKey", PERMISSION_KEY, RESOURCE_KEY, CONDITION_NONE},
	MAKES(KEY, "kms:Encrypt", KEY, NONE),
	MAKES(KEY, "kms:Decrypt", KEY, NONE),
	MAKES(KEY, "kms:GenerateDataKey", KEY, NONE),
	MAKES(KEY, "kms:GenerateDataKeyWithoutPlaintext", KEY, NONE),
	MAKES(KEY, "kms:ReEncryptFrom", KEY, NONE),
	MAKES(KEY, "kms:ReEncryptTo", KEY, NONE),
	MAKES(KEY, "kms:CreateGrant", KEY, GRANT),
	MAKES(STACK_KEY, "kms:GenerateDataKeyWithoutPlaintext", KEY, VIA_EC2),
	MAKES(STACK_KEY, "kms:ReEncryptFrom", KEY, VIA_EC2),
	MAKES(STACK_KEY, "kms:ReEncryptTo", KEY, VIA_EC2),
	MAKES(STACK_KEY, "kms:CreateGrant", KEY, GRANT),
	MAKES(STACK_KEY, "logs:AssociateKmsKey", LOG_GROUP, NONE),
	MAKES(STACK_KEY, "logs:DisassociateKmsKey", LOG_GROUP, NONE),
	MAKES(POD_KEY, "kms:Decrypt", KEY, VIA_SSM),
	/* A network of its own: where provider.vpc and provider.subnets are not given. */
	MAKES(NETWORK, "ec2:CreateVpc", ANY, REGION),
	MAKES(NETWORK, "ec2:DeleteVpc", ANY, REGION),
	MAKES(NETWORK, "ec2:ModifyVpcAttribute", ANY, REGION),
	MAKES(NETWORK, "ec2:DescribeVpcAttribute", ANY, REGION),
	MAKES(NETWORK, "ec2:CreateInternetGateway", ANY, REGION),
	MAKES(NETWORK, "ec2:DeleteInternetGateway", ANY, REGION),
	MAKES(NETWORK, "ec2:DescribeInternetGateways", ANY, REGION),
	MAKES(NETWORK, "ec2:AttachInternetGateway", ANY, REGION),
	MAKES(NETWORK, "ec2:DetachInternetGateway", ANY, REGION),
	MAKES(NETWORK, "ec2:CreateRouteTable", ANY, REGION),
	MAKES(NETWORK, "ec2:DeleteRouteTable", ANY, REGION),
	MAKES(NETWORK, "ec2:CreateRoute", ANY, REGION),
	MAKES(NETWORK, "ec2:DeleteRoute", ANY, REGION),
	MAKES(NETWORK, "ec2:CreateSubnet", ANY, REGION),
	MAKES(NETWORK, "ec2:DeleteSubnet", ANY, REGION),
	MAKES(NETWORK, "ec2:ModifySubnetAttribute", ANY, REGION),
	MAKES(NETWORK, "ec2:AssociateRouteTable", ANY, REGION),
	MAKES(NETWORK, "ec2:DisassociateRouteTable", ANY, REGION),
	MAKES(NETWORK, "ec2:DescribeRouteTables", ANY, REGION),
	MAKES(NETWORK, "ec2:DescribeAvailabilityZones", ANY, REGION),
	MAKES(NAT, "ec2:AllocateAddress", ANY, REGION),
	MAKES(NAT, "ec2:ReleaseAddress", ANY, REGION),
	MAKES(NAT, "ec2:DescribeAddresses", ANY, REGION),
	MAKES(NAT, "ec2:CreateNatGateway", ANY, REGION),
	MAKES(NAT, "ec2:DeleteNatGateway", ANY, REGION),
	MAKES(NAT, "ec2:DescribeNatGateways", ANY, REGION),
	MAKES(NAT, "ec2:ReplaceRoute", ANY, REGION),
	MAKES(ENDPOINTS, "ec2:CreateVpcEndpoint", ANY, REGION),
	MAKES(ENDPOINTS, "ec2:ModifyVpcEndpoint", ANY, REGION),
	MAKES(ENDPOINTS, "ec2:DeleteVpcEndpoints", ANY, REGION),
	MAKES(ENDPOINTS, "ec2:DescribeVpcEndpoints", ANY, REGION),
	/* What every stack may hold. */
	MAKES(STACK, "ec2:DescribeVpcs", ANY, REGION),
	MAKES(STACK, "ec2:DescribeSubnets", ANY, REGION),
	MAKES(STACK, "ec2:CreateTags", ANY, REGION),
	MAKES(STACK, "ec2:DeleteTags", ANY, REGION),
	MAKES(STACK, "ec2:DescribeTags", ANY, REGION),
	MAKES(STACK, "ec2:CreateSecurityGroup", ANY, REGION),
	MAKES(STACK, "ec2:DeleteSecurityGroup", ANY, REGION),
	MAKES(STACK, "ec2:DescribeSecurityGroups", ANY, REGION),
	MAKES(STACK, "ec2:DescribeSecurityGroupRules", ANY, REGION),
	MAKES(STACK, "ec2:AuthorizeSecurityGroupIngress", ANY, REGION),
	MAKES(STACK, "ec2:AuthorizeSecurityGroupEgress", ANY, REGION),
	MAKES(STACK, "ec2:RevokeSecurityGroupIngress", ANY, REGION),
	MAKES(STACK, "ec2:RevokeSecurityGroupEgress", ANY, REGION),
	MAKES(STACK, "ec2:UpdateSecurityGroupRuleDescriptionsIngress", ANY, REGION),
	MAKES(STACK, "ec2:UpdateSecurityGroupRuleDescriptionsEgress", ANY, REGION),
	MAKES(STACK, "ec2:CreateLaunchTemplate", ANY, REGION),
	MAKES(STACK, "ec2:CreateLaunchTemplateVersion", ANY, REGION),
	MAKES(STACK, "ec2:DeleteLaunchTemplate", ANY, REGION),
	MAKES(STACK, "ec2:DescribeLaunchTemplates", ANY, REGION),
	MAKES(STACK, "ec2:DescribeLaunchTemplateVersions", ANY, REGION),
	MAKES(STACK, "ec2:RunInstances", ANY, REGION),
	MAKES(STACK, "ec2:DescribeInstances", ANY, REGION),
	MAKES(STACK, "ec2:DescribeImages", ANY, REGION),
	MAKES(STACK, "ec2:CreateVolume", ANY, REGION),
	MAKES(STACK, "ec2:DeleteVolume", ANY, REGION),
	MAKES(STACK, "ec2:DescribeVolumes", ANY, REGION),
	MAKES(STACK, "ec2:DescribeVolumeAttribute", ANY, REGION),
	MAKES(STACK, "ec2:ModifyVolume", ANY, REGION),
	MAKES(STACK, "ec2:ModifyVolumeAttribute", ANY, REGION),
	MAKES(STACK, "ec2:DescribeVolumesModifications", ANY, REGION),
	MAKES(STACK, "ec2:CreateSnapshot", ANY, REGION),
	MAKES(STACK, "ec2:DescribeSnapshots", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:AddTags", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:CreateRule", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:DeleteRule", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:ModifyRule", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:SetRulePriorities", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:CreateListener", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:CreateLoadBalancer", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:CreateTargetGroup", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:DeleteListener", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:DeleteLoadBalancer", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:DeleteTargetGroup", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:Describe*", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:ModifyListener", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:ModifyLoadBalancerAttributes", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:ModifyTargetGroup", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:ModifyTargetGroupAttributes", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:RemoveTags", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:SetSecurityGroups", ANY, REGION),
	MAKES(STACK, "elasticloadbalancing:SetSubnets", ANY, REGION),
	MAKES(STACK, "autoscaling:Describe*", ANY, REGION),
	MAKES(STACK, "logs:DescribeLogGroups", ANY, REGION),
	MAKES(STACK, "autoscaling:CreateAutoScalingGroup", GROUPS, NONE),
	MAKES(STACK, "autoscaling:UpdateAutoScalingGroup", GROUPS, NONE),
	MAKES(STACK, "autoscaling:DeleteAutoScalingGroup", GROUPS, NONE),
	MAKES(STACK, "autoscaling:CreateOrUpdateTags", GROUPS, NONE),
	MAKES(STACK, "autoscaling:DeleteTags", GROUPS, NONE),
	MAKES(STACK, "autoscaling:AttachLoadBalancerTargetGroups", GROUPS, NONE),
	MAKES(STACK, "autoscaling:DetachLoadBalancerTargetGroups", GROUPS, NONE),
	MAKES(STACK, "autoscaling:SuspendProcesses", GROUPS, NONE),
	MAKES(STACK, "autoscaling:ResumeProcesses", GROUPS, NONE),
	MAKES(STACK, "autoscaling:TerminateInstanceInAutoScalingGroup", GROUPS, NONE),
	MAKES(STACK, "logs:CreateLogGroup", LOG_GROUP, NONE),
	MAKES(STACK, "logs:DeleteLogGroup", LOG_GROUP, NONE),
	MAKES(STACK, "logs:PutRetentionPolicy", LOG_GROUP, NONE),
	MAKES(STACK, "logs:DeleteRetentionPolicy", LOG_GROUP, NONE),
	MAKES(STACK, "logs:TagResource", LOG_GROUP, NONE),
	MAKES(STACK, "logs:UntagResource", LOG_GROUP, NONE),
	MAKES(STACK, "logs:ListTagsForResource", LOG_GROUP, NONE),
	MAKES(STACK, "route53:CreateHostedZone", ANY, NONE),
	MAKES(STACK, "route53:ListHostedZonesByName", ANY, NONE),
	MAKES(STACK, "route53:GetChange", ANY, NONE),
	MAKES(STACK, "route53:DeleteHostedZone", ZONES, NONE),
	MAKES(STACK, "route53:GetHostedZone", ZONES, NONE),
	MAKES(STACK, "route53:AssociateVPCWithHostedZone", ZONES, NONE),
	MAKES(STACK, "route53:ChangeTagsForResource", ZONES, NONE),
	MAKES(STACK, "route53:ListTagsForResource", ZONES, NONE),
	MAKES(STACK, "route53:ChangeResourceRecordSets", ZONES, NONE),
	MAKES(STACK, "route53:ListResourceRecordSets", ZONES, NONE),
	MAKES(STACK, "iam:CreateServiceLinkedRole", SERVICE_ROLES, NONE),
	/* The pods' roles: where provider.instance_profile is not given. */
	MAKES(ROLES, "iam:CreateRole", ROLES, BOUNDED),
	MAKES(ROLES, "iam:PutRolePolicy", ROLES, BOUNDED),
	MAKES(ROLES, "iam:DeleteRole", ROLES, NONE),
	MAKES(ROLES, "iam:GetRole", ROLES, NONE),
	MAKES(ROLES, "iam:GetRolePolicy", ROLES, NONE),
	MAKES(ROLES, "iam:DeleteRolePolicy", ROLES, NONE),
	MAKES(ROLES, "iam:TagRole", ROLES, NONE),
	MAKES(ROLES, "iam:UntagRole", ROLES, NONE),
	MAKES(ROLES, "iam:ListRoleTags", ROLES, NONE),
	MAKES(ROLES, "iam:UpdateAssumeRolePolicy", ROLES, NONE),
	MAKES(ROLES, "iam:ListRolePolicies", ROLES, NONE),
	MAKES(ROLES, "iam:ListAttachedRolePolicies", ROLES, NONE),
	MAKES(ROLES, "iam:PassRole", ROLES, TO_EC2),
	MAKES(ROLES, "iam:CreateInstanceProfile", PROFILES, NONE),
	MAKES(ROLES, "iam:DeleteInstanceProfile", PROFILES, NONE),
	MAKES(ROLES, "iam:GetInstanceProfile", PROFILES, NONE),
	MAKES(ROLES, "iam:AddRoleToInstanceProfile", PROFILES, NONE),
	MAKES(ROLES, "iam:RemoveRoleFromInstanceProfile", PROFILES, NONE),
	/* The same where provider.permissions_boundary is given: never without it. */
	MAKES(BOUNDED, "iam:PutRolePermissionsBoundary", ROLES, BOUNDED),
	/* What instances call, at most. */
	INSTANCE_CALLS(POD_CALL)};
/* clang-format on */
const size_t PERMISSION_COUNT = ARRAY_SIZE(PERMISSIONS);

void permission_write_records(struct json_writer *json)
{
	json_open_list(json, "route53:ChangeResourceRecordSetsRecordTypes");
	json_write_text(json, NULL, "A");
	json_close(json);
	json_open_list(json, "route53:ChangeResourceRecordSetsActions");
	json_write_text(json, NULL, "UPSERT");
	json_write_text(json, NULL, "DELETE");
	json_close(json);
}

bool permission_is_known(const char *service, const char *action)
{
	size_t size = strlen(service);
	for (size_t i = 0; i < PERMISSION_COUNT; i++) {
		const char *call = PERMISSIONS[i].call;
		if (call != NULL && strncmp(call, service, size) == 0 && call[size] == ':' &&
		    strcmp(call + size + 1, action) == 0)
			return true;
	}
	return false;
}
