/* SPDX-License-Identifier: Apache-2.0 */
/* What the short form has no words for, of the objects that it takes the place of. */
#include "manifest/convert_loss.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/write_short.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

static bool is_filled(const struct yaml_node *node)
{
	return node != NULL && node->pair_count + node->item_count > 0;
}

/* i2kit's own annotations are words of the short form. */
static bool has_annotations(const struct yaml_node *metadata)
{
	const struct yaml_node *annotations = yaml_get(metadata, "annotations");

	for (size_t i = 0; annotations != NULL && i < annotations->pair_count; i++) {
		if (strncmp(annotations->pairs[i].key->text, "i2kit/", 6) != 0)
			return true;
	}
	return false;
}

/* Made again, a selector is all labels of the template. */
static bool has_own_selector(const struct yaml_node *spec)
{
	const struct yaml_node *selector = yaml_get(spec, "selector");
	const struct yaml_node *match = yaml_get(selector, "matchLabels");
	const struct yaml_node *labels =
		yaml_get(yaml_get(yaml_get(spec, "template"), "metadata"), "labels");

	if (is_filled(yaml_get(selector, "matchExpressions")))
		return true;
	return match != NULL && labels != NULL && match->pair_count < labels->pair_count;
}

static bool has_other_protocol(const struct yaml_node *spec)
{
	const struct yaml_node *ports = yaml_get(spec, "ports");

	for (size_t i = 0; ports != NULL && i < ports->item_count; i++) {
		const struct yaml_node *protocol = yaml_get(ports->items[i], "appProtocol");
		if (protocol != NULL && !yaml_is_text(protocol, "http") &&
		    !yaml_is_text(protocol, "https"))
			return true;
	}
	return false;
}

static void add_losses(const struct source_object *object, const struct yaml_node *root,
		       struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
	const struct yaml_node *metadata = yaml_get(root, "metadata");
	const struct yaml_node *spec = yaml_get(root, "spec");

	if (is_filled(yaml_get(metadata, "labels")))
		string_list_add(&lost, "metadata.labels");
	if (has_annotations(metadata))
		string_list_add(&lost, "metadata.annotations");
	if (has_own_selector(spec))
		string_list_add(&lost, "spec.selector");
	if (has_other_protocol(spec))
		string_list_add(&lost, "spec.ports.appProtocol");
	if (lost.count == 0)
		return;
	AUTO_FREE char *fields = string_list_join(&lost, ", ");
	string_list_take(ret, xasprintf("%s %s: %s", object->kind, object->name, fields));
}

static void find_build(const struct container_spec *containers, size_t count, bool *is_built,
		       bool *is_watched)
{
	for (size_t i = 0; i < count; i++) {
		*is_built = *is_built || containers[i].build != NULL;
		*is_watched = *is_watched || containers[i].watch_count > 0;
	}
}

void app_build_losses(const struct app *app, struct string_list *ret)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		bool is_built = false;
		bool is_watched = false;
		find_build(pod->init_containers, pod->init_container_count, &is_built, &is_watched);
		find_build(pod->containers, pod->container_count, &is_built, &is_watched);
		if (is_built)
			string_list_addf(ret, "pod %s: build", pod->name);
		if (is_watched)
			string_list_addf(ret, "pod %s: develop.watch", pod->name);
	}
}

void app_short_losses(const struct app *app, struct string_list *ret)
{
	for (size_t i = 0; i < app->object_count; i++) {
		AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		const struct source_object *object = &app->objects[i];
		if (is_said_short(app, object) &&
		    yaml_read(object->text, strlen(object->text), &documents, &err) &&
		    documents.count == 1)
			add_losses(object, documents.roots[0], ret);
	}
}

static bool is_plain_hook(const struct probe *hook)
{
	return hook->check.environment.count == 0 && hook->check.user == NULL &&
	       hook->check.working_dir == NULL;
}

static void name_container_losses(const struct container_spec *container, struct string_list *ret)
{
	const struct container_limits *limits = &container->limits;
	const struct {
		bool is_lost;
		const char *name;
	} losses[] = {
		{container->user != NULL, "user"},
		{container->stop_signal != NULL, "stop_signal"},
		{limits->rlimit_count > 0, "ulimits"},
		{limits->tasks > 0, "pids_limit"},
		{limits->cpu_shares > 0, "cpu_shares"},
		{limits->oom_score_adjustment != 0, "oom_score_adj"},
		{limits->has_init, "init"},
		{container->more_post_start_count > 0 || !is_plain_hook(&container->post_start),
		 "post_start"},
		{container->more_pre_stop_count > 0 || !is_plain_hook(&container->pre_stop),
		 "pre_stop"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		if (losses[i].is_lost)
			string_list_add(ret, losses[i].name);
	}
}

void app_container_losses(const struct app *app, struct string_list *ret)
{
	for (size_t p = 0; p < app->pod_count; p++) {
		const struct pod_spec *pod = &app->pods[p];
		for (size_t i = 0; i < pod->container_count; i++) {
			AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
			name_container_losses(&pod->containers[i], &lost);
			if (i == 0 && pod->restart_limit > 0)
				string_list_add(&lost, "the limit of restart");
			if (lost.count == 0)
				continue;
			AUTO_FREE char *fields = string_list_join(&lost, ", ");
			string_list_take(ret, xasprintf("pod %s, container %s: %s", pod->name,
							pod->containers[i].name, fields));
		}
	}
}
