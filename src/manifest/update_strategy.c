/* SPDX-License-Identifier: Apache-2.0 */
/* How a workload's pods start and are replaced: strategy, updateStrategy, podManagementPolicy. */
#include "manifest/update_strategy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/app.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/workload.h"
#include "manifest/yaml_node.h"

/* "25%" of the replicas or a number. */
static void read_share(struct loader *loader, const struct yaml_node *node, uint32_t replicas,
		       bool rounds_up, uint32_t *ret)
{
	uint64_t percent = 0;
	size_t length = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
	if (length < 2 || node->type != YAML_TEXT || node->text[length - 1] != '%') {
		read_u32(loader, node, ret);
		return;
	}
	AUTO_FREE char *digits = xstrndup(node->text, length - 1);
	if (!parse_u64(digits, 0, 100, &percent)) {
		loader_error(loader, node, "as in 25% or 1", "%s: '%.40s' is not a share of pods",
			     loader->current->name, node->text);
		return;
	}
	*ret = (uint32_t)((percent * replicas + (rounds_up ? 99 : 0)) / 100);
}

static uint32_t replicas_of(const struct workload *workload)
{
	const struct yaml_node *node = yaml_get(yaml_get(workload->root, "spec"), "replicas");
	bool is_good = node != NULL && node->kind == YAML_SCALAR && node->type == YAML_INTEGER &&
		       node->integer >= 0 && node->integer <= INT32_MAX;
	return is_good ? (uint32_t)node->integer : 1;
}

static void read_surge(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct workload *workload = target;
	read_share(loader, node, replicas_of(workload), true, &workload->pod->max_surge);
}

static void read_unavailable(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct workload *workload = target;
	bool is_set = workload->pod->workload == WORKLOAD_STATEFUL_SET;
	read_share(loader, node, replicas_of(workload), is_set, &workload->pod->max_unavailable);
}

static void read_partition(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u32(loader, node, &((struct workload *)target)->pod->partition);
}

static const struct field rolling_list[] = {
	{"maxSurge", FIELD_USED, read_surge, 0, NULL,
	 "pods above replicas while updating; default 1", .takes = "number or percentage",
	 .only = "Deployment|DaemonSet"},
	{"maxUnavailable", FIELD_USED, read_unavailable, 0, NULL,
	 "pods that may be missing while updating; default 0, of a StatefulSet 1",
	 .takes = "number or percentage"},
	{"partition", FIELD_USED, read_partition, 0, NULL,
	 "numbers below it keep the release they have", "0: all are updated", .takes = "number",
	 .only = "StatefulSet"}};
static const struct field_set rolling_fields = {"rollingUpdate", rolling_list,
						ARRAY_SIZE(rolling_list)};

static void read_rolling(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &rolling_fields, target);
}

static void read_strategy_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	/* A Deployment's old pods may go first; the others' have names that are taken. */
	const char *other = strcmp(loader->kind, "Deployment") == 0 ? "Recreate" : "OnDelete";
	if (!yaml_is_text(node, "") && !yaml_is_text(node, "RollingUpdate") &&
	    !yaml_is_text(node, other)) {
		AUTO_FREE char *hint = xasprintf("RollingUpdate or %s", other);
		loader_error(loader, node, hint, "type: '%.60s' is not one of a %s",
			     node->text ? node->text : yaml_describe(node), loader->kind);
	}
	if (yaml_is_text(node, "OnDelete"))
		loader_note_as(loader, PROBLEM_NO_EFFECT, node,
			       "OnDelete has no effect here: up replaces pods at once");
	pod->is_recreate = yaml_is_text(node, "Recreate");
}

static const struct field strategy_list[] = {
	{"rollingUpdate", FIELD_USED, read_rolling, 0, &rolling_fields, NULL},
	{"type", FIELD_USED, read_strategy_type, 0, NULL,
	 "RollingUpdate: new pods first; Recreate: old pods go first",
	 .takes = "RollingUpdate, Recreate"}};
const struct field_set strategy_fields = {"strategy", strategy_list, ARRAY_SIZE(strategy_list)};

static bool is_none(const struct yaml_node *node)
{
	return node != NULL && node->kind == YAML_SCALAR &&
	       (strcmp(node->text, "0") == 0 || strcmp(node->text, "0%") == 0);
}

/* With neither a pod more nor one less nothing can be replaced. */
static void check_progress(struct loader *loader, const struct yaml_node *rolling)
{
	if (is_none(yaml_get(rolling, "maxSurge")) && is_none(yaml_get(rolling, "maxUnavailable")))
		loader_error(loader, yaml_get(rolling, "maxUnavailable"),
			     "one of them is 1 or more",
			     "maxSurge and maxUnavailable are both 0: no pod could be replaced");
}

void read_strategy(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct yaml_node *rolling = yaml_get(node, "rollingUpdate");
	loader_read_map(loader, node, &strategy_fields, target);
	if (yaml_is_text(yaml_get(node, "type"), "Recreate") && !yaml_is_null(rolling))
		loader_error(loader, rolling, "keep one of them",
			     "rollingUpdate does not go with type: Recreate");
	else
		check_progress(loader, rolling);
}

void read_start_order(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_choice(loader, node, &((struct workload *)target)->pod->start_order);
}
