/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/policy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/client/permissions.h"

/* CloudFormation cuts the stack's name in the names of roles and groups that it makes. */
#define NAME_PREFIX 24

struct policy {
	const struct cloud_scope *scope;
	const char *region;   /* NULL: any */
	const char *boundary; /* ARN, or NULL */
	const char *partition;
	const char *kms_key; /* as provider.kms_key has it, or NULL */
	bool is_via_cloudformation;
	bool has_network; /* the stack makes one */
	bool has_private_network;
	bool has_roles;
};

/* "alias/NAME" of a key that is named so, for IAM knows keys by their ids alone; or NULL. */
static const char *alias_of(const char *kms_key)
{
	return kms_key != NULL ? strstr(kms_key, "alias/") : NULL;
}

/* {p} partition, {r} region, {s} stack, {n} the stack's name as it begins other names. Owned. */
static char *expand(const struct policy *policy, const char *pattern)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const char *region = policy->region != NULL ? policy->region : "*";
	for (const char *c = pattern; *c != '\0'; c++) {
		if (c[0] != '{') {
			strbuf_append_char(&out, *c);
			continue;
		}
		if (c[1] == 'p')
			strbuf_append(&out, policy->partition);
		else if (c[1] == 'r')
			strbuf_append(&out, region);
		else if (c[1] == 's')
			strbuf_append(&out, policy->scope->name);
		else
			strbuf_appendf(&out, "%.*s", NAME_PREFIX, policy->scope->name);
		c += 2;
	}
	return strbuf_take(&out);
}

static const char *const ARNS[RESOURCE_COUNT][2] = {
	[RESOURCE_ANY] = {"*"},
	[RESOURCE_STACK] = {"arn:{p}:cloudformation:{r}:*:stack/{s}/*"},
	[RESOURCE_STACKS] = {"arn:{p}:cloudformation:{r}:*:stack/i2kit-*/*"},
	[RESOURCE_SNAPSHOTS] = {"arn:{p}:ec2:{r}::snapshot/*"},
	[RESOURCE_IMAGES] = {"arn:{p}:ec2:{r}::image/*"},
	[RESOURCE_INSTANCES] = {"arn:{p}:ec2:{r}:*:instance/*"},
	[RESOURCE_VOLUMES] = {"arn:{p}:ec2:{r}:*:volume/*"},
	[RESOURCE_PARAMETERS] = {"arn:{p}:ssm:{r}:*:parameter/i2kit/{s}",
				 "arn:{p}:ssm:{r}:*:parameter/i2kit/{s}/*"},
	[RESOURCE_ALL_PARAMETERS] = {"arn:{p}:ssm:{r}:*:parameter/*"},
	[RESOURCE_LOG_GROUP] = {"arn:{p}:logs:{r}:*:log-group:/i2kit/{s}",
				"arn:{p}:logs:{r}:*:log-group:/i2kit/{s}:*"},
	[RESOURCE_ALL_LOG_GROUPS] = {"arn:{p}:logs:{r}:*:log-group:/i2kit/*"},
	[RESOURCE_GROUPS] =
		{"arn:{p}:autoscaling:{r}:*:autoScalingGroup:*:autoScalingGroupName/{n}*"},
	[RESOURCE_ROLES] = {"arn:{p}:iam::*:role/{n}*"},
	[RESOURCE_PROFILES] = {"arn:{p}:iam::*:instance-profile/{n}*"},
	[RESOURCE_SERVICE_ROLES] = {"arn:{p}:iam::*:role/aws-service-role/autoscaling.*",
				    "arn:{p}:iam::*:role/aws-service-role/elasticloadbalancing.*"},
	[RESOURCE_BUCKETS] = {"arn:{p}:s3:::i2kit-templates-*"},
	[RESOURCE_TEMPLATES] = {"arn:{p}:s3:::i2kit-templates-*/{s}/*"},
	[RESOURCE_ZONES] = {"arn:{p}:route53:::hostedzone/*"},
};

