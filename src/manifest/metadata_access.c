/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/metadata_access.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static const char hint[] = "metadata: true, or names of containers";

void read_metadata_access(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	pod->metadata_mark = loader_mark(loader, node);
	if (node->kind != YAML_LIST) {
		read_bool(loader, node, &pod->has_metadata);
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		if (node->items[i]->kind != YAML_SCALAR)
			loader_error(loader, node->items[i], hint,
				     "metadata: a name is wanted here");
		else
			string_list_add(&pod->metadata_names, node->items[i]->text);
	}
}

void read_metadata_annotation(struct loader *loader, const struct yaml_node *value,
			      struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	pod->metadata_mark = loader_mark(loader, value);
	string_list_split_words(&words, value->text);
	string_list_copy(&pod->metadata_names, &words);
}

static bool open_to(struct container_spec *containers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(containers[i].name, name) != 0)
			continue;
		containers[i].security.has_metadata = true;
		return true;
	}
	return false;
}

void complete_metadata_access(struct loader *loader, struct pod_spec *pod)
{
	for (size_t i = 0; pod->has_metadata && i < pod->init_container_count; i++)
		pod->init_containers[i].security.has_metadata = true;
	for (size_t i = 0; pod->has_metadata && i < pod->container_count; i++)
		pod->containers[i].security.has_metadata = true;
	for (size_t i = 0; i < pod->metadata_names.count; i++) {
		const char *name = pod->metadata_names.items[i];
		if (!open_to(pod->containers, pod->container_count, name) &&
		    !open_to(pod->init_containers, pod->init_container_count, name))
			loader_error_at(loader, &pod->metadata_mark, hint,
					"metadata: the pod has no container '%.80s'", name);
	}
}

bool metadata_access_names(const struct pod_spec *pod, struct string_list *ret)
{
	for (size_t i = 0; i < pod->init_container_count; i++)
		if (pod->init_containers[i].security.has_metadata)
			string_list_add(ret, pod->init_containers[i].name);
	for (size_t i = 0; i < pod->container_count; i++)
		if (pod->containers[i].security.has_metadata)
			string_list_add(ret, pod->containers[i].name);
	return ret->count == pod->init_container_count + pod->container_count;
}

const char *metadata_access_by_force(const struct security_context *security)
{
	/* Each leads into the kernel, or to the machine's network as a whole. */
	static const char *const capabilities[] = {"ALL",	 "NET_ADMIN", "SYS_ADMIN",
						   "SYS_MODULE", "SYS_RAWIO", "BPF"};
	if (security->has_metadata)
		return NULL;
	if (security->is_privileged)
		return "privileged";
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (string_list_has(&security->capabilities_add, capabilities[i]))
			return capabilities[i];
	return NULL;
}
