/* SPDX-License-Identifier: Apache-2.0 */
/* What can only be checked when everything has been read. */
#include <string.h>

#include "base/cleanup.h"
#include "manifest/loader.h"

static void check_names(struct loader *loader)
{
	const struct app *app = loader->app;
	for (size_t i = 0; i < app->pod_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(app->pods[i].name, app->pods[k].name) == 0)
				loader_error_at(loader, &app->pods[i].mark, NULL,
						"there is another pod '%s' (%s:%u)",
						app->pods[i].name, app->pods[k].mark.file,
						app->pods[k].mark.line);
		}
	}
	for (size_t i = 0; i < app->service_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(app->services[i].name, app->services[k].name) == 0)
				loader_error_at(loader, &app->services[i].mark, NULL,
						"there is another Service '%s'",
						app->services[i].name);
		}
	}
}

static bool has_key(const struct config_map *map, const char *key)
{
	for (size_t i = 0; i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, key) == 0)
			return true;
	}
	return false;
}

static void check_reference(struct loader *loader, const struct source_mark *mark, const char *name,
			    const char *key_or_null, bool is_secret, bool is_optional)
{
	const struct config_map *map = app_find_config(loader->app, name, is_secret);
	const char *kind = is_secret ? "Secret" : "ConfigMap";

	if (is_optional)
		return;
	if (map == NULL)
		loader_error_at(loader, mark, "add it to the manifests, or say optional: true",
				"there is no %s '%s'", kind, name);
	else if (key_or_null != NULL && !has_key(map, key_or_null))
		loader_error_at(loader, mark, NULL, "%s '%s' has no key '%s'", kind, name,
				key_or_null);
}

static void check_env(struct loader *loader, const struct container_spec *container)
{
	for (size_t i = 0; i < container->env_count; i++) {
		const struct env_var *env = &container->env[i];
		if (env->source == ENV_CONFIG_MAP_KEY || env->source == ENV_SECRET_KEY)
			check_reference(loader, &env->mark, env->ref_name ? env->ref_name : "",
					env->ref_key, env->source == ENV_SECRET_KEY,
					env->is_optional);
	}
	for (size_t i = 0; i < container->env_from_count; i++) {
		const struct env_from *from = &container->env_from[i];
		check_reference(loader, &from->mark, from->ref_name, NULL, from->is_secret,
				from->is_optional);
	}
}

static bool has_volume(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (strcmp(pod->volumes[i].name, name) == 0)
			return true;
	}
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		if (strcmp(pod->claim_templates[i].name, name) == 0)
			return true;
	}
	return false;
}

static void check_containers(struct loader *loader, const struct pod_spec *pod,
			     const struct container_spec *containers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check_env(loader, &containers[i]);
		for (size_t k = 0; k < containers[i].mount_count; k++) {
			const struct volume_mount *mount = &containers[i].mounts[k];
			if (!has_volume(pod, mount->volume))
				loader_error_at(loader, &mount->mark, NULL,
						"pod '%s' has no volume '%s'", pod->name,
						mount->volume);
			if (mount->mount_path[0] != '/')
				loader_error_at(loader, &mount->mark, NULL,
						"mountPath must begin with /");
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(containers[i].name, containers[k].name) == 0)
				loader_error_at(loader, &containers[i].mark, NULL,
						"there is another container '%s' in pod '%s'",
						containers[i].name, pod->name);
		}
	}
}

static void check_volume(struct loader *loader, const struct volume *volume)
{
	const char *name = volume->ref_name ? volume->ref_name : "";
	switch (volume->kind) {
	case VOLUME_CONFIG_MAP:
	case VOLUME_SECRET:
		check_reference(loader, &volume->mark, name, NULL, volume->kind == VOLUME_SECRET,
				volume->is_optional);
		break;
	case VOLUME_CLAIM:
		if (app_find_claim(loader->app, name) == NULL)
			loader_error_at(loader, &volume->mark, "add it to the manifests",
					"there is no PersistentVolumeClaim '%s'", name);
		break;
	case VOLUME_PROJECTED:
		for (size_t i = 0; i < volume->source_count; i++)
			check_volume(loader, &volume->sources[i]);
		break;
	default:
		break;
	}
}

void check_app(struct loader *loader)
{
	const struct app *app = loader->app;

	check_names(loader);
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		check_containers(loader, pod, pod->init_containers, pod->init_container_count);
		check_containers(loader, pod, pod->containers, pod->container_count);
		for (size_t v = 0; v < pod->volume_count; v++)
			check_volume(loader, &pod->volumes[v]);
		if (pod->is_stateful && pod->replicas > 1 && strcmp(pod->kind_name, "i2kit") == 0)
			loader_error_at(loader, &pod->mark, "replicas: 1",
					"a stateful pod has one replica");
	}
}
