/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/plan/status_copy.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/jobs.h"
#include "local/supervisor/proxy.h"
#include "local/supervisor/supervisor_metrics.h"
#include "local/supervisor/supervisor_parts.h"

/* A StatefulSet's numbers come in their order: the first that is not ready holds the others back. */
static char *describe_order(const struct supervisor *supervisor, const struct pod_plan *plan)
{
	for (unsigned replica = 0; replica + 1 < plan->replicas; replica++) {
		AUTO_FREE char *name = xasprintf("%s-%u", plan->name, replica);
		AUTO_FREE char *next = xasprintf("%s-%u", plan->name, replica + 1);
		const struct instance *instance = NULL;
		bool has_next = false;
		for (size_t i = 0; i < supervisor->instance_count; i++) {
			const struct instance *one = supervisor->instances[i];
			if (strcmp(one->status.name, name) == 0)
				instance = one;
			has_next = has_next || strcmp(one->status.name, next) == 0;
		}
		if (instance == NULL)
			return NULL;
		if (!instance->status.is_ready)
			return has_next ? NULL
					: xasprintf("%s starts when %s is ready", next, name);
	}
	return NULL;
}

static void fill_pod(const struct supervisor *supervisor, const struct pod_plan *plan,
		     struct pod_status *pod)
{
	pod->name = xstrdup(plan->name);
	pod->kind = xstrdup(plan->kind_name);
	pod->desired = plan->replicas;
	pod->cron_of = xstrdup_or_null(plan->cron_of);
	if (pod_plan_is_cron(plan)) {
		crons_fill_status(supervisor, plan, pod);
		return;
	}
	if (plan->workload == WORKLOAD_JOB) {
		jobs_fill_status(supervisor, plan, pod);
		return;
	}
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.pod, plan->name) != 0)
			continue;
		if (!instance_is_current(instance, plan))
			continue;
		/* What has ended well is as good as ready: nobody has to wait for it any more. */
		pod->ready +=
			instance->status.is_ready || instance->status.state == INSTANCE_SUCCEEDED;
		if (instance->is_held && pod->message == NULL)
			pod->message = xstrdup_or_null(instance->status.reason);
		if (instance->status.state == INSTANCE_FAILED) {
			pod->is_failed = true;
			free(pod->message);
			pod->message = xstrdup_or_null(instance->status.reason);
		}
	}
	if (pod->message == NULL && pod->ready < pod->desired && supervisor->waits_for_memory)
		pod->message = xstrdup("a VM waits for memory");
	if (pod->message == NULL && plan->workload == WORKLOAD_STATEFUL_SET &&
	    plan->order == START_ORDERED)
		pod->message = describe_order(supervisor, plan);
}

static void fill_port(const struct supervisor *supervisor, const struct port_run *run,
		      struct port_status *port)
{
	port->service = xstrdup(run->service->name);
	port->name = xstrdup_or_null(run->port->name);
	port->host = xstrdup(run->bind);
	port->service_port = run->port->port;
	port->target_port = run->port->target_port;
	port->wanted_host_port = run->port->host_port;
	port->is_udp = run->port->is_udp;
	port->is_http = run->port->is_http;
	port->problem = services_problem(supervisor, run);
	string_list_copy(&port->pods, &run->service->pods);
	if (run->hosts[0] != NULL)
		port->host_port = balancer_port_number(run->hosts[0]);
	for (size_t i = 0; i < ARRAY_SIZE(run->hosts); i++) {
		struct balancer_counters counters = {0};
		if (run->hosts[i] == NULL)
			continue;
		balancer_port_get_counters(run->hosts[i], &counters);
		port->backends = counters.backends;
		port->connections += counters.open;
		port->total_connections += counters.total;
		port->parked += counters.parked;
	}
}

static void add_outside(const struct service_plan *service, const struct port_plan *port,
			struct project_status *ret)
{
	struct port_status *made = ARRAY_APPEND(ret->ports, ret->port_count);
	AUTO(string_list_clear) struct string_list addresses = STRING_LIST_INIT;

	made->service = xstrdup(service->name);
	made->host = xstrdup("");
	if (port != NULL) {
		made->name = xstrdup_or_null(port->name);
		made->service_port = port->port;
		made->target_port = port->target_port;
		made->is_udp = port->is_udp;
	}
	outside_add_addresses(&service->outside, &addresses);
	made->outside = service->outside.external_name != NULL
				? xstrdup(service->outside.external_name)
				: string_list_join(&addresses, " ");
}

/* Those that lead out of the project: a line for each port, and for a name without any. */
static void add_outsides(const struct project_plan *plan, struct project_status *ret)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		if (!service_plan_is_outside(service))
			continue;
		if (service->port_count == 0)
			add_outside(service, NULL, ret);
		for (size_t k = 0; k < service->port_count; k++)
			add_outside(service, &service->ports[k], ret);
	}
}

static void add_instance(const struct supervisor *supervisor, const struct instance *instance,
			 struct project_status *ret)
{
	struct instance_status *made = ARRAY_APPEND(ret->instances, ret->instance_count);
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);

	instance_status_copy(made, &instance->status);
	made->is_outdated =
		pod == NULL || instance->is_leaving || !instance_is_current(instance, pod);
}

void supervisor_status(const struct supervisor *supervisor, struct project_status *ret)
{
	*ret = (struct project_status){
		.project = xstrdup(supervisor->project),
		.folder = xstrdup_or_null(supervisor->plan.folder),
		.connection = xstrdup(supervisor->uri),
		.is_session = supervisor->is_session,
		.accelerator = xstrdup(supervisor->accel.is_kvm ? "kvm" : "tcg"),
		.accelerator_reason = xstrdup_or_null(supervisor->accel.reason),
		.is_supervised = true,
		.metrics = xstrdup_or_null(metrics_address(supervisor)),
		.supervisor_pid = (int)getpid(),
	};
	for (size_t i = 0; i < supervisor->plan.pod_count; i++)
		fill_pod(supervisor, &supervisor->plan.pods[i],
			 ARRAY_APPEND(ret->pods, ret->pod_count));
	for (size_t i = 0; i < supervisor->instance_count; i++)
		add_instance(supervisor, supervisor->instances[i], ret);
	for (size_t i = 0; i < supervisor->port_count; i++)
		fill_port(supervisor, &supervisor->ports[i],
			  ARRAY_APPEND(ret->ports, ret->port_count));
	proxy_status(supervisor, ret);
	add_outsides(&supervisor->plan, ret);
}
