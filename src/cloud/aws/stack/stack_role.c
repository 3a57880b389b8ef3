/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's role: it may write its own pod's streams of the log, say that it is ready, read its own secrets, take its own
 * volumes, and nothing else. */
#include "cloud/aws/stack/stack_role.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/string_list.h"
#include "cloud/aws/client/permissions.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_volume.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/claims.h"
#include "manifest/app.h"

/* With what a pod may do of a service ("ssm:"), or its key's ("kms:"), or just one of its actions:
 * the table's rows. */
static void open_statement(struct json_writer *json, const char *service)
{
	AUTO(string_list_clear) struct string_list actions = STRING_LIST_INIT;
	for (size_t i = 0; i < PERMISSION_COUNT; i++) {
		const struct permission *row = &PERMISSIONS[i];
		bool is_pods = row->holder == PERMISSION_POD || row->holder == PERMISSION_POD_KEY;
		if (is_pods && strncmp(row->action, service, strlen(service)) == 0 &&
		    !string_list_has(&actions, row->action))
			string_list_add(&actions, row->action);
	}
	json_open_object(json, NULL);
	json_write_text(json, "Effect", "Allow");
	json_write_texts(json, "Action", &actions);
}

static void write_arn(struct json_writer *json, const char *service, const char *resource)
{
	AUTO_FREE char *arn = xasprintf(
		"arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s", service, resource);
	template_write_sub(json, NULL, arn);
}

static void write_parameters(struct json_writer *json, const struct stack_release *release)
{
	if (release->parameters == NULL || release->parameters[0] == NULL)
		return;
	open_statement(json, "ssm:");
	json_open_list(json, "Resource");
	for (size_t i = 0; release->parameters[i] != NULL; i++) {
		AUTO_FREE char *below = xasprintf("parameter%s/*", release->parameters[i]);
		write_arn(json, "ssm", below);
	}
	json_close(json);
	json_close(json);
}

/* Secrets that are encrypted with a key of one's own are decrypted with it, by SSM for the pod. */
static void write_key(struct template_writer *writer, const struct stack_release *release)
{
	struct json_writer *json = &writer->json;
	if (writer->target->kms_key == NULL || release->parameters == NULL ||
	    release->parameters[0] == NULL)
		return;
	open_statement(json, "kms:");
	json_write_text(json, "Resource", writer->target->kms_key);
	json_open_object(json, "Condition");
	json_open_object(json, "StringEquals");
	template_write_sub(json, "kms:ViaService", "ssm.${AWS::Region}.${AWS::URLSuffix}");
	json_close(json);
	json_close(json);
	json_close(json);
}

static void write_volume(struct template_writer *writer, const struct pod_spec *pod,
			 const char *claim)
{
	struct json_writer *json = &writer->json;
	AUTO_FREE char *id = stack_volume_id(writer->target, claim);
	AUTO_FREE char *volume = xasprintf("volume/${%s}", id);
	open_statement(json, "ec2:AttachVolume");
	json_open_list(json, "Resource");
	write_arn(json, "ec2", volume);
	write_arn(json, "ec2", "instance/*");
	json_close(json);
	json_open_object(json, "Condition");
	json_open_object(json, "StringEquals");
	json_write_text(json, "aws:ResourceTag/i2kit:pod", pod->name);
	json_write_text(json, "aws:ResourceTag/i2kit:project", writer->target->project);
	json_close(json);
	json_close(json);
	json_close(json);
}

/* Which instances there are has no resource to be limited to. */
static void write_instances(struct json_writer *json)
{
	open_statement(json, "ec2:DescribeInstances");
	json_write_text(json, "Resource", "*");
	json_open_object(json, "Condition");
	json_open_object(json, "StringEquals");
	template_write_ref(json, "aws:RequestedRegion", "AWS::Region");
	json_close(json);
	json_close(json);
	json_close(json);
}

static void write_zone(struct json_writer *json)
{
	template_write_sub(json, "Resource",
			   "arn:${AWS::Partition}:route53:::hostedzone/${PrivateZone}");
}

/* Its own names in the stack's own zone, and addresses under them alone. */
static void write_names(struct template_writer *writer, const struct pod_spec *pod)
{
	static const char *const prefix = "route53:ChangeResourceRecordSets";
	struct json_writer *json = &writer->json;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	stack_list_names(writer, pod, &names);
	if (names.count == 0)
		return;
	open_statement(json, "route53:ListResourceRecordSets");
	write_zone(json);
	json_close(json);
	open_statement(json, prefix);
	write_zone(json);
	json_open_object(json, "Condition");
	json_open_object(json, "ForAllValues:StringEquals");
	AUTO_FREE char *key = xasprintf("%sNormalizedRecordNames", prefix);
	json_write_texts(json, key, &names);
	permission_write_records(json);
	json_close(json);
	json_close(json);
	json_close(json);
	write_instances(json);
}

static void write_statements(struct template_writer *writer, const struct pod_spec *pod,
			     const struct stack_release *release,
			     const struct cloud_claim_list *claims)
{
	struct json_writer *json = &writer->json;
	AUTO_FREE char *streams =
		xasprintf("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
			  "${Logs}:log-stream:%s/*",
			  pod->name);
	open_statement(json, "logs:");
	template_write_sub(json, "Resource", streams);
	json_close(json);
	open_statement(json, "cloudformation:");
	template_write_ref(json, "Resource", "AWS::StackId");
	json_close(json);
	write_parameters(json, release);
	write_key(writer, release);
	for (size_t i = 0; i < claims->count; i++)
		write_volume(writer, pod, claims->items[i].name);
	write_names(writer, pod);
}

static void write_trust(struct json_writer *json)
{
	json_open_object(json, "AssumeRolePolicyDocument");
	json_write_text(json, "Version", "2012-10-17");
	json_open_list(json, "Statement");
	json_open_object(json, NULL);
	json_write_text(json, "Effect", "Allow");
	json_open_object(json, "Principal");
	json_write_text(json, "Service", "ec2.amazonaws.com");
	json_close(json);
	json_write_text(json, "Action", "sts:AssumeRole");
	json_close(json);
	json_close(json);
	json_close(json);
}

void stack_add_role(struct template_writer *writer, const struct pod_spec *pod,
		    const struct stack_release *release, const struct cloud_claim_list *claims)
{
	AUTO_FREE char *role = stack_logical_id(pod->name, "Role");
	AUTO_FREE char *profile = stack_logical_id(pod->name, "Profile");
	struct json_writer *json = template_begin(writer, role, "AWS::IAM::Role");
	write_trust(json);
	json_write_text_if(json, "PermissionsBoundary", writer->target->permissions_boundary);
	json_open_list(json, "Policies");
	json_open_object(json, NULL);
	json_write_text(json, "PolicyName", "pod");
	json_open_object(json, "PolicyDocument");
	json_write_text(json, "Version", "2012-10-17");
	json_open_list(json, "Statement");
	write_statements(writer, pod, release, claims);
	json_close(json);
	json_close(json);
	json_close(json);
	json_close(json);
	template_end(writer);
	json = template_begin(writer, profile, "AWS::IAM::InstanceProfile");
	json_open_list(json, "Roles");
	template_write_ref(json, NULL, role);
	json_close(json);
	template_end(writer);
}
