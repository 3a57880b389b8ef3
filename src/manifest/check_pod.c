/* SPDX-License-Identifier: Apache-2.0 */
/* What can only be checked when everything has been read: inside one pod, and what it refers to. */
#include "manifest/check_pod.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/loader.h"

/* "did you mean 'x'?" for the nearest of the names, or what else to do. Owned. */
static char *suggest(const char *name, const struct string_list *known, const char *otherwise)
{
	const char *nearest = suggest_nearest(name, known);
	return nearest ? xasprintf("did you mean '%s'?", nearest) : xstrdup(otherwise);
}

static bool has_key(const struct config_map *map, const char *key)
{
	for (size_t i = 0; i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, key) == 0)
			return true;
	}
	return false;
}

/* In a cluster a pod sees those of its own namespace alone. */
static void elsewhere_config(struct loader *loader, const struct source_mark *mark,
			     const struct pod_spec *pod, const struct config_map *map)
{
	AUTO_FREE char *hint = xasprintf("there is one in namespace '%.60s'", map->namespace_name);
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, mark, hint,
			   "there is no %s '%s' in namespace '%.60s'",
			   map->is_secret ? "Secret" : "ConfigMap", map->name, pod->namespace_name);
}

static void missing_config(struct loader *loader, const struct source_mark *mark, const char *name,
			   bool is_secret)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	const struct app *app = loader->app;
	if (loader->has_lost)
		return; /* it may stand in what could not be read */
	for (size_t i = 0; i < app->config_map_count; i++) {
		if (app->config_maps[i].is_secret == is_secret)
			string_list_add(&known, app->config_maps[i].name);
	}
	const char *option = is_secret ? "secret" : "config-map";
	AUTO_FREE char *ways =
		xasprintf("add it to the manifests, give it with --%s %.80s.KEY=VALUE or --%s "
			  "%.80s=FILE, or write optional: true",
			  option, name, option, name);
	AUTO_FREE char *hint = suggest(name, &known, ways);
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, mark, hint, "there is no %s '%s'",
			   is_secret ? "Secret" : "ConfigMap", name);
}

static void missing_key(struct loader *loader, const struct source_mark *mark,
			const struct config_map *map, const char *key)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < map->entry_count; i++)
		string_list_add(&known, map->entries[i].key);
	AUTO_FREE char *list = string_list_join(&known, ", ");
	AUTO_FREE char *keys = xasprintf("it has %.200s; --%s %.80s.%.80s=VALUE gives it one",
					 known.count > 0 ? list : "no keys at all",
					 map->is_secret ? "secret" : "config-map", map->name, key);
	AUTO_FREE char *hint = suggest(key, &known, keys);
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, mark, hint, "%s '%s' has no key '%s'",
			   map->is_secret ? "Secret" : "ConfigMap", map->name, key);
}

/* name NULL: reported where it was missing. */
static void check_reference(struct loader *loader, const struct pod_spec *pod,
			    const struct source_mark *name_mark, const char *name,
			    const struct source_mark *key_mark, const char *key_or_null,
			    bool is_secret, bool is_optional)
{
	if (is_optional || name == NULL || name[0] == '\0')
		return;

	const struct config_map *map = app_find_config(loader->app, name, is_secret);
	if (map == NULL)
		missing_config(loader, name_mark, name, is_secret);
	else if (strcmp(map->namespace_name, pod->namespace_name) != 0)
		elsewhere_config(loader, name_mark, pod, map);
	else if (key_or_null != NULL && !has_key(map, key_or_null))
		missing_key(loader, key_mark, map, key_or_null);
}

static const struct container_spec *find_container(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	}
	for (size_t i = 0; i < pod->init_container_count; i++) {
		if (strcmp(pod->init_containers[i].name, name) == 0)
			return &pod->init_containers[i];
	}
	return NULL;
}

static bool env_name_is_valid(const char *name)
{
	for (const char *at = name; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~' || *at == '=')
			return false;
	}
	return name[0] != '\0';
}

