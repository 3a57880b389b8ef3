/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes objects that are or make pods. */
#include "manifest/workload.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/annotation.h"
#include "manifest/claim.h"
#include "manifest/cron_job.h"
#include "manifest/job.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/name_rules.h"
#include "manifest/pod.h"
#include "manifest/read_value.h"
#include "manifest/update_strategy.h"
#include "manifest/yaml_node.h"

static void read_pod_template_spec(struct loader *loader, const struct yaml_node *node,
				   void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	pod->restart_mark = loader_mark(loader, node);
	loader_read_map(loader, node, &pod_fields, pod);
}

static void read_template_metadata(struct loader *loader, const struct yaml_node *node,
				   void *target)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	loader_read_map(loader, node, &metadata_fields, &metadata);
	metadata_move_to_pod(&metadata, ((struct workload *)target)->pod);
}

static const struct field template_list[] = {
	{"metadata", FIELD_USED, read_template_metadata, 0, &metadata_fields,
	 "labels and annotations of the pod"},
	{"spec", FIELD_USED, read_pod_template_spec, 0, &pod_fields, "the pod"}};
static const struct field_set template_fields = {"template", template_list,
						 ARRAY_SIZE(template_list)};

static void read_template(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct workload *workload = target;
	workload->has_template = true;
	loader_read_map(loader, node, &template_fields, workload);
	if (node->kind == YAML_MAP && yaml_is_null(yaml_get(node, "spec")))
		loader_missing(loader, node, "spec", "spec: {containers: […]}");
}

static void read_replicas(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	pod->replicas_mark = loader_mark(loader, node);
	read_u32(loader, node, &pod->replicas);
}

static void read_selector(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	((struct workload *)target)->selector = node;
}

static const struct field requirement_list[] = {
	{"key", FIELD_USED, NULL, 0, NULL, NULL, .takes = "text"},
	{"operator", FIELD_USED, NULL, 0, NULL, "In, NotIn, Exists or DoesNotExist"},
	{"values", FIELD_USED, NULL, 0, NULL, NULL, .is_list = true}};
static const struct field_set requirement_fields = {"matchExpressions", requirement_list,
						    ARRAY_SIZE(requirement_list)};
static const struct field selector_list[] = {
	{"matchExpressions", FIELD_USED, NULL, 0, &requirement_fields,
	 "checked against the template", .is_list = true},
	{"matchLabels", FIELD_USED, NULL, 0, NULL, "checked against the template"}};
static const struct field_set selector_fields = {"selector", selector_list,
						 ARRAY_SIZE(selector_list)};

static void read_service_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	pod->service_name_mark = loader_mark(loader, node);
	read_text(loader, node, &pod->service_name);
	if (pod->service_name != NULL && pod->service_name[0] != '\0' &&
	    !name_is_subdomain(pod->service_name))
		loader_error(loader, node, "the name of a Service",
			     "serviceName: '%.80s' is not a valid name", pod->service_name);
}

static void read_claim_templates(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	for (size_t i = 0; i < node->item_count; i++)
		read_claim_template(loader, node->items[i],
				    ARRAY_APPEND(pod->claim_templates, pod->claim_template_count));
}

static const char replicated[] = "Deployment|ReplicaSet|ReplicationController|StatefulSet";

