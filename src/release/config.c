/* SPDX-License-Identifier: Apache-2.0 */
#include "release/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/release_document.h"

/*
 * The manifests become the values of wire/release_document.h, which writes them. Two texts are made
 * of them: the one that is sent, and the one that is hashed, without the secrets' values.
 */

/* What the pod refers to, once each. */
struct references {
	struct string_list config_maps;
	struct string_list secrets;
};

static void references_clear(struct references *references)
{
	string_list_clear(&references->config_maps);
	string_list_clear(&references->secrets);
}

static void refer(struct references *references, const char *name, bool is_secret)
{
	struct string_list *list = is_secret ? &references->secrets : &references->config_maps;
	if (name != NULL && !string_list_has(list, name))
		string_list_add(list, name);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct key_value *const *left = a;
	const struct key_value *const *right = b;
	return strcmp((*left)->key, (*right)->key);
}

/* By key: the order in the manifest means nothing, so it does not change the digest. */
static void fill_pairs(struct string_list *to, const struct key_value *pairs, size_t count)
{
	AUTO_FREE const struct key_value **sorted = xcalloc(count + 1, sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &pairs[i];
	qsort((void *)sorted, count, sizeof(*sorted), compare_pairs);
	for (size_t i = 0; i < count; i++)
		string_list_addf(to, "%s=%s", sorted[i]->key, sorted[i]->value);
}

static void fill_env(struct env_rule *to, const struct env_var *env, struct references *references)
{
	bool is_from_map = env->source == ENV_CONFIG_MAP || env->source == ENV_SECRET;
	to->name = xstrdup(env->name);
	to->kind = env->source;
	to->value = xstrdup_or_null(env->source == ENV_VALUE ? env->value : env->ref_name);
	if (is_from_map) {
		to->key = xstrdup_or_null(env->ref_key);
		to->is_optional = env->is_optional;
		refer(references, env->ref_name, env->source == ENV_SECRET);
	} else if (env->source == ENV_RESOURCE) {
		to->container = xstrdup_or_null(env->container);
		to->divisor = xstrdup_or_null(env->ref_key);
	}
}

static void fill_env_import(struct env_import *to, const struct env_from *from,
			    struct references *references)
{
	to->prefix = xstrdup_or_null(from->prefix);
	to->map = xstrdup(from->ref_name);
	to->is_secret = from->is_secret;
	to->is_optional = from->is_optional;
	refer(references, from->ref_name, from->is_secret);
}

static void fill_mount(struct mount_rule *to, const struct volume_mount *mount)
{
	to->volume = xstrdup(mount->volume);
	to->path = xstrdup(mount->mount_path);
	to->sub_path = xstrdup_or_null(mount->sub_path);
	to->sub_path_expression = xstrdup_or_null(mount->sub_path_expr);
	to->is_read_only = mount->is_read_only;
}

static void fill_containers(struct release *to, const struct container_spec *specs, size_t count,
			    struct references *references)
{
	for (size_t i = 0; i < count; i++) {
		const struct container_spec *spec = &specs[i];
		struct container_config *container =
			ARRAY_APPEND(to->containers, to->container_count);
		container->name = xstrdup(spec->name);
		for (size_t e = 0; e < spec->env_count; e++)
			fill_env(ARRAY_APPEND(container->env, container->env_count), &spec->env[e],
				 references);
		for (size_t e = 0; e < spec->env_from_count; e++)
			fill_env_import(ARRAY_APPEND(container->sources, container->source_count),
					&spec->env_from[e], references);
		for (size_t m = 0; m < spec->mount_count; m++)
			fill_mount(ARRAY_APPEND(container->mounts, container->mount_count),
				   &spec->mounts[m]);
	}
}

static bool is_resource(const char *key)
{
	return strncmp(key, "limits.", 7) == 0 || strncmp(key, "requests.", 9) == 0;
}

static void fill_item(struct projected_file *to, const struct volume_item *item,
		      enum volume_kind kind)
{
	char *key = xstrdup_or_null(item->key);
	if (kind != VOLUME_DOWNWARD)
		to->key = key;
	else if (is_resource(item->key))
		to->resource = key;
	else
		to->field = key;
	to->container = xstrdup_or_null(item->container);
	to->divisor = xstrdup_or_null(item->divisor);
	to->path = xstrdup(item->path);
	to->mode = item->has_mode ? item->mode : -1;
}

static void fill_volume(struct volume_rule *to, const struct volume *volume,
			struct references *references)
{
	to->name = xstrdup_or_null(volume->name);
	to->kind = volume->kind;
	to->is_memory = volume->is_memory;
	to->size_limit_bytes = volume->size_limit_bytes;
	to->ref = xstrdup_or_null(volume->ref_name);
	to->is_optional = volume->is_optional;
	to->default_mode = volume->default_mode;
	to->is_read_only = volume->is_read_only;
	to->host_path = xstrdup_or_null(volume->host_path);
	to->host_type = xstrdup_or_null(volume->host_path_type);
	for (size_t i = 0; i < volume->item_count; i++)
		fill_item(ARRAY_APPEND(to->items, to->item_count), &volume->items[i], volume->kind);
	for (size_t i = 0; i < volume->source_count; i++)
		fill_volume(ARRAY_APPEND(to->sources, to->source_count), &volume->sources[i],
			    references);
	if (volume->kind == VOLUME_CONFIG_MAP || volume->kind == VOLUME_SECRET)
		refer(references, volume->ref_name, volume->kind == VOLUME_SECRET);
}

static void fill_volumes(struct release *to, const struct pod_spec *pod,
			 struct references *references)
{
	for (size_t i = 0; i < pod->volume_count; i++)
		fill_volume(ARRAY_APPEND(to->volumes, to->volume_count), &pod->volumes[i],
			    references);
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		const struct claim *claim = &pod->claim_templates[i];
		struct volume_rule *volume = ARRAY_APPEND(to->volumes, to->volume_count);
		volume->name = xstrdup(claim->name);
		volume->kind = VOLUME_CLAIM;
		volume->ref = xstrdup(claim->name);
		volume->is_read_only = claim->is_read_only;
	}
}