static bool resource_is_known(const char *name)
{
	static const char *const known[] = {
		"limits.cpu",	"limits.memory",   "limits.ephemeral-storage",
		"requests.cpu", "requests.memory", "requests.ephemeral-storage"};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i], name) == 0)
			return true;
	}
	return false;
}

static void check_resource_ref(struct loader *loader, const struct source_mark *mark,
			       const struct pod_spec *pod, const char *resource,
			       const struct source_mark *container_mark,
			       const char *container_or_null)
{
	if (resource != NULL && !resource_is_known(resource))
		loader_error_at(loader, mark, "limits.cpu, limits.memory, requests.cpu …",
				"resource '%.80s' is not known", resource);
	if (container_or_null != NULL && find_container(pod, container_or_null) == NULL)
		loader_error_at_as(loader, PROBLEM_UNRESOLVED, container_mark,
				   "the name of a container of this pod",
				   "pod '%s' has no container '%s'", pod->name, container_or_null);
}

/* $(NAME) in the value of a variable, which $$(NAME) is not, where NAME is set further down. */
static void check_references(struct loader *loader, const struct container_spec *container,
			     size_t index, size_t *budget)
{
	const struct env_var *env = &container->env[index];
	const char *at = env->value != NULL ? strstr(env->value, "$(") : NULL;
	for (; at != NULL && *budget > 0; at = strstr(at + 2, "$("), (*budget)--) {
		size_t length = strcspn(at + 2, ")");
		bool is_escaped = at > env->value && at[-1] == '$';
		for (size_t k = index + 1; k < container->env_count && !is_escaped; k++) {
			const char *name = container->env[k].name;
			if (strncmp(name, at + 2, length) == 0 && name[length] == '\0' &&
			    length > 0)
				loader_warn_at(loader, &env->mark,
					       "container '%s': $(%.80s) stays as it is written: "
					       "it is set further down",
					       container->name, name);
		}
	}
}

/*
 * As in clusters: the last one of a name counts, and only what stands before is filled in. Bounded,
 * since hostile manifests have many.
 */
static void check_env_order(struct loader *loader, const struct container_spec *container)
{
	enum { REFERENCES_MAX = 200 };
	size_t budget = REFERENCES_MAX;
	for (size_t i = 0; i < container->env_count && container->env_count <= PAIRS_MAX; i++) {
		const struct env_var *env = &container->env[i];
		check_references(loader, container, i, &budget);
		for (size_t k = 0; k < i; k++) {
			if (env->name[0] == '\0' || strcmp(container->env[k].name, env->name) != 0)
				continue;
			loader_warn_at(loader, &env->mark,
				       "container '%s': the variable '%.80s' is set twice; the "
				       "last one counts",
				       container->name, env->name);
			break;
		}
	}
}

static void check_env(struct loader *loader, const struct pod_spec *pod,
		      const struct container_spec *container)
{
	for (size_t i = 0; i < container->env_count; i++) {
		const struct env_var *env = &container->env[i];
		bool is_secret = env->source == ENV_SECRET;
		if (env->name[0] != '\0' && !env_name_is_valid(env->name))
			loader_error_at(loader, &env->mark, "letters, digits and '_'",
					"'%.80s' is not a valid name of a variable", env->name);
		if (is_secret || env->source == ENV_CONFIG_MAP)
			check_reference(loader, pod, &env->name_mark, env->ref_name, &env->key_mark,
					env->ref_key, is_secret, env->is_optional);
		if (env->source == ENV_RESOURCE)
			check_resource_ref(loader, &env->name_mark, pod, env->ref_name,
					   &env->key_mark, env->container);
	}
	for (size_t i = 0; i < container->env_from_count; i++) {
		const struct env_from *from = &container->env_from[i];
		check_reference(loader, pod, &from->mark, from->ref_name, NULL, NULL,
				from->is_secret, from->is_optional);
	}
}

