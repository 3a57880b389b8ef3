/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many of a service there are and how large they may be: deploy
 * (https://github.com/compose-spec/compose-spec/blob/main/deploy.md), and the older keys beside it.
 */
#include <string.h>

#include "base/alloc.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"

#define MOST_PROCESSORS 4096.0
enum { LEAST_MEMORY = 4 << 20, MOST_REPLICAS = 1000 };

static void read_millis_of(struct loader *loader, const struct yaml_node *node, uint64_t *ret)
{
	double value = 0;
	if (!compose_number(node, &value) || value < 0 || value > MOST_PROCESSORS) {
		loader_error(loader, node, "0.5, 2", "%s: '%.40s' is no number of processors",
			     loader->current->name, node->text ? node->text : "");
		return;
	}
	*ret = (uint64_t)(value * 1000 + 0.5);
}

static void read_bytes_of(struct loader *loader, const struct yaml_node *node, uint64_t least,
			  uint64_t *ret)
{
	uint64_t bytes = 0;
	if (!compose_bytes(node, &bytes)) {
		loader_error(loader, node, "64m, 1gb, 134217728",
			     "%s: '%.40s' is no number of bytes", loader->current->name,
			     node->text ? node->text : "");
		return;
	}
	if (bytes > 0 && bytes < least)
		loader_error(loader, node, "as in 64m", "%s: %llu bytes let nothing run",
			     loader->current->name, (unsigned long long)bytes);
	*ret = bytes;
}

static struct resources *resources_of(void *target)
{
	return &((struct compose_service *)target)->container.resources;
}

void compose_read_cpus(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_millis_of(loader, node, &resources_of(target)->cpu_limit_millis);
}

void compose_read_cpu_count(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_millis_of(loader, node, &resources_of(target)->cpu_limit_millis);
}

/* Read at either of the two keys; cpus goes before them. */
void compose_read_cpu_quota(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct compose_service *service = target;
	const struct yaml_node *quota = yaml_get(service->node, "cpu_quota");
	const struct yaml_node *period = yaml_get(service->node, "cpu_period");
	double most = 0;
	double per = 100000;

	if (yaml_get(service->node, "cpus") != NULL || quota == NULL)
		return;
	if (!compose_number(quota, &most) || (period != NULL && !compose_number(period, &per)) ||
	    per < 1) {
		loader_error(loader, node, "cpus: 0.5", "%s: it is no number of µs",
			     loader->current->name);
		return;
	}
	if (most > 0 && most / per <= MOST_PROCESSORS)
		resources_of(target)->cpu_limit_millis = (uint64_t)(most / per * 1000 + 0.5);
}

void compose_read_memory(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bytes_of(loader, node, LEAST_MEMORY, &resources_of(target)->memory_limit_bytes);
}

void compose_read_memory_reservation(struct loader *loader, const struct yaml_node *node,
				     void *target)
{
	read_bytes_of(loader, node, 0, &resources_of(target)->memory_request_bytes);
}

void compose_read_scale(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	uint32_t count = 0;

	read_u32(loader, node, &count);
	if (count > MOST_REPLICAS)
		loader_error(loader, node, NULL, "more than %d replicas", MOST_REPLICAS);
	if (!service->is_first && count != service->pod->replicas)
		loader_error(loader, node, "the same number in both",
			     "service '%s' shares the pod '%s' with others, of which there are %u",
			     service->name, service->pod->name, service->pod->replicas);
	service->pod->replicas = count;
	service->pod->replicas_mark = loader_mark(loader, node);
}

static void read_request_cpus(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_millis_of(loader, node, &resources_of(target)->cpu_request_millis);
}

static const struct field limits_list[] = {
	{"cpus", FIELD_USED, compose_read_cpus, 0, NULL, "vCPUs of the VM, cgroup limit in it",
	 .takes = "number or text"},
	{"memory", FIELD_USED, compose_read_memory, 0, NULL, "memory of the VM, cgroup limit in it",
	 .takes = "bytes"},
	{"pids", FIELD_USED, compose_read_pids, 0, NULL, "as pids_limit",
	 .takes = "number or text"}};
static const struct field_set limits_fields = {"resource limits", limits_list,
					       ARRAY_SIZE(limits_list), .is_open = true};
static const struct field reservations_list[] = {
	{"cpus", FIELD_USED, read_request_cpus, 0, NULL, "sizes the VM where no limit does",
	 .takes = "number or text"},
	{"devices", FIELD_REFUSED, NULL, 0, NULL,
	 "a VM has none of this machine's devices; take it out"},
	{"generic_resources", FIELD_NO_EFFECT, NULL, 0, NULL, "there are no nodes to choose from"},
	{"memory", FIELD_USED, compose_read_memory_reservation, 0, NULL,
	 "sizes the VM where no limit does", .takes = "bytes"}};
static const struct field_set reservations_fields = {
	"resource reservations", reservations_list, ARRAY_SIZE(reservations_list), .is_open = true};

static void read_limits(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &limits_fields, target);
}

static void read_reservations(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &reservations_fields, target);
}

static const struct field resources_list[] = {
	{"limits", FIELD_USED, read_limits, 0, &limits_fields, NULL},
	{"reservations", FIELD_USED, read_reservations, 0, &reservations_fields, NULL}};
static const struct field_set resources_fields = {"deploy resources", resources_list,
						  ARRAY_SIZE(resources_list), .is_open = true};

static void read_resources(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &resources_fields, target);
}

