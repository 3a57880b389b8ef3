/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_text.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define DEFAULT_TYPE   "t3.micro"
#define SIGNAL_TIMEOUT "PT15M"
#define BOOT_GRACE_S   120
#define BYTES_PER_GIB  (UINT64_C(1) << 30)

/* The ids of what is made for one pod. All owned. */
struct pod_ids {
	char *firewall;
	char *role;
	char *profile;
	char *launch;
	char *group;
};

static void pod_ids_clear(struct pod_ids *ids)
{
	free(ids->firewall);
	free(ids->role);
	free(ids->profile);
	free(ids->launch);
	free(ids->group);
}

static bool replaces_old_first(const struct pod_spec *pod)
{
	return pod->is_stateful || pod->is_recreate || pod->workload == WORKLOAD_STATEFUL_SET;
}

/* --- what a stack cannot do ----------------------------------------------------------------- */

static bool refuse_volume(const struct pod_spec *pod, const struct volume *volume,
			  struct error *err)
{
	if (volume->kind != VOLUME_HOST_PATH)
		return true;
	error_set(err, ERROR_UNSUPPORTED, "pod '%s': volume '%s' is a folder of this machine",
		  pod->name, volume->name);
	return error_hint(err, "use a persistentVolumeClaim, a configMap or the image itself");
}

static bool check_pod(const struct pod_spec *pod, struct error *err)
{
	if (pod->workload == WORKLOAD_JOB || pod->restart_policy != RESTART_ALWAYS) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s' ends by itself; only pods that run for ever can be promoted",
			  pod->name);
		return error_hint(err, "leave Jobs out of what is promoted: -f …");
	}
	for (size_t i = 0; i < pod->volume_count; i++)
		if (!refuse_volume(pod, &pod->volumes[i], err))
			return false;
	bool has_claims = pod->claim_template_count > 0;
	for (size_t i = 0; i < pod->volume_count; i++)
		has_claims = has_claims || pod->volumes[i].kind == VOLUME_CLAIM;
	if (has_claims && pod->replicas > 1) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': an EBS volume belongs to one instance, and there are %u "
			  "replicas",
			  pod->name, pod->replicas);
		return error_hint(err, "replicas: 1");
	}
	return true;
}

/* --- role ----------------------------------------------------------------------------------- */

static void append_statement(struct strbuf *out, const char *actions, const char *resource)
{
	strbuf_appendf(out, "%s{'Effect':'Allow','Action':[%s],'Resource':%s}",
		       out->size > 0 ? "," : "", actions, resource);
}

static void append_parameters(struct strbuf *out, const struct stack_release *release)
{
	AUTO(strbuf_clear) struct strbuf arns = STRBUF_INIT;
	for (size_t i = 0; release->parameters != NULL && release->parameters[i] != NULL; i++)
		strbuf_appendf(&arns,
			       "%s{'Fn::Sub':'arn:${AWS::Partition}:ssm:${AWS::Region}:"
			       "${AWS::AccountId}:parameter%s'}",
			       i > 0 ? "," : "[", release->parameters[i]);
	if (arns.size == 0)
		return;
	strbuf_append_char(&arns, ']');
	append_statement(out, "'ssm:GetParameters','ssm:GetParameter'", strbuf_text(&arns));
}

/* It may write its own log, say that it is ready, read its own secrets, take its own volumes. */
static void add_role(struct stack_text *text, const struct pod_spec *pod,
		     const struct stack_release *release, const struct pod_ids *ids,
		     const struct string_list *volumes)
{
	AUTO(strbuf_clear) struct strbuf allowed = STRBUF_INIT;
	append_statement(&allowed, "'logs:CreateLogStream','logs:PutLogEvents'",
			 "{'Fn::GetAtt':['Logs','Arn']}");
	append_statement(&allowed, "'cloudformation:SignalResource'", "{'Ref':'AWS::StackId'}");
	append_parameters(&allowed, release);
	for (size_t i = 0; i < volumes->count; i++) {
		AUTO_FREE char *resources = xasprintf(
			"[{'Fn::Sub':'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:"
			"volume/${%s}'},{'Fn::Sub':'arn:${AWS::Partition}:ec2:${AWS::Region}:"
			"${AWS::AccountId}:instance/*'}],'Condition':{'StringEquals':{"
			"'aws:ResourceTag/i2kit:pod':'%s','aws:ResourceTag/i2kit:project':'%s'}}",
			volumes->items[i], pod->name, text->target->project);
		append_statement(&allowed, "'ec2:AttachVolume'", resources);
	}
	stack_add(text, ids->role,
		  "{'Type':'AWS::IAM::Role','Properties':{'AssumeRolePolicyDocument':{'Version':"
		  "'2012-10-17','Statement':[{'Effect':'Allow','Principal':{'Service':"
		  "'ec2.amazonaws.com'},'Action':'sts:AssumeRole'}]},'Policies':[{'PolicyName':"
		  "'pod','PolicyDocument':{'Version':'2012-10-17','Statement':[%s]}}]}}",
		  strbuf_text(&allowed));
	stack_add(text, ids->profile,
		  "{'Type':'AWS::IAM::InstanceProfile','Properties':{'Roles':[{'Ref':'%s'}]}}",
		  ids->role);
}

