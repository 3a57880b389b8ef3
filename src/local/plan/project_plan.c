/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/project_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

void pod_plan_clear(struct pod_plan *pod)
{
	free(pod->name);
	free(pod->kind_name);
	free(pod->image_path);
	free(pod->kernel_path);
	free(pod->initrd_path);
	free(pod->cmdline);
	free(pod->config_json);
	free(pod->service_name);
	string_list_clear(&pod->init_containers);
	string_list_clear(&pod->egress.names);
	string_list_clear(&pod->egress.cidrs);
	traffic_policy_clear(&pod->incoming);
	traffic_policy_clear(&pod->outgoing);
	string_list_clear(&pod->hidden);
	for (size_t i = 0; i < pod->peer_name_count; i++) {
		free(pod->peer_names[i].name);
		free(pod->peer_names[i].pod);
	}
	free(pod->peer_names);
	for (size_t i = 0; i < pod->wait_count; i++)
		free(pod->waits[i].pod);
	free(pod->waits);
	for (size_t i = 0; i < pod->volume_count; i++) {
		free(pod->volumes[i].name);
		free(pod->volumes[i].claim);
		free(pod->volumes[i].host_path);
	}
	free(pod->volumes);
	job_spec_clear(&pod->job);
	cron_spec_clear(&pod->cron);
	free(pod->cron_of);
	if (pod->former != NULL)
		pod_plan_clear(pod->former);
	free(pod->former);
	free(pod->run_container);
	*pod = (struct pod_plan){0};
}

void service_plan_clear(struct service_plan *service)
{
	free(service->name);
	outside_clear(&service->outside);
	string_list_clear(&service->pods);
	for (size_t i = 0; i < service->port_count; i++) {
		free(service->ports[i].name);
		free(service->ports[i].host_ip);
	}
	free(service->ports);
	*service = (struct service_plan){0};
}

bool service_plan_is_outside(const struct service_plan *service)
{
	return outside_is_given(&service->outside);
}

void project_plan_clear(struct project_plan *plan)
{
	free(plan->project);
	free(plan->folder);
	free(plan->uri);
	free(plan->accel);
	free(plan->firmware);
	free(plan->bind);
	free(plan->metrics);
	string_list_clear(&plan->folders);
	string_list_clear(&plan->dropped_runs);
	for (size_t i = 0; i < plan->pod_count; i++)
		pod_plan_clear(&plan->pods[i]);
	free(plan->pods);
	for (size_t i = 0; i < plan->service_count; i++)
		service_plan_clear(&plan->services[i]);
	free(plan->services);
	proxy_plan_clear(&plan->proxy);
	*plan = (struct project_plan){0};
}

/* Sharing a file would mean sharing its folder, and the guest is not trusted with that. */
bool volume_plan_is_disk(const struct volume_plan *volume)
{
	return volume->claim != NULL && !volume->is_shared;
}

bool volume_plan_is_pushed(const struct volume_plan *volume, bool is_session)
{
	return !volume->is_shared && (volume->host_path != NULL && (is_session || volume->is_file));
}

char *project_plan_path(const char *project)
{
	AUTO_FREE char *below = xasprintf("projects/%s/plan.json", project);
	return path_folder(PATH_STATE, below);
}

struct pod_plan *project_plan_pod(struct project_plan *plan, const char *pod)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (strcmp(plan->pods[i].name, pod) == 0)
			return &plan->pods[i];
	}
	return NULL;
}

const struct pod_plan *project_plan_find(const struct project_plan *plan, const char *pod)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (strcmp(plan->pods[i].name, pod) == 0)
			return &plan->pods[i];
	}
	return NULL;
}

bool pod_plan_is_cron(const struct pod_plan *pod)
{
	return pod->cron.schedule != NULL;
}

bool pod_plan_is_ordered(const struct pod_plan *pod)
{
	return pod->is_stateful || pod->workload == WORKLOAD_STATEFUL_SET;
}

const struct pod_plan *pod_plan_of_replica(const struct pod_plan *pod, unsigned replica)
{
	return pod->former != NULL && replica < pod->partition ? pod->former : pod;
}

bool pod_plan_scale(struct pod_plan *pod, uint64_t replicas, struct error *err)
{
	if (replicas > POD_MAX_REPLICAS)
		return error_set(err, ERROR_UNSUPPORTED, "pod '%s': 0 to %d replicas", pod->name,
				 POD_MAX_REPLICAS);
	if (pod_plan_is_cron(pod) && replicas > 0) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"'%s' is a CronJob: its schedule says how many runs there are",
				pod->name);
		return error_hint(err, "i2kit start cronjob/%s starts one now", pod->name);
	}
	if (pod->is_stateful && pod->workload != WORKLOAD_STATEFUL_SET && replicas > 1)
		return error_set(err, ERROR_UNSUPPORTED, "pod '%s' is stateful: 0 or 1 replica",
				 pod->name);
	pod->replicas = (uint32_t)replicas;
	return true;
}
