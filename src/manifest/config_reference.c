/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/config_reference.h"

#include "base/string_list.h"
#include "manifest/app.h"

static void add_name(struct string_list *names, const char *name)
{
	if (name != NULL && name[0] != '\0' && !string_list_has(names, name))
		string_list_add(names, name);
}

static void name_containers(struct string_list *names, const struct container_spec *containers,
			    size_t count, bool is_secret)
{
	for (size_t i = 0; i < count; i++) {
		const struct container_spec *container = &containers[i];
		for (size_t k = 0; k < container->env_count; k++) {
			enum env_kind wanted = is_secret ? ENV_SECRET : ENV_CONFIG_MAP;
			if (container->env[k].source == wanted)
				add_name(names, container->env[k].ref_name);
		}
		for (size_t k = 0; k < container->env_from_count; k++) {
			if (container->env_from[k].is_secret == is_secret)
				add_name(names, container->env_from[k].ref_name);
		}
	}
}

void config_references(const struct pod_spec *pod, bool is_secret, struct string_list *ret)
{
	enum volume_kind wanted = is_secret ? VOLUME_SECRET : VOLUME_CONFIG_MAP;

	name_containers(ret, pod->containers, pod->container_count, is_secret);
	name_containers(ret, pod->init_containers, pod->init_container_count, is_secret);
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == wanted)
			add_name(ret, volume->ref_name);
		for (size_t k = 0; k < volume->source_count; k++) {
			if (volume->sources[k].kind == wanted)
				add_name(ret, volume->sources[k].ref_name);
		}
	}
}