/* --- volumes -------------------------------------------------------------------------------- */

static uint64_t claim_size(const struct stack_text *text, const struct pod_spec *pod,
			   const char *name)
{
	for (size_t i = 0; i < pod->claim_template_count; i++)
		if (strcmp(pod->claim_templates[i].name, name) == 0)
			return pod->claim_templates[i].size_bytes;
	const struct claim *claim = app_find_claim(text->app, name);
	return claim != NULL ? claim->size_bytes : BYTES_PER_GIB;
}

static void add_volume(struct stack_text *text, const struct pod_spec *pod, const char *claim,
		       struct string_list *ids)
{
	AUTO_FREE char *pod_part = stack_logical_id(pod->name, "Volume");
	AUTO_FREE char *id = stack_logical_id(claim, "");
	AUTO_FREE char *whole = xasprintf("%s%s", pod_part, id);
	if (string_list_has(ids, whole))
		return;
	uint64_t gib = (claim_size(text, pod, claim) + BYTES_PER_GIB - 1) / BYTES_PER_GIB;
	AUTO_FREE char *zone = text->target->vpc != NULL
				       ? xstrdup("{'Ref':'VolumeZone'}")
				       : xstrdup("{'Fn::GetAtt':['SubnetA','AvailabilityZone']}");
	stack_add(text, whole,
		  "{'Type':'AWS::EC2::Volume','DeletionPolicy':'Snapshot','UpdateReplacePolicy':"
		  "'Snapshot','Properties':{'Size':%llu,'VolumeType':'gp3','Encrypted':true,"
		  "'AvailabilityZone':%s,'Tags':[{'Key':'Name','Value':'%s/%s %s'},{'Key':"
		  "'i2kit:pod','Value':'%s'},{'Key':'i2kit:project','Value':'%s'}]}}",
		  (unsigned long long)(gib > 0 ? gib : 1), zone, text->target->project, pod->name,
		  claim, pod->name, text->target->project);
	string_list_add(ids, whole);
	text->has_volumes = true;
}

static bool add_volumes(struct stack_text *text, const struct pod_spec *pod,
			struct string_list *ids, struct error *err)
{
	for (size_t i = 0; i < pod->claim_template_count; i++)
		add_volume(text, pod, pod->claim_templates[i].name, ids);
	for (size_t i = 0; i < pod->volume_count; i++)
		if (pod->volumes[i].kind == VOLUME_CLAIM)
			add_volume(text, pod, pod->volumes[i].ref_name, ids);
	if (ids->count <= 1)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': %zu volumes; in AWS a pod can have one for now", pod->name,
		  ids->count);
	return error_hint(err, "use one claim and subPath");
}

/* Text in which Fn::Sub finds nothing of its own. */
static void append_literal(struct strbuf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool is_opening = text[i] == '{' && i > 0 && text[i - 1] == '$';
		strbuf_append(out, is_opening ? "{!" : "");
		if (!is_opening)
			strbuf_append_char(out, text[i]);
	}
}

/* User data as JSON; where ids of volumes stand in it, CloudFormation puts them in. Owned. */
static char *user_data_json(const struct pod_spec *pod, const char *user_data)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	if (strstr(user_data, STACK_VOLUME_START) == NULL) {
		strbuf_append(&out, "{\"Fn::Base64\":");
		strbuf_append_json(&out, user_data);
		strbuf_append_char(&out, '}');
		return strbuf_take(&out);
	}
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *prefix = stack_logical_id(pod->name, "Volume");
	for (const char *rest = user_data;;) {
		const char *mark = strstr(rest, STACK_VOLUME_START);
		append_literal(&text, rest, mark != NULL ? (size_t)(mark - rest) : strlen(rest));
		if (mark == NULL)
			break;
		const char *name = mark + strlen(STACK_VOLUME_START);
		size_t size = strcspn(name, STACK_VOLUME_END);
		AUTO_FREE char *claim = xstrndup(name, size);
		AUTO_FREE char *id = stack_logical_id(claim, "");
		strbuf_appendf(&text, "${%s%s}", prefix, id);
		rest = name + size + (name[size] != '\0');
	}
	strbuf_append(&out, "{\"Fn::Base64\":{\"Fn::Sub\":");
	strbuf_append_json(&out, strbuf_text(&text));
	strbuf_append(&out, "}}");
	return strbuf_take(&out);
}