static const struct field workload_field_list[] = {
	{"activeDeadlineSeconds", FIELD_USED, read_job_deadline, 0, NULL,
	 "all of its pods are stopped and it has failed after that long", .only = "Job",
	 .takes = "number"},
	{"backoffLimit", FIELD_USED, read_backoff_limit, 0, NULL,
	 "failed pods, or restarts of OnFailure, before the Job has failed; default 6, each after "
	 "a "
	 "pause twice as long, from 10 s to 10 min",
	 .only = "Job", .takes = "number"},
	{"backoffLimitPerIndex", FIELD_USED, read_index_limit, 0, NULL,
	 "failed pods of one index before that has failed; the others go on", .only = "Job",
	 .takes = "number"},
	{"completionMode", FIELD_USED, read_completion_mode, 0, NULL,
	 "Indexed: each of the completions has a number, in $JOB_COMPLETION_INDEX and its host "
	 "name",
	 .choices = "NonIndexed|Indexed", .only = "Job"},
	{"completions", FIELD_USED, read_completions, 0, NULL,
	 "pods that have to succeed; with parallelism alone: until one has", .only = "Job",
	 .takes = "number"},
	{"managedBy", FIELD_REFUSED, NULL, 0, NULL, "there are no controllers here; take it out",
	 .only = "Job"},
	{"maxFailedIndexes", FIELD_USED, read_max_failed, 0, NULL,
	 "failed indexes that are not one too many", .only = "Job", .takes = "number"},
	{"manualSelector", FIELD_NO_EFFECT, NULL, 0, NULL, "selectors of Jobs are only checked",
	 .only = "Job"},
	{"minReadySeconds", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod counts as soon as it is ready"},
	{"ordinals", FIELD_REFUSED, NULL, 0, NULL, "instances count from 0", .only = "StatefulSet"},
	{"parallelism", FIELD_USED, read_parallelism, 0, NULL, "pods at once; default 1",
	 .only = "Job", .takes = "number"},
	{"paused", FIELD_REFUSED, NULL, 0, NULL, "remove it", .only = "Deployment"},
	{"persistentVolumeClaimRetentionPolicy", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "volumes stay until down --volumes", .only = "StatefulSet"},
	{"podFailurePolicy", FIELD_USED, read_failure_policy, 0, &failure_policy_fields,
	 "what a failed pod means, by its exit code or the loss of its VM", .only = "Job"},
	{"podManagementPolicy", FIELD_USED, read_start_order, 0, NULL,
	 "OrderedReady: an instance starts when the one before it is ready, and they leave in "
	 "reverse; Parallel: all at once",
	 "one is updated at a time; new ones start at once", .choices = "OrderedReady|Parallel",
	 .only = "StatefulSet"},
	{"podReplacementPolicy", FIELD_USED, read_replacement, 0, NULL,
	 "Failed: another pod comes when the old one is gone", .only = "Job",
	 .choices = "TerminatingOrFailed|Failed"},
	{"progressDeadlineSeconds", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "up --wait --timeout bounds the wait", .only = "Deployment"},
	{"replicas", FIELD_USED, read_replicas, 0, NULL, "VMs that boot the same image; default 1",
	 "size of the Auto Scaling group", .only = replicated, .takes = "number"},
	{"revisionHistoryLimit", FIELD_NO_EFFECT, NULL, 0, NULL, "prune decides what is kept"},
	{"rollbackTo", FIELD_REFUSED, NULL, 0, NULL, "i2kit rollback", .only = "Deployment"},
	{"selector", FIELD_USED, read_selector, 0, &selector_fields,
	 "must match the template's labels"},
	{"serviceName", FIELD_USED, read_service_name, 0, NULL,
	 "the headless Service that gives instances names such as db-0.db", .only = "StatefulSet",
	 .takes = "text"},
	{"strategy", FIELD_USED, read_strategy, 0, &strategy_fields, "how pods are replaced",
	 "the Auto Scaling group's rolling update", .only = "Deployment"},
	{"successPolicy", FIELD_USED, read_success_policy, 0, &success_policy_fields,
	 "which indexes are enough", .only = "Job"},
	{"suspend", FIELD_USED, read_suspend, 0, NULL, "true: its pods are stopped and none starts",
	 .only = "Job", .takes = "true or false"},
	{"template", FIELD_USED, read_template, 0, &template_fields, "the pod"},
	{"templateGeneration", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers",
	 .only = "DaemonSet"},
	{"ttlSecondsAfterFinished", FIELD_USED, read_ttl, 0, NULL,
	 "its pods go that long after its end; a later up runs it again", .only = "Job",
	 .takes = "number"},
	{"updateStrategy", FIELD_USED, read_strategy, 0, &strategy_fields, "how pods are replaced",
	 .only = "StatefulSet|DaemonSet"},
	{"volumeClaimTemplates", FIELD_USED, read_claim_templates, 0, &claim_object_fields,
	 "a disk for each instance that survives down", "an EBS volume", .only = "StatefulSet",
	 .is_list = true},
};
static const struct field_set workload_fields = {"workload spec", workload_field_list,
						 ARRAY_SIZE(workload_field_list), .type = "Spec"};

static const struct field workload_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &workload_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set workload_object_fields = {"workload", workload_object_list,
						 ARRAY_SIZE(workload_object_list)};

/* A CronJob's spec: that of its Jobs' is read into the workload. */
struct cron_workload {
	struct cron_spec cron; /* first: its own fields are read into it */
	struct workload *workload;
	bool has_job_template;
};

static void read_job_metadata(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	(void)target;
	loader_read_map(loader, node, &metadata_fields, &metadata);
}

static void read_job_spec(struct loader *loader, const struct yaml_node *node, void *target)
{
	const char *outer = loader->kind;
	loader->kind = "Job";
	loader_read_map(loader, node, &workload_fields, ((struct cron_workload *)target)->workload);
	loader->kind = outer;
}

static const struct field job_template_list[] = {
	{"metadata", FIELD_USED, read_job_metadata, 0, &metadata_fields,
	 "labels and annotations of the Jobs: only checked"},
	{"spec", FIELD_USED, read_job_spec, 0, &workload_fields, "the Job, as of kind Job"}};
static const struct field_set job_template_fields = {"jobTemplate", job_template_list,
						     ARRAY_SIZE(job_template_list)};

static void read_job_template(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct cron_workload *)target)->has_job_template = true;
	loader_read_map(loader, node, &job_template_fields, target);
	if (node->kind == YAML_MAP && yaml_is_null(yaml_get(node, "spec")))
		loader_missing(loader, node, "spec", "spec: {template: …}");
}