static void write_resources(const struct policy *policy, enum permission_resource resource,
			    struct json_writer *json)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	if (resource == RESOURCE_KEY) {
		AUTO_FREE char *any = expand(policy, "arn:{p}:kms:{r}:*:key/");
		bool is_whole = strncmp(policy->kms_key, "arn:", 4) == 0;
		const char *id = alias_of(policy->kms_key) != NULL ? "*" : policy->kms_key;
		string_list_addf(&list, "%s%s", is_whole && id[0] != '*' ? "" : any, id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ARNS[0]) && ARNS[resource][i] != NULL; i++) {
		AUTO_FREE char *arn = expand(policy, ARNS[resource][i]);
		string_list_add(&list, arn);
	}
	if (list.count == 1)
		json_write_text(json, "Resource", list.items[0]);
	else
		json_write_texts(json, "Resource", &list);
}

/* "ssm.eu-west-1.amazonaws.com" as who uses a key. */
static void write_via(const struct policy *policy, const char *service, struct json_writer *json)
{
	const char *region = policy->region != NULL ? policy->region : "*";
	AUTO_FREE char *host =
		xasprintf("%s.%s.%s", service, region, aws_partition_of(region)->suffix);
	json_open_object(json, policy->region != NULL ? "StringEquals" : "StringLike");
	json_write_text(json, "kms:ViaService", host);
	json_close(json);
}

/* Beside what any condition may ask. */
static void write_key_condition(const struct policy *policy, enum permission_condition condition,
				struct json_writer *json)
{
	if (condition == CONDITION_VIA_SSM || condition == CONDITION_VIA_EC2)
		write_via(policy, condition == CONDITION_VIA_SSM ? "ssm" : "ec2", json);
	if (condition == CONDITION_GRANT) {
		json_open_object(json, "Bool");
		json_write_text(json, "kms:GrantIsForAWSResource", "true");
		json_close(json);
	}
	if (alias_of(policy->kms_key) != NULL) {
		json_open_object(json, "ForAnyValue:StringEquals");
		json_write_text(json, "kms:ResourceAliases", alias_of(policy->kms_key));
		json_close(json);
	}
}

static void write_condition(const struct policy *policy, enum permission_condition condition,
			    bool is_via, struct json_writer *json)
{
	static const struct {
		const char *key;
		const char *value; /* NULL: the project */
	} equals[CONDITION_COUNT] = {
		[CONDITION_OWN_RESOURCE] = {"aws:ResourceTag/i2kit:project", NULL},
		[CONDITION_OWN_REQUEST] = {"aws:RequestTag/i2kit:project", NULL},
		[CONDITION_TO_EC2] = {"iam:PassedToService", "ec2.amazonaws.com"},
		[CONDITION_TO_CLOUDFORMATION] = {"iam:PassedToService",
						 "cloudformation.amazonaws.com"},
	};
	json_open_object(json, "StringEquals");
	if (condition == CONDITION_BOUNDED && policy->boundary != NULL)
		json_write_text(json, "iam:PermissionsBoundary", policy->boundary);
	if (equals[condition].key != NULL)
		json_write_text(json, equals[condition].key,
				equals[condition].value != NULL ? equals[condition].value
								: policy->scope->project);
	if (condition == CONDITION_REGION && policy->region != NULL)
		json_write_text(json, "aws:RequestedRegion", policy->region);
	json_close_if_filled(json);
	if (condition == CONDITION_RECORDS) {
		json_open_object(json, "ForAllValues:StringEquals");
		permission_write_records(json);
		json_close(json);
	}
	/* Only what CloudFormation does in the caller's name, not the caller himself. */
	if (is_via) {
		json_open_object(json, "ForAnyValue:StringEquals");
		json_write_text(json, "aws:CalledVia", "cloudformation.amazonaws.com");
		json_close(json);
	}
}

static void write_conditions(const struct policy *policy, enum permission_resource resource,
			     enum permission_condition condition, struct json_writer *json)
{
	json_open_object(json, "Condition");
	/* What EC2 asks of KMS for CloudFormation is told by who asks KMS. */
	if (resource == RESOURCE_KEY)
		write_key_condition(policy, condition, json);
	else
		write_condition(policy, condition, policy->is_via_cloudformation, json);
	json_close_if_filled(json);
}