/* --- instances ------------------------------------------------------------------------------ */

static char *launch_groups(const struct stack_text *text, const struct pod_ids *ids)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_appendf(&out, "{'Ref':'%s'},{'Ref':'Members'}", ids->firewall);
	const char *const *more = text->target->security_groups;
	for (size_t i = 0; more != NULL && more[i] != NULL; i++)
		strbuf_appendf(&out, ",'%s'", more[i]);
	return strbuf_take(&out);
}

static char *launch_profile(const struct stack_text *text, const struct pod_ids *ids)
{
	const char *given = text->target->instance_profile;
	if (given == NULL)
		return xasprintf("{'Arn':{'Fn::GetAtt':['%s','Arn']}}", ids->profile);
	return xasprintf("{'%s':'%s'}", strncmp(given, "arn:", 4) == 0 ? "Arn" : "Name", given);
}

static void add_launch_template(struct stack_text *text, const struct pod_spec *pod,
				const struct stack_release *release, const struct pod_ids *ids)
{
	const struct stack_target *target = text->target;
	const char *type = pod->instance_type != NULL ? pod->instance_type : target->instance_type;
	AUTO_FREE char *groups = launch_groups(text, ids);
	AUTO_FREE char *profile = launch_profile(text, ids);
	AUTO_FREE char *key = target->key_pair != NULL
				      ? xasprintf("'KeyName':'%s',", target->key_pair)
				      : xstrdup("");
	AUTO_FREE char *tags =
		xasprintf("[{'Key':'Name','Value':'%s/%s'},{'Key':'i2kit:project','Value':'%s'},{"
			  "'Key':'i2kit:pod','Value':'%s'}]",
			  target->project, pod->name, target->project, pod->name);
	stack_add(text, ids->launch,
		  "{'Type':'AWS::EC2::LaunchTemplate','Properties':{'LaunchTemplateData':{"
		  "'ImageId':'%s','InstanceType':'%s',%s'IamInstanceProfile':%s,"
		  "'SecurityGroupIds':[%s],'MetadataOptions':{'HttpEndpoint':'enabled',"
		  "'HttpTokens':'required','HttpPutResponseHopLimit':1,'InstanceMetadataTags':"
		  "'enabled'},'TagSpecifications':[{'ResourceType':'instance','Tags':%s},{"
		  "'ResourceType':'volume','Tags':%s}],'UserData':",
		  release->image, type != NULL ? type : DEFAULT_TYPE, key, profile, groups, tags,
		  tags);
	/* Apart: the quotes in user data must stay as they are. */
	AUTO_FREE char *user_data = user_data_json(pod, release->user_data);
	strbuf_append(&text->resources, user_data);
	strbuf_append(&text->resources, "}}}");
}

/* How a new version replaces the old one: how many may be away, how many too many. */
struct rollout {
	uint32_t min_in_service;
	uint32_t max_size;
	uint32_t batch;
};

static struct rollout plan_rollout(const struct pod_spec *pod)
{
	uint32_t replicas = pod->replicas;
	if (replaces_old_first(pod))
		return (struct rollout){0, replicas, replicas > 0 ? replicas : 1};
	uint32_t surge = pod->max_surge;
	uint32_t away = pod->max_unavailable < replicas ? pod->max_unavailable : replicas;
	if (surge == 0 && away == 0)
		surge = 1; /* nothing could ever move otherwise */
	uint32_t batch = surge > away ? surge : away;
	return (struct rollout){replicas - away, replicas + surge, batch > 0 ? batch : 1};
}

/* How long readiness may take before a sick instance is replaced. */
static uint32_t health_grace(const struct pod_spec *pod)
{
	uint32_t grace = BOOT_GRACE_S;
	for (size_t i = 0; i < pod->container_count; i++) {
		const struct probe *probe = &pod->containers[i].startup;
		if (probe->kind != CHECK_NONE)
			grace +=
				probe->initial_delay_s + probe->period_s * probe->failure_threshold;
		grace += pod->containers[i].readiness.initial_delay_s;
	}
	return grace < 3600 ? grace : 3600;
}