static const struct field cron_field_list[] = {
	{"jobTemplate", FIELD_USED, read_job_template, 0, &job_template_fields, "what runs"},
	{"schedule", FIELD_USED, read_cron_schedule, 0, NULL, cron_schedule_help, .takes = "text"}};
static const struct field_set cron_fields = {"CronJob spec", cron_field_list,
					     ARRAY_SIZE(cron_field_list), &cron_rule_fields};

static const struct field cron_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &cron_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set cron_object_fields = {"CronJob", cron_object_list,
					     ARRAY_SIZE(cron_object_list)};

static const struct field pod_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &pod_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set pod_object_fields = {"Pod", pod_object_list, ARRAY_SIZE(pod_object_list)};

static const char *label(const struct pod_spec *pod, const char *key)
{
	for (size_t i = 0; i < pod->label_count; i++) {
		if (strcmp(pod->labels[i].key, key) == 0)
			return pod->labels[i].value;
	}
	return NULL;
}

/* Kubernetes' own rules: a key, an operator, and values where it wants some. */
static bool expression_is_valid(struct loader *loader, const struct yaml_node *expression)
{
	const struct yaml_node *operator= yaml_get(expression, "operator");
	const struct yaml_node *values = yaml_get(expression, "values");
	bool is_set = yaml_is_text(operator, "In") || yaml_is_text(operator, "NotIn");
	bool is_test = yaml_is_text(operator, "Exists") || yaml_is_text(operator, "DoesNotExist");
	bool has_values = values != NULL && values->kind == YAML_LIST && values->item_count > 0;
	if (!loader_wants_text(loader, expression, "key", "key: app") ||
	    !loader_wants_text(loader, expression, "operator", "operator: Exists"))
		return false;
	if (!is_set && !is_test)
		loader_error(loader, operator, "In, NotIn, Exists or DoesNotExist",
			     "operator: '%.60s' is not known", operator->text);
	else if (is_set != has_values)
		loader_error(loader, values != NULL ? values : expression,
			     is_set ? "values: [web]" : "leave values out",
			     is_set ? "%s wants values" : "%s takes no values", operator->text);
	return (is_set || is_test) && is_set == has_values;
}

