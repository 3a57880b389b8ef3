/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/status_offline.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/sync_mark.h"
#include "local/vm/connection.h"
#include "local/vm/vm_identity.h"

static void add_domain(virDomainPtr domain, struct project_status *status)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	AUTO_FREE char *metadata = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT,
							VM_METADATA_URI, VIR_DOMAIN_AFFECT_LIVE);
	char uuid[VIR_UUID_STRING_BUFLEN] = "";
	virDomainInfo info;

	if (metadata == NULL || !vm_identity_parse(metadata, &identity) ||
	    !vm_identity_is_of(&identity, status->project, geteuid()))
		return;
	struct instance_status *instance = ARRAY_APPEND(status->instances, status->instance_count);
	instance->name = xstrdup(identity.instance);
	instance->pod = xstrdup(identity.pod);
	instance->replica = identity.replica;
	/* What its containers do only a supervisor can ask. */
	instance->state = INSTANCE_RUNNING;
	instance->reason = xstrdup("Unsupervised");
	instance->release = identity.release;
	instance->is_synced =
		sync_mark_is_set(status->project, identity.instance, identity.created_ns);
	instance->is_dirty = identity.is_dirty || instance->is_synced;
	if (virDomainGetUUIDString(domain, uuid) == 0)
		instance->uuid = xstrdup(uuid);
	if (virDomainGetInfo(domain, &info) == 0) {
		instance->memory_bytes = (uint64_t)info.maxMem << 10;
		instance->cpu_count = info.nrVirtCpu;
		instance->cpu_usec = info.cpuTime / 1000;
	}
}

static bool add_domains(const char *uri, struct project_status *status, struct error *err)
{
	virDomainPtr *domains = NULL;

	connection_silence();
	AUTO(auto_connection) virConnectPtr connection = connection_open(uri, err);
	if (connection == NULL)
		return false;
	int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	if (count < 0)
		return connection_error(err, "cannot list the VMs");
	for (int i = 0; i < count; i++) {
		add_domain(domains[i], status);
		(void)virDomainFree(domains[i]);
	}
	free(domains);
	return true;
}

/* Nobody starts its runs now; when it is due is a supervisor's to say. */
static void add_cron(const struct pod_plan *plan, struct pod_status *pod)
{
	if (!pod_plan_is_cron(plan))
		return;
	pod->desired = 0;
	pod->cron = (struct cron_status){.schedule = xstrdup(plan->cron.schedule),
					 .time_zone = xstrdup_or_null(plan->cron.time_zone),
					 .is_suspended = plan->cron.is_suspended,
					 .is_stopped = plan->replicas == 0};
	pod->message = cron_status_text(&pod->cron);
}

bool status_offline(const char *project, struct project_status *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	status.project = xstrdup(project);
	if (!project_plan_load(project, &plan, &problem)) {
		if (problem.kind != ERROR_NOT_FOUND)
			return error_move(err, &problem);
	} else {
		const char *uri = connection_choose(plan.uri);
		status.folder = xstrdup_or_null(plan.folder);
		status.connection = xstrdup(uri);
		status.is_session = connection_is_session(uri);
		for (size_t i = 0; i < plan.pod_count; i++) {
			struct pod_status *pod = ARRAY_APPEND(status.pods, status.pod_count);
			pod->name = xstrdup(plan.pods[i].name);
			pod->kind = xstrdup(plan.pods[i].kind_name);
			pod->desired = plan.pods[i].replicas;
			pod->cron_of = xstrdup_or_null(plan.pods[i].cron_of);
			add_cron(&plan.pods[i], pod);
		}
		if (!add_domains(uri, &status, err))
			return false;
	}
	*ret = status;
	status = (struct project_status){0};
	return true;
}

bool client_list_projects(struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	(void)err;

	project_list(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (project_is_up(all.items[i]))
			string_list_add(ret, all.items[i]);
	}
	return true;
}