static void open_statement(struct json_writer *json)
{
	json_open_object(json, NULL);
	json_write_text(json, "Effect", "Allow");
}

/* One statement of all rows with this holder, resource and condition; none when there are none. */
static void write_statement(const struct policy *policy, enum permission_holder holder,
			    enum permission_resource resource, enum permission_condition condition,
			    struct json_writer *json)
{
	AUTO(string_list_clear) struct string_list actions = STRING_LIST_INIT;
	for (size_t i = 0; i < PERMISSION_COUNT; i++) {
		const struct permission *row = &PERMISSIONS[i];
		if (row->holder == holder && row->resource == resource &&
		    row->condition == condition && row->action != NULL &&
		    !string_list_has(&actions, row->action))
			string_list_add(&actions, row->action);
	}
	if (actions.count == 0)
		return;
	open_statement(json);
	json_write_texts(json, "Action", &actions);
	write_resources(policy, resource, json);
	write_conditions(policy, resource, condition, json);
	json_close(json);
}

static void write_holder(const struct policy *policy, enum permission_holder holder,
			 struct json_writer *json)
{
	for (unsigned r = 0; r < RESOURCE_COUNT; r++)
		for (unsigned c = 0; c < CONDITION_COUNT; c++)
			write_statement(policy, holder, r, c, json);
}

/* A role or an instance profile that is given by name or ARN is passed on. Owned. */
static void write_pass_role(const struct policy *policy, const char *arn,
			    enum permission_condition condition, bool is_via,
			    struct json_writer *json)
{
	open_statement(json);
	json_write_text(json, "Action", "iam:PassRole");
	json_write_text(json, "Resource", arn);
	json_open_object(json, "Condition");
	write_condition(policy, condition, is_via, json);
	json_close_if_filled(json);
	json_close(json);
}

static void write_stack(struct policy *policy, bool is_via, struct json_writer *json)
{
	policy->is_via_cloudformation = is_via;
	write_holder(policy, PERMISSION_STACK, json);
	if (policy->has_roles)
		write_holder(policy, PERMISSION_ROLES, json);
	if (policy->has_roles && policy->boundary != NULL)
		write_holder(policy, PERMISSION_BOUNDED, json);
	if (policy->kms_key != NULL)
		write_holder(policy, PERMISSION_STACK_KEY, json);
	if (!policy->has_roles) {
		/* Which role a given profile holds, only the account knows. */
		AUTO_FREE char *any = expand(policy, "arn:{p}:iam::*:role/*");
		write_pass_role(policy, any, CONDITION_TO_EC2, is_via, json);
	}
	policy->is_via_cloudformation = false;
}

/* Beside the stack's: both together would be longer than a policy may be. */
static void write_network(struct policy *policy, bool is_via, struct json_writer *json)
{
	policy->is_via_cloudformation = is_via;
	write_holder(policy, PERMISSION_NETWORK, json);
	/* Both, whichever there is: one becomes the other. */
	if (policy->has_private_network) {
		write_holder(policy, PERMISSION_NAT, json);
		write_holder(policy, PERMISSION_ENDPOINTS, json);
	}
	policy->is_via_cloudformation = false;
}

static void write_trust(struct json_writer *json)
{
	open_statement(json);
	json_open_object(json, "Principal");
	json_write_text(json, "Service", "cloudformation.amazonaws.com");
	json_close(json);
	json_write_text(json, "Action", "sts:AssumeRole");
	json_close(json);
}

/* The key's own policy: what people's policies cannot give to services of Amazon's. */
static void open_for(struct json_writer *json, const char *kind, const char *principal)
{
	open_statement(json);
	json_open_object(json, "Principal");
	json_write_text(json, kind, principal);
	json_close(json);
	json_write_text(json, "Resource", "*");
}

static void write_key_use(struct json_writer *json)
{
	static const char *const actions[] = {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*",
					      "kms:GenerateDataKey*", "kms:DescribeKey"};
	json_open_list(json, "Action");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		json_write_text(json, NULL, actions[i]);
	json_close(json);
}