static bool expression_matches(const struct pod_spec *pod, const struct yaml_node *expression)
{
	const struct yaml_node *key = yaml_get(expression, "key");
	const struct yaml_node *operator= yaml_get(expression, "operator");
	const struct yaml_node *values = yaml_get(expression, "values");
	const char *has = key && key->text ? label(pod, key->text) : NULL;
	bool is_in = false;
	for (size_t i = 0; has != NULL && values != NULL && i < values->item_count; i++)
		is_in = is_in || yaml_is_text(values->items[i], has);
	if (yaml_is_text(operator, "In"))
		return is_in;
	if (yaml_is_text(operator, "NotIn"))
		return !is_in;
	return yaml_is_text(operator, "Exists") ? has != NULL : has == NULL;
}

static void check_expressions(struct loader *loader, const struct workload *workload)
{
	const struct yaml_node *list = yaml_get(workload->selector, "matchExpressions");
	for (size_t i = 0; list != NULL && i < list->item_count; i++) {
		loader_read_map(loader, list->items[i], &requirement_fields, NULL);
		if (list->items[i]->kind == YAML_MAP &&
		    expression_is_valid(loader, list->items[i]) &&
		    !expression_matches(workload->pod, list->items[i]))
			loader_error(loader, list->items[i], "give the template a label that fits",
				     "the selector does not match the template's labels");
	}
}

/* Where it must be written (apps/v1 and v1beta2); the older ones took the template's labels. */
static void want_selector(struct loader *loader, const struct workload *workload)
{
	const struct pod_spec *pod = workload->pod;
	const char *version = yaml_get(workload->root, "apiVersion")->text;
	bool is_wanted = strcmp(version, "apps/v1") == 0 || strcmp(version, "apps/v1beta2") == 0;
	if (!is_wanted || !workload->has_template)
		return;
	bool is_patch = pod->container_count > 0 && pod->containers[0].image[0] == '\0';
	AUTO_FREE char *hint =
		is_patch ? xstrdup("is this a patch? i2kit up -f FOLDER builds the kustomization")
		: pod->label_count > 0
			? xasprintf("selector: {matchLabels: {%.60s: %.60s}}", pod->labels[0].key,
				    pod->labels[0].value)
			: xstrdup("selector: {matchLabels: {app: web}}, and the template has the "
				  "same labels");
	loader_missing(loader, yaml_get(workload->root, "spec"), "selector", hint);
}

/* There, and of another kind than it has to be; said. */
static bool is_misshapen(struct loader *loader, const struct yaml_node *node, enum yaml_kind kind,
			 const char *name, const char *hint)
{
	if (node == NULL || yaml_is_null(node) || node->kind == kind)
		return false;
	loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint, "%s: %s is wanted here, not %s",
			name, kind == YAML_MAP ? "a map" : "a list", yaml_describe(node));
	return true;
}

static void check_label_texts(struct loader *loader, const struct yaml_node *labels)
{
	for (size_t i = 0; labels->kind == YAML_MAP && i < labels->pair_count; i++) {
		const struct yaml_node *value = labels->pairs[i].value;
		if (value->kind == YAML_MAP || value->kind == YAML_LIST)
			loader_error_as(loader, PROBLEM_WRONG_TYPE, value,
					"matchLabels: {app: web}",
					"%.80s: text is wanted here, not %s",
					labels->pairs[i].key->text, yaml_describe(value));
	}
}