static void list_volumes(const struct pod_spec *pod, struct string_list *ret)
{
	for (size_t i = 0; i < pod->volume_count; i++)
		string_list_add(ret, pod->volumes[i].name);
	for (size_t i = 0; i < pod->claim_template_count; i++)
		string_list_add(ret, pod->claim_templates[i].name);
}

static bool climbs_out(const char *path)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, path, '/');
	return path[0] == '/' || string_list_has(&parts, "..");
}

static void check_mount(struct loader *loader, const struct pod_spec *pod,
			const struct container_spec *container, size_t index,
			const struct string_list *volumes)
{
	const struct volume_mount *mount = &container->mounts[index];

	if (mount->volume[0] != '\0' && !string_list_has(volumes, mount->volume)) {
		AUTO_FREE char *hint = suggest(mount->volume, volumes, "add it under volumes:");
		loader_error_at_as(loader, PROBLEM_UNRESOLVED, &mount->mark, hint,
				   "pod '%s' has no volume '%s'", pod->name, mount->volume);
	}
	if (mount->mount_path[0] != '/')
		loader_error_at(loader, &mount->path_mark, "begin it with /",
				"mountPath '%.200s' is not absolute", mount->mount_path);
	if (mount->sub_path != NULL && climbs_out(mount->sub_path))
		loader_error_at(loader, &mount->mark, "a path below the volume's root",
				"subPath '%.200s' leaves the volume", mount->sub_path);
	if (mount->sub_path_expr != NULL && climbs_out(mount->sub_path_expr))
		loader_error_at(loader, &mount->mark, "a path below the volume's root",
				"subPathExpr '%.200s' leaves the volume", mount->sub_path_expr);
	if (mount->sub_path != NULL && mount->sub_path_expr != NULL)
		loader_error_at(loader, &mount->mark, "keep one of them",
				"the mount has both subPath and subPathExpr");
	for (size_t k = 0; k < index; k++) {
		if (strcmp(container->mounts[k].mount_path, mount->mount_path) == 0)
			loader_error_at(loader, &mount->path_mark, "remove one of them",
					"two volumes are mounted at %.200s", mount->mount_path);
	}
}

static void check_security(struct loader *loader, const struct container_spec *container)
{
	const struct security_context *security = &container->security;
	const struct source_mark *mark =
		security->mark.line > 0 ? &security->mark : &container->mark;
	if (security->run_as_non_root == TRI_TRUE && security->has_user &&
	    security->run_as_user == 0)
		loader_error_at(loader, mark, "runAsUser: 1000",
				"container '%s': runAsNonRoot and runAsUser: 0 exclude each other",
				container->name);
	if (security->is_privileged && security->allow_privilege_escalation == TRI_FALSE)
		loader_error_at(loader, mark, "remove one of them",
				"container '%s': privileged and allowPrivilegeEscalation: false "
				"exclude each other",
				container->name);
}

static void check_image(struct loader *loader, const char *image, const struct source_mark *mark)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (loader->options->check_image == NULL || image[0] == '\0' ||
	    loader->options->check_image(image, loader->app->folder, &err))
		return;
	/* $TAG, <project> and the like wait for somebody to fill them in. */
	const char *hint = strpbrk(image, "$<{") != NULL
				   ? "fill in what the text leaves open, as with envsubst < FILE"
				   : err.hint;
	loader_error_at(loader, mark, hint, "%s", err.message);
}

static void check_container(struct loader *loader, const struct pod_spec *pod,
			    const struct container_spec *container,
			    const struct string_list *volumes)
{
	check_image(loader, container->image, &container->image_mark);
	check_env(loader, pod, container);
	check_env_order(loader, container);
	for (size_t i = 0; i < container->mount_count; i++)
		check_mount(loader, pod, container, i, volumes);
	check_security(loader, container);
	if (container->name[0] != '\0' && find_container(pod, container->name) != container)
		loader_error_at_as(
			loader, PROBLEM_DUPLICATE, &container->mark, "rename one of them",
			"there is another container '%s' in pod '%s'", container->name, pod->name);
}