/* Of an ARN, arn:aws:kms:REGION:ACCOUNT:…: the account, or what must be put in its place. Owned. */
static char *account_of(const char *kms_key)
{
	const char *part = strncmp(kms_key, "arn:", 4) == 0 ? kms_key : "";
	for (unsigned colon = 0; colon < 4 && part != NULL; colon++)
		part = strchr(part, ':') != NULL ? strchr(part, ':') + 1 : NULL;
	return part != NULL ? xstrndup(part, strcspn(part, ":")) : xstrdup("ACCOUNT");
}

static void write_key_policy(const struct policy *policy, struct json_writer *json)
{
	const char *region = policy->region != NULL ? policy->region : "REGION";
	AUTO_FREE char *account = account_of(policy->kms_key);
	AUTO_FREE char *scaling =
		xasprintf("arn:%s:iam::%s:role/aws-service-role/autoscaling.amazonaws.com/"
			  "AWSServiceRoleForAutoScaling",
			  policy->partition, account);
	AUTO_FREE char *logs = xasprintf("logs.%s.%s", region, aws_partition_of(region)->suffix);
	AUTO_FREE char *group = xasprintf("arn:%s:logs:%s:%s:log-group:/i2kit/%s",
					  policy->partition, region, account, policy->scope->name);
	open_for(json, "AWS", scaling);
	write_key_use(json);
	json_close(json);
	open_for(json, "AWS", scaling);
	json_write_text(json, "Action", "kms:CreateGrant");
	json_open_object(json, "Condition");
	json_open_object(json, "Bool");
	json_write_text(json, "kms:GrantIsForAWSResource", "true");
	json_close(json);
	json_close(json);
	json_close(json);
	open_for(json, "Service", logs);
	write_key_use(json);
	json_open_object(json, "Condition");
	json_open_object(json, "ArnEquals");
	json_write_text(json, "kms:EncryptionContext:aws:logs:arn", group);
	json_close(json);
	json_close(json);
	json_close(json);
}

char *aws_policy(const struct environment *environment, const struct cloud_scope *scope,
		 const char *region, enum cloud_policy kind)
{
	if (region == NULL)
		region = environment->region;
	struct policy policy = {
		.scope = scope,
		.region = region,
		.boundary = environment->aws.permissions_boundary,
		.kms_key = environment->aws.kms_key,
		.partition = aws_partition_of(region != NULL ? region : "")->name,
		.has_network = environment->aws.vpc == NULL && environment->aws.subnets.count == 0,
		.has_private_network = environment->aws.private_network != NETWORK_PUBLIC,
		.has_roles = environment->aws.instance_profile == NULL,
	};
	if ((kind == CLOUD_POLICY_KEY && policy.kms_key == NULL) ||
	    (kind == CLOUD_POLICY_STACK_NETWORK && !policy.has_network))
		return NULL;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_PRETTY);
	json_open_object(&json, NULL);
	json_write_text(&json, "Version", "2012-10-17");
	json_open_list(&json, "Statement");
	if (kind == CLOUD_POLICY_CALLER) {
		write_holder(&policy, PERMISSION_CALLER, &json);
		if (environment->aws.termination_protection != SWITCH_LEFT)
			write_holder(&policy, PERMISSION_PROTECTION, &json);
		if (policy.kms_key != NULL)
			write_holder(&policy, PERMISSION_KEY, &json);
		if (environment->aws.role != NULL)
			write_pass_role(&policy, environment->aws.role, CONDITION_TO_CLOUDFORMATION,
					false, &json);
	} else if (kind == CLOUD_POLICY_STACK) {
		write_stack(&policy, environment->aws.role == NULL, &json);
	} else if (kind == CLOUD_POLICY_STACK_NETWORK) {
		write_network(&policy, environment->aws.role == NULL, &json);
	} else if (kind == CLOUD_POLICY_STACK_TRUST) {
		write_trust(&json);
	} else if (kind == CLOUD_POLICY_KEY) {
		write_key_policy(&policy, &json);
	} else {
		write_holder(&policy, PERMISSION_POD, &json);
		if (policy.kms_key != NULL)
			write_holder(&policy, PERMISSION_POD_KEY, &json);
	}
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}