static int compare_entries(const void *a, const void *b)
{
	const struct map_entry *left = a;
	const struct map_entry *right = b;
	return strcmp(left->key, right->key);
}

static void fill_map(struct release_map *to, const struct config_map *map)
{
	to->name = xstrdup(map->name);
	to->is_secret = map->is_secret;
	for (size_t i = 0; i < map->entry_count; i++) {
		struct map_entry *entry = ARRAY_APPEND(to->entries, to->entry_count);
		entry->key = xstrdup(map->entries[i].key);
		entry->size = map->entries[i].size;

		entry->bytes = xmalloc(entry->size + 1);
		memcpy(entry->bytes, map->entries[i].bytes, entry->size);
		entry->bytes[entry->size] = '\0';
	}
	if (to->entry_count > 0)
		qsort(to->entries, to->entry_count, sizeof(*to->entries), compare_entries);
}

static void fill_maps(struct release *to, const struct app *app, struct string_list *names,
		      bool is_secret)
{
	string_list_sort(names);
	for (size_t i = 0; i < names->count; i++) {
		const struct config_map *map = app_find_config(app, names->items[i], is_secret);
		if (map != NULL) /* else optional */
			fill_map(ARRAY_APPEND(to->maps, to->map_count), map);
	}
}

static void fill_aliases(struct host_list *to, const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->host_alias_count; i++) {
		struct host_entry *entry = ARRAY_APPEND(to->entries, to->count);
		entry->ip = xstrdup(pod->host_aliases[i].ip);
		string_list_copy(&entry->names, &pod->host_aliases[i].names);
	}
}

/* As a cluster's Job controller adds it, unless the container has one of that name. */
static void add_completion_index(struct container_config *container)
{
	static const char name[] = "JOB_COMPLETION_INDEX";
	for (size_t i = 0; i < container->env_count; i++) {
		if (strcmp(container->env[i].name, name) == 0)
			return;
	}
	*ARRAY_APPEND(container->env, container->env_count) = (struct env_rule){
		.name = xstrdup(name),
		.kind = ENV_FIELD,
		.value = xstrdup("metadata.labels['" LABEL_COMPLETION_INDEX "']")};
}

static void fill_release(struct release *to, const struct app *app, const struct pod_spec *pod)
{
	AUTO(references_clear) struct references references = {0};
	/* An index has the host name NAME-INDEX, which is its instance's. */
	to->hostname = pod->job.is_indexed ? NULL : xstrdup_or_null(pod->hostname);
	to->subdomain = xstrdup_or_null(pod->subdomain);
	fill_pairs(&to->labels, pod->labels, pod->label_count);
	fill_pairs(&to->annotations, pod->annotations, pod->annotation_count);
	fill_aliases(&to->aliases, pod);
	to->dns_policy = xstrdup_or_null(pod->dns_policy);
	string_list_copy(&to->dns_servers, &pod->dns_servers);
	string_list_copy(&to->dns_searches, &pod->dns_searches);
	string_list_copy(&to->dns_options, &pod->dns_options);
	fill_containers(to, pod->init_containers, pod->init_container_count, &references);
	fill_containers(to, pod->containers, pod->container_count, &references);
	for (size_t i = 0; pod->job.is_indexed && i < to->container_count; i++)
		add_completion_index(&to->containers[i]);
	fill_volumes(to, pod, &references);
	fill_maps(to, app, &references.config_maps, false);
	fill_maps(to, app, &references.secrets, true);
}

/* Secret values count by their SHA-256 in the digest, which may be shown to anybody. */
static void hide_secrets(struct release *release)
{
	for (size_t i = 0; i < release->map_count; i++) {
		struct release_map *map = &release->maps[i];
		for (size_t e = 0; map->is_secret && e < map->entry_count; e++) {
			struct map_entry *entry = &map->entries[e];
			struct digest digest = sha256_digest(entry->bytes, entry->size);
			entry->sha256 = xstrdup(DIGEST_TEXT(&digest));
			explicit_bzero(entry->bytes, entry->size);
			free(TAKE_PTR(entry->bytes));
		}
	}
}

bool release_config_make(const struct app *app, const struct pod_spec *pod,
			 struct release_config *ret, struct error *err)
{
	enum { MAX_BYTES = 8 << 20 };
	AUTO(release_clear) struct release release = {0};
	fill_release(&release, app, pod);
	AUTO_FREE char *json = release_config_write(&release, RELEASE_CONFIG_STYLE);
	hide_secrets(&release);
	AUTO_FREE char *hashed = release_config_write(&release, RELEASE_CONFIG_STYLE);

	/* It travels to the guest in one message; larger data belongs into an image or a volume. */
	if (strlen(json) > MAX_BYTES)
		return error_set(err, ERROR_INVALID,
				 "pod '%s': its configuration is larger than 8 MiB", pod->name);
	ret->digest = sha256_digest(hashed, strlen(hashed));
	ret->json = TAKE_PTR(json);
	return true;
}

void release_config_clear(struct release_config *config)
{
	free(config->json);
	*config = (struct release_config){0};
}