static void check_items(struct loader *loader, const struct pod_spec *pod,
			const struct volume *volume)
{
	bool is_secret = volume->kind == VOLUME_SECRET;
	const char *name = volume->ref_name;
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct volume_item *item = &volume->items[i];
		if (item->path[0] != '\0' && climbs_out(item->path))
			loader_error_at(loader, &item->mark, "a path below the mount",
					"volume '%s': the path '%.200s' leaves it",
					volume->name ? volume->name : "", item->path);
		if (volume->kind == VOLUME_DOWNWARD && item->container != NULL)
			check_resource_ref(loader, &item->mark, pod, item->key, &item->mark,
					   item->container);
		else if (volume->kind != VOLUME_DOWNWARD && name != NULL &&
			 app_find_config(loader->app, name, is_secret) != NULL)
			check_reference(loader, pod, &volume->ref_mark, name, &item->mark,
					item->key, is_secret, volume->is_optional);
	}
}

static void missing_claim(struct loader *loader, const struct volume *volume)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	if (loader->has_lost)
		return;
	for (size_t i = 0; i < loader->app->claim_count; i++)
		string_list_add(&known, loader->app->claims[i].name);
	AUTO_FREE char *hint =
		suggest(volume->ref_name, &known, "add a PersistentVolumeClaim to the manifests");
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, &volume->ref_mark, hint,
			   "there is no PersistentVolumeClaim '%s'", volume->ref_name);
}

/* All sources write into one folder. */
static void check_projected_paths(struct loader *loader, const struct volume *volume)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	for (size_t i = 0; i < volume->source_count; i++) {
		const struct volume *source = &volume->sources[i];
		for (size_t k = 0; k < source->item_count && paths.count <= PAIRS_MAX; k++) {
			const struct volume_item *item = &source->items[k];
			if (string_list_has(&paths, item->path))
				loader_error_at(loader, &item->mark, "rename one of them",
						"volume '%s': two sources write %.200s",
						volume->name ? volume->name : "", item->path);
			string_list_add(&paths, item->path);
		}
	}
}

static void check_volume(struct loader *loader, const struct pod_spec *pod,
			 const struct volume *volume)
{
	switch (volume->kind) {
	case VOLUME_CONFIG_MAP:
	case VOLUME_SECRET:
		check_reference(loader, pod, &volume->ref_mark, volume->ref_name, NULL, NULL,
				volume->kind == VOLUME_SECRET, volume->is_optional);
		check_items(loader, pod, volume);
		break;
	case VOLUME_CLAIM:
		if (volume->ref_name != NULL &&
		    app_find_claim(loader->app, volume->ref_name) == NULL)
			missing_claim(loader, volume);
		break;
	case VOLUME_DOWNWARD:
		check_items(loader, pod, volume);
		break;
	case VOLUME_PROJECTED:
		for (size_t i = 0; i < volume->source_count; i++)
			check_volume(loader, pod, &volume->sources[i]);
		check_projected_paths(loader, volume);
		break;
	case VOLUME_IMAGE:
		check_image(loader, volume->image, &volume->ref_mark);
		break;
	case VOLUME_EMPTY_DIR:
	case VOLUME_HOST_PATH:
		break;
	}
}

static void check_volumes(struct loader *loader, const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		check_volume(loader, pod, volume);
		for (size_t k = 0; k < i; k++) {
			if (volume->name[0] != '\0' &&
			    strcmp(pod->volumes[k].name, volume->name) == 0)
				loader_error_at(loader, &volume->mark, "rename one of them",
						"pod '%s' has two volumes '%s'", pod->name,
						volume->name);
		}
	}
}

void check_pod(struct loader *loader, const struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list volumes = STRING_LIST_INIT;

	list_volumes(pod, &volumes);
	for (size_t i = 0; i < pod->init_container_count; i++)
		check_container(loader, pod, &pod->init_containers[i], &volumes);
	for (size_t i = 0; i < pod->container_count; i++)
		check_container(loader, pod, &pod->containers[i], &volumes);
	check_volumes(loader, pod);
}