static void check_selector_shape(struct loader *loader, const struct yaml_node *selector)
{
	const struct yaml_node *labels = yaml_get(selector, "matchLabels");
	const struct yaml_node *expressions = yaml_get(selector, "matchExpressions");
	bool is_wrong =
		is_misshapen(loader, labels, YAML_MAP, "matchLabels", "matchLabels: {app: web}");
	is_wrong = is_misshapen(loader, expressions, YAML_LIST, "matchExpressions",
				"begin each item with '- '") ||
		   is_wrong;
	if (labels != NULL)
		check_label_texts(loader, labels);
	bool is_empty = (labels == NULL || labels->pair_count == 0) &&
			(expressions == NULL || expressions->item_count == 0);
	for (size_t i = 0; selector->kind == YAML_MAP && i < selector->pair_count; i++)
		is_wrong = is_wrong || loader_find_field(&selector_fields,
							 selector->pairs[i].key->text) == NULL;
	if (selector->kind == YAML_MAP && is_empty && !is_wrong)
		loader_error(loader, selector, "selector: {matchLabels: {app: web}}",
			     "an empty selector would select every pod");
}

/* The selector of a ReplicationController is a plain map of labels. */
static void check_selector(struct loader *loader, const struct workload *workload)
{
	bool is_plain = strcmp(loader->kind, "ReplicationController") == 0;
	const struct yaml_node *labels = workload->selector;
	if (labels == NULL) {
		want_selector(loader, workload);
		return;
	}
	if (!is_plain) {
		loader_read_map(loader, labels, &selector_fields, NULL);
		check_selector_shape(loader, labels);
		check_expressions(loader, workload);
		labels = yaml_get(labels, "matchLabels");
	}
	for (size_t i = 0; labels != NULL && labels->kind == YAML_MAP && i < labels->pair_count;
	     i++) {
		const struct yaml_node *key = labels->pairs[i].key;
		const struct yaml_node *value = labels->pairs[i].value;
		const char *has = label(workload->pod, key->text);
		const char *wanted = yaml_is_null(value) ? "" : value->text;
		if (wanted == NULL || (has != NULL && strcmp(has, wanted) == 0))
			continue;
		AUTO_FREE char *hint =
			has != NULL ? xasprintf("the template has %.60s: %.60s", key->text, has)
				    : xasprintf("template: {metadata: {labels: {%.60s: %.60s}}}",
						key->text, wanted);
		loader_error(loader, key, hint,
			     "the selector '%.80s: %.80s' does not match the template's labels",
			     key->text, wanted);
	}
}

static enum workload_kind workload_kind_of(const char *kind)
{
	if (strcmp(kind, "StatefulSet") == 0)
		return WORKLOAD_STATEFUL_SET;
	if (strcmp(kind, "Job") == 0 || strcmp(kind, "CronJob") == 0)
		return WORKLOAD_JOB;
	return strcmp(kind, "Pod") == 0 ? WORKLOAD_POD : WORKLOAD_DEPLOYMENT;
}

static bool is_cron(const struct workload *workload)
{
	return strcmp(workload->pod->kind_name, "CronJob") == 0;
}

/* The object whose spec has the template: a CronJob's jobTemplate. */
static const struct yaml_node *template_owner(const struct workload *workload)
{
	return is_cron(workload) ? yaml_get(yaml_get(workload->root, "spec"), "jobTemplate")
				 : workload->root;
}

/* Returns the one that has the template; NULL: there is none. */
static const struct yaml_node *read_workload_spec(struct loader *loader,
						  const struct yaml_node *spec,
						  struct workload *workload)
{
	struct cron_workload reader = {.workload = workload};

	if (!is_cron(workload)) {
		loader_read_map(loader, spec, &workload_fields, workload);
		return spec;
	}
	reader.cron = (struct cron_spec){.successful_kept = CRON_SUCCESSFUL_KEPT,
					 .failed_kept = CRON_FAILED_KEPT};
	loader_read_map(loader, spec, &cron_fields, &reader);
	workload->pod->cron = reader.cron;
	if (!reader.has_job_template && spec->kind == YAML_MAP)
		loader_missing(loader, spec, "jobTemplate", "jobTemplate: {spec: {template: …}}");
	return yaml_get(yaml_get(spec, "jobTemplate"), "spec");
}

