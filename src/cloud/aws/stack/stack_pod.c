/* SPDX-License-Identifier: Apache-2.0 */
/* A pod as an Auto Scaling group whose instances replace each other as they become ready. */
#include "cloud/aws/stack/stack_pod.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_egress.h"
#include "cloud/aws/stack/stack_launch.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_private.h"
#include "cloud/aws/stack/stack_role.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/stack_template.h"
#include "cloud/aws/stack/stack_volume.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/claims.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define MIN_SIGNAL_S 900
#define BOOT_S	     120
#define MAX_GRACE_S  3600

/* --- times and sizes ------------------------------------------------------------------------ */

static uint32_t probe_window_s(const struct probe *probe)
{
	if (probe->check.type == CHECK_NONE)
		return 0;
	uint64_t window = (uint64_t)probe->initial_delay_s +
			  (uint64_t)probe->period_s * probe->failure_threshold;
	return window < UINT32_MAX / 4 ? (uint32_t)window : UINT32_MAX / 4;
}

uint32_t stack_startup_s(const struct pod_spec *pod)
{
	uint32_t longest = 0;
	for (size_t i = 0; i < pod->container_count; i++) {
		uint32_t window = probe_window_s(&pod->containers[i].startup) +
				  pod->containers[i].readiness.initial_delay_s;
		longest = window > longest ? window : longest;
	}
	return BOOT_S + longest;
}

/* How long CloudFormation waits for the signals of a batch: twice what it should take. */
static char *signal_timeout(const struct pod_spec *pod)
{
	uint32_t wanted = 2 * stack_startup_s(pod);
	uint32_t limit = STACK_MAX_PAUSE_S;
	uint32_t seconds = wanted < MIN_SIGNAL_S ? MIN_SIGNAL_S : wanted > limit ? limit : wanted;
	return xasprintf("PT%uM", (seconds + 59) / 60);
}

/* How a new version replaces the old one: how many may be away, how many too many. */
struct rollout {
	uint32_t min_in_service;
	uint32_t max_size;
	uint32_t batch;
};

static bool replaces_old_first(const struct pod_spec *pod)
{
	return pod->is_stateful || pod->is_recreate;
}

/* The group's own rule: what must be in service is less than what there may be. */
static struct rollout plan_rollout(const struct pod_spec *pod)
{
	uint32_t replicas = pod->replicas;
	uint32_t most = replicas > 0 ? replicas : 1;
	/* One at a time, as in clusters, whatever podManagementPolicy says. */
	if (pod->workload == WORKLOAD_STATEFUL_SET) {
		uint32_t away = pod->max_unavailable > 1 ? pod->max_unavailable : 1;
		away = away < most ? away : most;
		return (struct rollout){most - away, most, away};
	}
	if (replaces_old_first(pod))
		return (struct rollout){0, most, most};
	uint32_t surge = pod->max_surge;
	uint32_t away = pod->max_unavailable < replicas ? pod->max_unavailable : replicas;
	if (surge == 0 && away == 0)
		surge = 1; /* nothing could ever move otherwise */
	uint32_t batch = surge > away ? surge : away;
	most = replicas + surge > 0 ? replicas + surge : 1;
	return (struct rollout){replicas - away, most, batch > 0 ? batch : 1};
}

/* How long readiness may take before a sick instance is replaced. */
static uint32_t health_grace(const struct pod_spec *pod)
{
	uint32_t grace = stack_startup_s(pod);
	return grace < MAX_GRACE_S ? grace : MAX_GRACE_S;
}

/* --- group ---------------------------------------------------------------------------------- */

static void write_update_policy(struct json_writer *json, const struct rollout *rollout,
				const char *timeout)
{
	/* Health checks wait while instances come and go: none is killed for being new. */
	static const char *const suspended[] = {"HealthCheck", "ReplaceUnhealthy", "AZRebalance",
						"AlarmNotification", "ScheduledActions"};
	json_open_object(json, "UpdatePolicy");
	json_open_object(json, "AutoScalingRollingUpdate");
	json_write_unsigned(json, "MinInstancesInService", rollout->min_in_service);
	json_write_unsigned(json, "MaxBatchSize", rollout->batch);
	json_write_text(json, "PauseTime", timeout);
	json_write_bool(json, "WaitOnResourceSignals", true);
	json_write_number(json, "MinSuccessfulInstancesPercent", 100);
	json_open_list(json, "SuspendProcesses");
	for (size_t i = 0; i < ARRAY_SIZE(suspended); i++)
		json_write_text(json, NULL, suspended[i]);
	json_close(json);
	json_close(json);
	json_close(json);
}

static void write_creation_policy(struct json_writer *json, uint32_t replicas, const char *timeout)
{
	if (replicas == 0)
		return;
	json_open_object(json, "CreationPolicy");
	json_open_object(json, "ResourceSignal");
	json_write_unsigned(json, "Count", replicas);
	json_write_text(json, "Timeout", timeout);
	json_close(json);
	json_close(json);
}

