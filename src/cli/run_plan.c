/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/run_words.h"
#include "local/plan/host_path.h"
#include "local/plan/plan_make.h"
#include "local/plan/plan_options.h"

/* A pod's own claim of a StatefulSet is that of its first replica. */
static void name_claims(struct pod_plan *pod)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		struct volume_plan *volume = &pod->volumes[i];
		if (!volume->is_template)
			continue;
		AUTO_FREE char *template = volume->claim;
		volume->claim = xasprintf("%s-%s-0", template, pod->name);
		volume->is_template = false;
	}
}

static void set_text(char **place, const char *text)
{
	free(*place);
	*place = xstrdup(text);
}

/* What it is besides a pod of the manifests. */
static void become_run(struct pod_plan *pod, const struct run_plan_input *input)
{
	name_claims(pod);
	set_text(&pod->name, input->name);
	set_text(&pod->kind_name, "Run");
	free(TAKE_PTR(pod->service_name));
	/* Somebody wants it now; where its project is down, nobody would ever come. */
	for (size_t i = 0; i < pod->wait_count; i++)
		free(pod->waits[i].pod);
	pod->wait_count = 0;
	pod->run_container = xstrdup(input->target->container);
	pod->workload = WORKLOAD_POD;
	pod->restart_policy = RESTART_NEVER;
	pod->replicas = 1;
	pod->is_stateful = false;
}

/* The Services of the manifests are those of its project already; what -p says is its own. */
static bool publish(const struct invocation *invocation, const char *name,
		    struct project_plan *plan, struct error *err)
{
	const struct string_list *words = arguments_values(invocation->args, "publish");
	struct service_plan *service;

	for (size_t i = 0; i < plan->service_count; i++)
		service_plan_clear(&plan->services[i]);
	plan->service_count = 0;
	if (words->count == 0)
		return true;
	service = ARRAY_APPEND(plan->services, plan->service_count);
	service->name = xstrdup(name);
	service->publish_not_ready = true;
	string_list_add(&service->pods, name);
	for (size_t i = 0; i < words->count; i++) {
		AUTO(run_port_clear) struct run_port from = {0};
		if (!run_port_read(words->items[i], &from, err))
			return false;
		struct port_plan *port = ARRAY_APPEND(service->ports, service->port_count);
		*port = (struct port_plan){.port = from.host_port,
					   .target_port = from.port,
					   .host_port = from.host_port,
					   .is_udp = from.is_udp,
					   .is_asked_for = true,
					   .host_ip = TAKE_PTR(from.address)};
	}
	return true;
}

static bool read_options(const struct arguments *args, struct plan_options *ret, struct error *err)
{
	const struct plan_words words = {.memory = arguments_value(args, "memory"),
					 .cpus = arguments_value(args, "cpus"),
					 .accel = arguments_value(args, "accel"),
					 .uri = arguments_value(args, "connect")};

	return plan_options_read(&words, ret, err);
}

bool run_plan_make(const struct invocation *invocation, const struct run_plan_input *input,
		   struct project_plan *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(plan_options_clear) struct plan_options options = {0};
	AUTO(host_paths_clear) struct host_paths paths = {0};
	const struct run_target *target = input->target;
	AUTO_FREE bool *is_wanted = xcalloc(target->app.pod_count, sizeof(*is_wanted));

	is_wanted[target->pod] = true;
	if (!read_options(invocation->args, &options, err) ||
	    !host_paths_find(&target->app, false, &paths, err))
		return false;
	const struct plan_input from = {.app = &target->app,
					.disks = input->disks,
					.boots = input->boots,
					.host_paths = paths,
					.is_wanted = is_wanted};
	if (!project_plan_make(&from, &options, &plan, err) ||
	    !publish(invocation, input->name, &plan, err))
		return false;
	set_text(&plan.project, input->project);
	become_run(&plan.pods[0], input);
	*ret = plan;
	plan = (struct project_plan){0};
	return true;
}