static void read_spec(struct loader *loader, const struct yaml_node *root,
		      struct workload *workload)
{
	const struct yaml_node *spec = yaml_get(root, "spec");
	if (yaml_is_null(spec)) {
		loader_missing(loader, root, "spec", "i2kit explain shows what stands in it");
		return;
	}
	if (workload->pod->workload == WORKLOAD_POD) {
		workload->pod->restart_mark = loader_mark(loader, spec);
		loader_read_map(loader, spec, &pod_fields, workload->pod);
		return;
	}
	spec = read_workload_spec(loader, spec, workload);
	if (!workload->has_template && spec != NULL && spec->kind == YAML_MAP)
		loader_missing(loader, spec, "template",
			       "template: {metadata: {labels: …}, spec: …}");
	check_selector(loader, workload);
}

/* The place where containers should be is what the user has to look at. */
static void check_has_containers(struct loader *loader, const struct workload *workload)
{
	const struct yaml_node *spec = yaml_get(template_owner(workload), "spec");
	if (workload->pod->workload != WORKLOAD_POD)
		spec = yaml_get(yaml_get(spec, "template"), "spec");
	const struct yaml_node *list = yaml_get(spec, "containers");
	if (list != NULL && list->kind == YAML_LIST && list->item_count == 0)
		loader_error(loader, list, "containers: [{name: web, image: nginx:1.25}]",
			     "containers: a pod has at least one");
	else if (spec != NULL && spec->kind == YAML_MAP && yaml_is_null(list))
		loader_missing(loader, spec, "containers",
			       "containers: [{name: web, image: nginx:1.25}]");
}

/* A claim template takes the place of a volume of its name, as in clusters. */
static void drop_overridden_volumes(struct pod_spec *pod)
{
	size_t kept = 0;
	for (size_t i = 0; i < pod->volume_count; i++) {
		bool is_overridden = false;
		for (size_t k = 0; k < pod->claim_template_count; k++)
			is_overridden = is_overridden || strcmp(pod->claim_templates[k].name,
								pod->volumes[i].name) == 0;
		if (is_overridden)
			volume_clear(&pod->volumes[i]);
		else
			pod->volumes[kept++] = pod->volumes[i];
	}
	pod->volume_count = kept;
}

void read_workload(struct loader *loader, const struct yaml_node *root)
{
	struct pod_spec *pod = ARRAY_APPEND(loader->app->pods, loader->app->pod_count);
	struct workload workload = {.pod = pod, .root = root};
	AUTO(metadata_clear) struct metadata metadata = {0};

	pod_spec_init(loader, pod, root);
	pod->workload = workload_kind_of(loader->kind);
	pod->kind_name = xstrdup(loader->kind);
	/* Names alone: metadata and spec are read below. */
	loader_read_map(loader, root,
			is_cron(&workload)		? &cron_object_fields
			: pod->workload == WORKLOAD_POD ? &pod_object_fields
							: &workload_object_fields,
			NULL);
	read_metadata(loader, root, &metadata, true);
	if (pod->workload == WORKLOAD_POD)
		metadata_move_to_pod(&metadata, pod);
	read_workload_annotations(loader, root, pod);
	pod->name = TAKE_PTR(metadata.name);
	pod->namespace_name = TAKE_PTR(metadata.namespace_name);
	/* The workload's name becomes a host name, which has no dots. */
	if (strchr(pod->name, '.') != NULL && name_is_subdomain(pod->name))
		loader_error(loader, yaml_get(yaml_get(root, "metadata"), "name"), "use '-'",
			     "name: '%.80s' becomes a host name and cannot have dots", pod->name);
	read_spec(loader, root, &workload);
	check_has_containers(loader, &workload);
	pod->is_stateful = pod->workload == WORKLOAD_STATEFUL_SET;
	drop_overridden_volumes(pod);
	if (is_cron(&workload))
		cron_job_complete(loader, root, pod);
	if (pod->workload == WORKLOAD_JOB)
		job_complete(loader, template_owner(&workload), pod);
	pod_complete(loader, pod);
}