static char *creation_policy(const struct pod_spec *pod)
{
	if (pod->replicas == 0)
		return xstrdup("");
	return xasprintf("'CreationPolicy':{'ResourceSignal':{'Count':%u,'Timeout':'" SIGNAL_TIMEOUT
			 "'}},",
			 pod->replicas);
}

/* An EBS volume lives in one zone, and so must who attaches it. */
static char *group_subnets(const struct stack_text *text, bool has_volumes)
{
	if (!has_volumes)
		return stack_subnets(text, false);
	return text->target->vpc != NULL ? xasprintf("['%s']", text->target->subnets[0].id)
					 : xstrdup("[{'Ref':'SubnetA'}]");
}

static void add_group(struct stack_text *text, const struct pod_spec *pod,
		      const struct stack_release *release, const struct pod_ids *ids,
		      bool has_volumes)
{
	struct rollout rollout = plan_rollout(pod);
	AUTO(strbuf_clear) struct strbuf targets = STRBUF_INIT;
	stack_append_target_groups(text, pod, &targets);
	AUTO_FREE char *subnets = group_subnets(text, has_volumes);
	AUTO_FREE char *creation = creation_policy(pod);
	AUTO_FREE char *balanced =
		targets.size > 0 ? xasprintf("'TargetGroupARNs':[%s],'HealthCheckType':'ELB',",
					     strbuf_text(&targets))
				 : xstrdup("");
	stack_add(
		text, ids->group,
		"{'Type':'AWS::AutoScaling::AutoScalingGroup',%s%s'UpdatePolicy':{"
		"'AutoScalingRollingUpdate':{'MinInstancesInService':%u,'MaxBatchSize':%u,"
		"'PauseTime':'" SIGNAL_TIMEOUT "','WaitOnResourceSignals':true,"
		"'MinSuccessfulInstancesPercent':100,'SuspendProcesses':['AZRebalance',"
		"'AlarmNotification','ScheduledActions']}},'Properties':{'MinSize':'%u','MaxSize':"
		"'%u','DesiredCapacity':'%u','VPCZoneIdentifier':%s,%s'HealthCheckGracePeriod':%u,"
		"'LaunchTemplate':{'LaunchTemplateId':{'Ref':'%s'},'Version':{'Fn::GetAtt':['%s',"
		"'LatestVersionNumber']}},'Tags':[{'Key':'i2kit:project','Value':'%s',"
		"'PropagateAtLaunch':true},{'Key':'i2kit:pod','Value':'%s','PropagateAtLaunch':"
		"true},{'Key':'i2kit:image-sha256','Value':'%s','PropagateAtLaunch':true},{'Key':"
		"'i2kit:config-sha256','Value':'%s','PropagateAtLaunch':true}]}}",
		text->target->vpc == NULL ? "'DependsOn':'DefaultRoute'," : "", creation,
		rollout.min_in_service, rollout.batch, pod->replicas, rollout.max_size,
		pod->replicas, subnets, balanced, health_grace(pod), ids->launch, ids->launch,
		text->target->project, pod->name, release->image_digest, release->config_digest);
}

bool stack_add_pod(struct stack_text *text, const struct pod_spec *pod,
		   const struct stack_release *release, struct error *err)
{
	AUTO(pod_ids_clear)
	struct pod_ids ids = {
		.firewall = stack_logical_id(pod->name, "Firewall"),
		.role = stack_logical_id(pod->name, "Role"),
		.profile = stack_logical_id(pod->name, "Profile"),
		.launch = stack_logical_id(pod->name, "Launch"),
		.group = stack_group_id(pod->name),
	};
	AUTO(string_list_clear) struct string_list volumes = STRING_LIST_INIT;
	if (!check_pod(pod, err) || !add_volumes(text, pod, &volumes, err))
		return false;
	AUTO_FREE char *vpc = stack_vpc(text);
	/* Nothing comes in but what a service's rules beside let in. */
	stack_add(text, ids.firewall,
		  "{'Type':'AWS::EC2::SecurityGroup','Properties':{'GroupDescription':"
		  "'i2kit %s: pod %s','VpcId':%s}}",
		  text->target->project, pod->name, vpc);
	if (text->target->instance_profile == NULL)
		add_role(text, pod, release, &ids, &volumes);
	add_launch_template(text, pod, release, &ids);
	add_group(text, pod, release, &ids, volumes.count > 0);
	AUTO_FREE char *output = stack_logical_id(pod->name, "GroupName");
	stack_output(text, output, "{'Value':{'Ref':'%s'}}", ids.group);
	return true;
}
