/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/cron_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "local/plan/plan_part.h"
#include "local/plan/project_plan_json.h"

static const char manual[] = "-manual-";

char *cron_run_name(const char *cron, int64_t due_s)
{
	return xasprintf("%s-%lld", cron, (long long)(due_s / 60));
}

char *cron_run_manual_name(const char *cron, unsigned number)
{
	return xasprintf("%s%s%u", cron, manual, number);
}

bool cron_run_is_of(const char *name, const char *cron)
{
	size_t length = strlen(cron);
	int64_t number = 0;

	if (strncmp(name, cron, length) != 0)
		return false;
	const char *end = name + length;
	if (strncmp(end, manual, strlen(manual)) == 0)
		return parse_i64(end + strlen(manual), 1, UINT32_MAX, &number);
	return end[0] == '-' && parse_i64(end + 1, 0, INT64_MAX / 60, &number);
}

int64_t cron_run_due(const struct pod_plan *run)
{
	int64_t minute = 0;
	const char *end = run->name + strlen(run->cron_of);

	return end[0] == '-' && parse_i64(end + 1, 0, INT64_MAX / 60, &minute) ? minute * 60 : 0;
}

void cron_runs_list_crons(const struct project_plan *plan, struct string_list *ret)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (pod_plan_is_cron(&plan->pods[i]))
			string_list_add(ret, plan->pods[i].name);
	}
}

/* --- names of pods in a plan ---------------------------------------------------------------- */

static void add_to_traffic(struct traffic_policy *policy, const char *cron, const char *run)
{
	for (size_t i = 0, count = policy->item_count; i < count; i++) {
		struct traffic_item item = policy->items[i];
		if (item.pod == NULL || strcmp(item.pod, cron) != 0)
			continue;
		item.pod = xstrdup(run);
		item.cidr = NULL;
		*ARRAY_APPEND(policy->items, policy->item_count) = item;
	}
}

static void add_to_list(struct string_list *pods, const char *cron, const char *run)
{
	if (string_list_has(pods, cron) && !string_list_has(pods, run))
		string_list_add(pods, run);
}

static void add_to_peers(struct pod_plan *pod, const char *cron, const char *run)
{
	for (size_t i = 0, count = pod->peer_name_count; i < count; i++) {
		if (strcmp(pod->peer_names[i].pod, cron) != 0)
			continue;
		char *name = xstrdup(pod->peer_names[i].name);
		*ARRAY_APPEND(pod->peer_names, pod->peer_name_count) =
			(struct peer_name){.name = name, .pod = xstrdup(run)};
	}
}

static void add_names(struct project_plan *plan, const char *cron, const char *run)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		struct pod_plan *pod = &plan->pods[i];
		add_to_traffic(&pod->incoming, cron, run);
		add_to_traffic(&pod->outgoing, cron, run);
		add_to_list(&pod->hidden, cron, run);
		add_to_peers(pod, cron, run);
	}
	for (size_t i = 0; i < plan->service_count; i++)
		add_to_list(&plan->services[i].pods, cron, run);
}

static void drop_from_traffic(struct traffic_policy *policy, const struct string_list *runs)
{
	size_t kept = 0;

	for (size_t i = 0; i < policy->item_count; i++) {
		struct traffic_item *item = &policy->items[i];
		if (item->pod == NULL || !string_list_has(runs, item->pod)) {
			policy->items[kept++] = *item;
			continue;
		}
		free(item->pod);
		free(item->cidr);
	}
	policy->item_count = kept;
}

static void drop_from_list(struct string_list *pods, const struct string_list *runs)
{
	struct string_list kept = STRING_LIST_INIT;

	for (size_t i = 0; i < pods->count; i++) {
		if (!string_list_has(runs, pods->items[i]))
			string_list_add(&kept, pods->items[i]);
	}
	string_list_clear(pods);
	*pods = kept;
}

static void drop_from_peers(struct pod_plan *pod, const struct string_list *runs)
{
	size_t kept = 0;

	for (size_t i = 0; i < pod->peer_name_count; i++) {
		struct peer_name *peer = &pod->peer_names[i];
		if (!string_list_has(runs, peer->pod)) {
			pod->peer_names[kept++] = *peer;
			continue;
		}
		free(peer->name);
		free(peer->pod);
	}
	pod->peer_name_count = kept;
}

static void drop_names(struct project_plan *plan, const struct string_list *runs)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		struct pod_plan *pod = &plan->pods[i];
		drop_from_traffic(&pod->incoming, runs);
		drop_from_traffic(&pod->outgoing, runs);
		drop_from_list(&pod->hidden, runs);
		drop_from_peers(pod, runs);
	}
	for (size_t i = 0; i < plan->service_count; i++)
		drop_from_list(&plan->services[i].pods, runs);
}

/* --- runs ----------------------------------------------------------------------------------- */

bool cron_run_add(struct project_plan *plan, const char *cron, const char *name, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan copy = {0};

	if (!project_plan_copy(plan, &copy, err))
		return false;
	struct pod_plan *template = project_plan_pod(&copy, cron);
	if (template == NULL || template->cron.schedule == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no CronJob '%s'", cron);
	struct pod_plan run = *template;
	*template = (struct pod_plan){.name = xstrdup("")};
	run.cron_of = run.name;
	run.name = xstrdup(name);
	free(run.kind_name);
	run.kind_name = xstrdup("Job");
	cron_spec_clear(&run.cron);
	*ARRAY_APPEND(plan->pods, plan->pod_count) = run;
	add_names(plan, cron, name);
	return true;
}

void cron_runs_drop(struct project_plan *plan, const struct string_list *runs)
{
	drop_names(plan, runs);
	project_plan_drop(plan, runs);
}

void cron_runs_keep(struct project_plan *plan, struct project_plan *before)
{
	AUTO(string_list_clear) struct string_list own = STRING_LIST_INIT;
	size_t left = 0;

	for (size_t i = 0; i < plan->pod_count; i++) {
		if (plan->pods[i].cron_of != NULL)
			string_list_add(&own, plan->pods[i].name);
	}
	if (own.count > 0)
		cron_runs_drop(plan, &own);
	for (size_t i = 0; i < before->pod_count; i++) {
		struct pod_plan run = before->pods[i];
		const struct pod_plan *cron =
			run.cron_of != NULL ? project_plan_find(plan, run.cron_of) : NULL;
		if (cron == NULL || cron->cron.schedule == NULL ||
		    project_plan_find(plan, run.name) != NULL) {
			before->pods[left++] = run;
			continue;
		}
		*ARRAY_APPEND(plan->pods, plan->pod_count) = run;
		add_names(plan, run.cron_of, run.name);
	}
	for (size_t i = left; i < before->pod_count; i++)
		before->pods[i] = (struct pod_plan){0};
	before->pod_count = left;
}