struct restart_reader {
	enum restart_policy policy;
	uint32_t limit;
	const struct yaml_node *place; /* what says the policy */
};

static void read_condition(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct restart_reader *restart = target;
	/* Besides Swarm's words those of `restart`, which docker compose takes as well. */
	static const struct {
		const char *word;
		enum restart_policy policy;
	} words[] = {{"any", RESTART_ALWAYS},
		     {"always", RESTART_ALWAYS},
		     {"unless-stopped", RESTART_ALWAYS},
		     {"on-failure", RESTART_ON_FAILURE},
		     {"none", RESTART_NEVER},
		     {"no", RESTART_NEVER}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(node->text, words[i].word) != 0)
			continue;
		restart->policy = words[i].policy;
		restart->place = node;
		return;
	}
	loader_error(loader, node, "none, on-failure or any", "condition: '%.40s' is not known",
		     node->text);
}

static const char own_pace[] = "restarts back off up to 5 minutes";
static const struct field restart_list[] = {
	{"condition", FIELD_USED, read_condition, 0, NULL, "default any; goes before restart",
	 .takes = "none|on-failure|any|no|always|unless-stopped"},
	{"delay", FIELD_NO_EFFECT, NULL, 0, NULL, own_pace},
	{"max_attempts", FIELD_USED, read_u32, offsetof(struct restart_reader, limit), NULL,
	 "with on-failure; with any it goes on, ever more slowly", .takes = "number or text"},
	{"window", FIELD_NO_EFFECT, NULL, 0, NULL, own_pace}};
static const struct field_set restart_fields = {"restart_policy", restart_list,
						ARRAY_SIZE(restart_list), .is_open = true};

static void read_restart_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct restart_reader restart = {.policy = RESTART_ALWAYS, .place = node};
	loader_read_map(loader, node, &restart_fields, &restart);
	bool has_limit = restart.policy == RESTART_ON_FAILURE;
	compose_set_restart(loader, restart.place, target, restart.policy,
			    has_limit ? restart.limit : 0);
	if (restart.policy == RESTART_ALWAYS && restart.limit > 0)
		loader_note(loader, node,
			    "max_attempts: it goes on after %u times, too, ever more slowly; "
			    "condition: on-failure ends",
			    restart.limit);
}

static void read_order(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	(void)loader;
	pod->is_recreate = strcmp(node->text, "stop-first") == 0 && pod->replicas <= 1;
	if (strcmp(node->text, "stop-first") == 0) {
		pod->max_unavailable = pod->max_surge > 0 ? pod->max_surge : 1;
		pod->max_surge = 0;
	}
}

static void read_parallelism(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	uint32_t count = 0;
	read_u32(loader, node, &count);
	if (count == 0) /* all at once */
		count = MOST_REPLICAS;
	if (pod->max_surge > 0)
		pod->max_surge = count;
	else
		pod->max_unavailable = count;
}

static const char own_rollback[] = "a release that does not become ready is not gone over to";
static const struct field update_list[] = {
	{"delay", FIELD_NO_EFFECT, NULL, 0, NULL, "the next one begins when the last one is ready"},
	{"failure_action", FIELD_NO_EFFECT, NULL, 0, NULL, own_rollback},
	{"max_failure_ratio", FIELD_NO_EFFECT, NULL, 0, NULL, own_rollback},
	{"monitor", FIELD_NO_EFFECT, NULL, 0, NULL, own_rollback},
	{"order", FIELD_USED, read_order, 0, NULL, "start-first (the default here) or stop-first",
	 .takes = "start-first|stop-first"},
	{"parallelism", FIELD_USED, read_parallelism, 0, NULL, "how many at once; default 1",
	 .takes = "number or text"}};
static const struct field_set update_fields = {"update_config", update_list,
					       ARRAY_SIZE(update_list), .is_open = true};

static void read_update(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &update_fields, target);
}

static void read_mode_word(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (strcmp(node->text, "replicated") != 0 && strcmp(node->text, "global") != 0)
		loader_error(loader, node, "replicated; restart: no ends by itself",
			     "mode: '%.40s' is not supported", node->text);
}

static const char no_nodes[] = "there are no nodes to choose from";
static const struct field deploy_list[] = {
	{"endpoint_mode", FIELD_NO_EFFECT, NULL, 0, NULL, "a service has an address and its pods'"},
	{"labels", FIELD_NO_EFFECT, NULL, 0, NULL, "of a service of Swarm; labels beside deploy"},
	{"mode", FIELD_USED, read_mode_word, 0, NULL, "replicated; global is one here",
	 .takes = "replicated|global"},
	{"placement", FIELD_NO_EFFECT, NULL, 0, NULL, no_nodes},
	{"replicas", FIELD_USED, compose_read_scale, 0, NULL, "VMs that boot the same image",
	 "size of the Auto Scaling group", .takes = "number or text"},
	{"resources", FIELD_USED, read_resources, 0, &resources_fields, NULL},
	{"restart_policy", FIELD_USED, read_restart_policy, 0, &restart_fields, NULL},
	{"rollback_config", FIELD_NO_EFFECT, NULL, 0, NULL, own_rollback},
	{"update_config", FIELD_USED, read_update, 0, &update_fields, "how replicas are replaced"}};
const struct field_set compose_deploy_fields = {"deploy", deploy_list, ARRAY_SIZE(deploy_list),
						.is_open = true};

void compose_read_deploy(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &compose_deploy_fields, target);
}