/* An EBS volume lives in one zone, and so must who attaches it. */
static bool write_subnets(struct template_writer *writer, const struct pod_spec *pod,
			  const struct cloud_claim_list *claims, struct error *err)
{
	const struct stack_target *target = writer->target;
	if (target->vpc == NULL) {
		stack_write_own_subnets(writer, "VPCZoneIdentifier", claims->count == 0 ? 2 : 1);
		return true;
	}
	if (claims->count == 0) {
		template_write_subnets(writer, "VPCZoneIdentifier", false);
		return true;
	}
	const struct stack_volume *before = stack_find_volume(target, claims->items[0].name);
	json_open_list(&writer->json, "VPCZoneIdentifier");
	const char *zone = before != NULL ? before->zone : target->subnets[0].zone;
	const char *subnet = NULL;
	for (size_t i = 0; i < target->subnet_count && subnet == NULL; i++)
		if (strcmp(target->subnets[i].zone, zone) == 0)
			subnet = target->subnets[i].id;
	if (subnet == NULL) {
		error_set(err, ERROR_INVALID,
			  "pod '%s': the volume of claim '%s' is in %s, and no subnet to use is",
			  pod->name, claims->items[0].name, zone);
		return error_hint(err, "add a subnet of that zone to provider.subnets");
	}
	json_write_text(&writer->json, NULL, subnet);
	json_close(&writer->json);
	return true;
}

static void write_group_tag(struct json_writer *json, const char *key, const char *value)
{
	json_open_object(json, NULL);
	json_write_text(json, "Key", key);
	json_write_text(json, "Value", value);
	json_write_bool(json, "PropagateAtLaunch", true);
	json_close(json);
}

static void write_group_tags(struct template_writer *writer, const struct pod_spec *pod,
			     const struct stack_release *release)
{
	struct json_writer *json = &writer->json;
	json_open_list(json, "Tags");
	write_group_tag(json, "i2kit:project", writer->target->project);
	write_group_tag(json, "i2kit:stack", writer->target->stack);
	write_group_tag(json, "i2kit:pod", pod->name);
	write_group_tag(json, "i2kit:image-sha256", DIGEST_TEXT(&release->id.image));
	write_group_tag(json, "i2kit:config-sha256", DIGEST_TEXT(&release->id.config));
	json_close(json);
}

static bool add_group(struct template_writer *writer, const struct pod_spec *pod,
		      const struct stack_release *release, const struct cloud_claim_list *claims,
		      struct error *err)
{
	struct rollout rollout = plan_rollout(pod);
	AUTO_FREE char *id = stack_group_id(pod->name);
	AUTO_FREE char *launch = stack_logical_id(pod->name, "Launch");
	AUTO_FREE char *timeout = signal_timeout(pod);
	AUTO_FREE char *least = xasprintf("%u", pod->replicas);
	AUTO_FREE char *most = xasprintf("%u", rollout.max_size);
	struct json_writer *json =
		template_resource(writer, id, "AWS::AutoScaling::AutoScalingGroup");
	if (writer->target->vpc == NULL)
		stack_write_way_out(writer);
	write_creation_policy(json, pod->replicas, timeout);
	write_update_policy(json, &rollout, timeout);
	template_properties(writer);
	json_write_text(json, "MinSize", least);
	json_write_text(json, "MaxSize", most);
	json_write_text(json, "DesiredCapacity", least);
	if (!write_subnets(writer, pod, claims, err))
		return false;
	bool is_balanced = stack_write_target_groups(writer, pod);
	/* Readiness may hang on what all share: were it a reason to replace instances, one database
	 * that is down would take them all. The guest restarts what its liveness probe condemns. */
	if (is_balanced && writer->target->is_balancer_health)
		json_write_text(json, "HealthCheckType", "ELB");
	json_write_unsigned(json, "HealthCheckGracePeriod", health_grace(pod));
	json_open_object(json, "LaunchTemplate");
	template_write_ref(json, "LaunchTemplateId", launch);
	template_write_attribute(json, "Version", launch, "LatestVersionNumber");
	json_close(json);
	write_group_tags(writer, pod, release);
	template_end(writer);
	return true;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* Nothing comes in but what a service's rules let in. */
static void add_firewall(struct template_writer *writer, const struct pod_spec *pod)
{
	AUTO_FREE char *id = stack_logical_id(pod->name, "Firewall");
	AUTO_FREE char *what = xasprintf("i2kit %s: pod %s", writer->target->project, pod->name);
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::SecurityGroup");
	json_write_text(json, "GroupDescription", what);
	template_write_vpc(writer, "VpcId");
	stack_write_pod_rules(writer, pod);
	stack_write_egress(writer, pod);
	template_end(writer);
	stack_add_reach(writer, pod);
}

/* What status, diff and releases say of the pod. */
static void add_outputs(struct template_writer *writer, const struct pod_spec *pod,
			const struct stack_release *release)
{
	AUTO_FREE char *group = stack_group_id(pod->name);
	AUTO_FREE char *name = stack_logical_id(pod->name, "GroupName");
	AUTO_FREE char *id = stack_logical_id(pod->name, "Release");
	AUTO_FREE char *text = xasprintf("%s %s %s", DIGEST_TEXT(&release->id.image),
					 DIGEST_TEXT(&release->id.config),
					 release->receipt_tag != NULL ? release->receipt_tag : "-");
	template_output_ref(writer, name, group);
	template_output_text(writer, id, text);
}

bool stack_add_pod(struct template_writer *writer, const struct pod_spec *pod,
		   const struct stack_release *release, struct error *err)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	cloud_claims_of_pod(writer->app, pod, &claims);
	if (!stack_add_volumes(writer, pod, &claims, err))
		return false;
	add_firewall(writer, pod);
	if (writer->target->instance_profile == NULL)
		stack_add_role(writer, pod, release, &claims);
	stack_add_launch(writer, pod, release);
	if (!add_group(writer, pod, release, &claims, err))
		return false;
	add_outputs(writer, pod, release);
	return true;
}
