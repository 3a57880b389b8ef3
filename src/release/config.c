/* SPDX-License-Identifier: Apache-2.0 */
#include "release/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/*
 * The JSON is written by hand, not through a library: it must be the same bytes for ever, and the
 * text that is hashed differs from the text that is sent in one place (secret values).
 */
struct writer {
	const struct app *app;
	const struct pod_spec *pod;
	struct strbuf *out;
	bool is_for_digest;		/* secret values as their SHA-256 */
	struct string_list config_maps; /* names referred to, once each */
	struct string_list secrets;
};

static void refer(struct writer *writer, const char *name, bool is_secret)
{
	struct string_list *list = is_secret ? &writer->secrets : &writer->config_maps;
	if (name != NULL && !string_list_has(list, name))
		string_list_add(list, name);
}

/* ,"key":  — the comma unless it is the first in its object */
static void put_key(struct writer *writer, const char *key)
{
	if (writer->out->size > 0 && writer->out->data[writer->out->size - 1] != '{')
		strbuf_append_char(writer->out, ',');
	strbuf_append_json(writer->out, key);
	strbuf_append_char(writer->out, ':');
}

static void put_text(struct writer *writer, const char *key, const char *value_or_null)
{
	if (value_or_null == NULL)
		return;
	put_key(writer, key);
	strbuf_append_json(writer->out, value_or_null);
}

static void put_true(struct writer *writer, const char *key, bool value)
{
	if (!value)
		return;
	put_key(writer, key);
	strbuf_append(writer->out, "true");
}

static void put_number(struct writer *writer, const char *key, uint64_t value)
{
	put_key(writer, key);
	strbuf_appendf(writer->out, "%llu", (unsigned long long)value);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct key_value *const *left = a;
	const struct key_value *const *right = b;
	return strcmp((*left)->key, (*right)->key);
}

/* By key: the order in the manifest means nothing, so it does not change the digest. */
static void put_pairs(struct writer *writer, const char *key, const struct key_value *pairs,
		      size_t count)
{
	put_key(writer, key);
	strbuf_append_char(writer->out, '{');
	AUTO_FREE const struct key_value **sorted = xcalloc(count + 1, sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &pairs[i];
	qsort((void *)sorted, count, sizeof(*sorted), compare_pairs);
	for (size_t i = 0; i < count; i++)
		put_text(writer, sorted[i]->key, sorted[i]->value);
	strbuf_append_char(writer->out, '}');
}

static void put_texts(struct writer *writer, const char *key, const struct string_list *list)
{
	if (list->count == 0)
		return;
	put_key(writer, key);
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			strbuf_append_char(writer->out, ',');
		strbuf_append_json(writer->out, list->items[i]);
	}
	strbuf_append_char(writer->out, ']');
}

static void next_item(struct writer *writer)
{
	if (writer->out->data[writer->out->size - 1] != '[')
		strbuf_append_char(writer->out, ',');
}

static void put_env(struct writer *writer, const struct env_var *env)
{
	next_item(writer);
	strbuf_append_char(writer->out, '{');
	put_text(writer, "name", env->name);
	switch (env->source) {
	case ENV_VALUE:
		put_text(writer, "value", env->value);
		break;
	case ENV_CONFIG_MAP_KEY:
	case ENV_SECRET_KEY:
		put_text(writer, env->source == ENV_SECRET_KEY ? "secret" : "configMap",
			 env->ref_name);
		put_text(writer, "key", env->ref_key);
		put_true(writer, "optional", env->is_optional);
		refer(writer, env->ref_name, env->source == ENV_SECRET_KEY);
		break;
	case ENV_FIELD:
		put_text(writer, "field", env->ref_name);
		break;
	case ENV_RESOURCE:
		put_text(writer, "resource", env->ref_name);
		put_text(writer, "container", env->container);
		put_text(writer, "divisor", env->ref_key);
		break;
	}
	strbuf_append_char(writer->out, '}');
}

static void put_env_from(struct writer *writer, const struct env_from *from)
{
	next_item(writer);
	strbuf_append_char(writer->out, '{');
	put_text(writer, "prefix", from->prefix);
	put_text(writer, from->is_secret ? "secret" : "configMap", from->ref_name);
	put_true(writer, "optional", from->is_optional);
	strbuf_append_char(writer->out, '}');
	refer(writer, from->ref_name, from->is_secret);
}

static void put_mount(struct writer *writer, const struct volume_mount *mount)
{
	next_item(writer);
	strbuf_append_char(writer->out, '{');
	put_text(writer, "volume", mount->volume);
	put_text(writer, "path", mount->mount_path);
	put_text(writer, "subPath", mount->sub_path);
	put_text(writer, "subPathExpr", mount->sub_path_expr);
	put_true(writer, "readOnly", mount->is_read_only);
	strbuf_append_char(writer->out, '}');
}

static void put_container(struct writer *writer, const struct container_spec *container)
{
	put_key(writer, container->name);
	strbuf_append_char(writer->out, '{');
	put_key(writer, "env");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < container->env_count; i++)
		put_env(writer, &container->env[i]);
	strbuf_append_char(writer->out, ']');
	put_key(writer, "envFrom");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < container->env_from_count; i++)
		put_env_from(writer, &container->env_from[i]);
	strbuf_append_char(writer->out, ']');
	put_key(writer, "mounts");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < container->mount_count; i++)
		put_mount(writer, &container->mounts[i]);
	strbuf_append(writer->out, "]}");
}

static void put_items(struct writer *writer, const struct volume *volume)
{
	if (volume->item_count == 0)
		return;
	put_key(writer, "items");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct volume_item *item = &volume->items[i];
		const char *kind = "key";
		if (volume->kind == VOLUME_DOWNWARD)
			kind = strncmp(item->key, "limits.", 7) == 0 ||
					       strncmp(item->key, "requests.", 9) == 0
				       ? "resource"
				       : "field";
		next_item(writer);
		strbuf_append_char(writer->out, '{');
		put_text(writer, kind, item->key);
		put_text(writer, "container", item->container);
		put_text(writer, "divisor", item->divisor);
		put_text(writer, "path", item->path);
		if (item->has_mode)
			put_number(writer, "mode", item->mode);
		strbuf_append_char(writer->out, '}');
	}
	strbuf_append_char(writer->out, ']');
}

static void put_volume(struct writer *writer, const struct volume *volume)
{
	static const char *const kinds[] = {"emptyDir", "configMap", "secret",	 "hostPath",
					    "claim",	"downward",  "projected"};
	next_item(writer);
	strbuf_append_char(writer->out, '{');
	put_text(writer, "name", volume->name);
	put_text(writer, "kind", kinds[volume->kind]);
	switch (volume->kind) {
	case VOLUME_EMPTY_DIR:
		put_true(writer, "memory", volume->is_memory);
		if (volume->size_limit_bytes > 0)
			put_number(writer, "sizeLimitBytes", volume->size_limit_bytes);
		break;
	case VOLUME_CONFIG_MAP:
	case VOLUME_SECRET:
		put_text(writer, "ref", volume->ref_name ? volume->ref_name : "");
		put_true(writer, "optional", volume->is_optional);
		put_number(writer, "defaultMode", volume->default_mode);
		put_items(writer, volume);
		refer(writer, volume->ref_name, volume->kind == VOLUME_SECRET);
		break;
	case VOLUME_HOST_PATH:
		put_text(writer, "path", volume->host_path);
		put_text(writer, "type", volume->host_path_type);
		break;
	case VOLUME_CLAIM:
		put_text(writer, "claim", volume->ref_name);
		put_true(writer, "readOnly", volume->is_read_only);
		break;
	case VOLUME_DOWNWARD:
		put_number(writer, "defaultMode", volume->default_mode);
		put_items(writer, volume);
		break;
	case VOLUME_PROJECTED:
		put_number(writer, "defaultMode", volume->default_mode);
		put_key(writer, "sources");
		strbuf_append_char(writer->out, '[');
		for (size_t i = 0; i < volume->source_count; i++)
			put_volume(writer, &volume->sources[i]);
		strbuf_append_char(writer->out, ']');
		break;
	}
	strbuf_append_char(writer->out, '}');
}

static void put_claim_template(struct writer *writer, const struct claim *claim)
{
	next_item(writer);
	strbuf_append_char(writer->out, '{');
	put_text(writer, "name", claim->name);
	put_text(writer, "kind", "claim");
	put_text(writer, "claim", claim->name);
	put_true(writer, "readOnly", claim->is_read_only);
	strbuf_append_char(writer->out, '}');
}

static void put_entry(struct writer *writer, const struct config_entry *entry, bool is_secret)
{
	put_key(writer, entry->key);
	strbuf_append_char(writer->out, '{');
	if (is_secret && writer->is_for_digest) {
		char digest[DIGEST_SIZE];
		sha256_digest(entry->bytes, entry->size, digest);
		put_text(writer, "sha256", digest);
	} else if (!is_secret && memchr(entry->bytes, '\0', entry->size) == NULL &&
		   utf8_is_valid(entry->bytes, entry->size, NULL)) {
		put_text(writer, "text", entry->bytes);
	} else {
		AUTO_FREE char *text = base64_encode(entry->bytes, entry->size);
		put_text(writer, "base64", text);
	}
	strbuf_append_char(writer->out, '}');
}

static int compare_entries(const void *a, const void *b)
{
	const struct config_entry *const *left = a;
	const struct config_entry *const *right = b;
	return strcmp((*left)->key, (*right)->key);
}

static void put_entries(struct writer *writer, const struct config_map *map)
{
	AUTO_FREE const struct config_entry **sorted =
		xcalloc(map->entry_count + 1, sizeof(*sorted));
	for (size_t i = 0; i < map->entry_count; i++)
		sorted[i] = &map->entries[i];
	qsort((void *)sorted, map->entry_count, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < map->entry_count; i++)
		put_entry(writer, sorted[i], map->is_secret);
}

static void put_maps(struct writer *writer, const char *key, struct string_list *names,
		     bool is_secret)
{
	string_list_sort(names);
	put_key(writer, key);
	strbuf_append_char(writer->out, '{');
	for (size_t i = 0; i < names->count; i++) {
		const struct config_map *map =
			app_find_config(writer->app, names->items[i], is_secret);
		if (map == NULL) /* optional */
			continue;
		put_key(writer, map->name);
		strbuf_append_char(writer->out, '{');
		put_entries(writer, map);
		strbuf_append_char(writer->out, '}');
	}
	strbuf_append_char(writer->out, '}');
}

static void put_dns(struct writer *writer)
{
	const struct pod_spec *pod = writer->pod;
	if (pod->dns_policy == NULL && pod->dns_servers.count == 0 &&
	    pod->dns_searches.count == 0 && pod->dns_options.count == 0)
		return;
	put_key(writer, "dns");
	strbuf_append_char(writer->out, '{');
	put_text(writer, "policy", pod->dns_policy);
	put_texts(writer, "servers", &pod->dns_servers);
	put_texts(writer, "searches", &pod->dns_searches);
	put_texts(writer, "options", &pod->dns_options);
	strbuf_append_char(writer->out, '}');
}

static void put_aliases(struct writer *writer)
{
	if (writer->pod->host_alias_count == 0)
		return;
	put_key(writer, "hostAliases");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < writer->pod->host_alias_count; i++) {
		next_item(writer);
		strbuf_append_char(writer->out, '{');
		put_text(writer, "ip", writer->pod->host_aliases[i].ip);
		put_texts(writer, "names", &writer->pod->host_aliases[i].names);
		strbuf_append_char(writer->out, '}');
	}
	strbuf_append_char(writer->out, ']');
}

static void put_all(struct writer *writer)
{
	const struct pod_spec *pod = writer->pod;

	strbuf_append(writer->out, "{\"version\":1");
	put_text(writer, "hostname", pod->hostname);
	put_text(writer, "subdomain", pod->subdomain);
	put_pairs(writer, "labels", pod->labels, pod->label_count);
	put_pairs(writer, "annotations", pod->annotations, pod->annotation_count);
	put_aliases(writer);
	put_dns(writer);
	put_key(writer, "containers");
	strbuf_append_char(writer->out, '{');
	for (size_t i = 0; i < pod->init_container_count; i++)
		put_container(writer, &pod->init_containers[i]);
	for (size_t i = 0; i < pod->container_count; i++)
		put_container(writer, &pod->containers[i]);
	strbuf_append_char(writer->out, '}');
	put_key(writer, "volumes");
	strbuf_append_char(writer->out, '[');
	for (size_t i = 0; i < pod->volume_count; i++)
		put_volume(writer, &pod->volumes[i]);
	for (size_t i = 0; i < pod->claim_template_count; i++)
		put_claim_template(writer, &pod->claim_templates[i]);
	strbuf_append_char(writer->out, ']');
	put_maps(writer, "configMaps", &writer->config_maps, false);
	put_maps(writer, "secrets", &writer->secrets, true);
	strbuf_append_char(writer->out, '}');
}

static char *make_text(const struct app *app, const struct pod_spec *pod, bool is_for_digest)
{
	struct strbuf out = STRBUF_INIT;
	struct writer writer = {
		.app = app, .pod = pod, .out = &out, .is_for_digest = is_for_digest};
	put_all(&writer);
	string_list_clear(&writer.config_maps);
	string_list_clear(&writer.secrets);
	return strbuf_take(&out);
}

bool release_config_make(const struct app *app, const struct pod_spec *pod,
			 struct release_config *ret, struct error *err)
{
	enum { MAX_BYTES = 8 << 20 };
	AUTO_FREE char *hashed = make_text(app, pod, true);
	AUTO_FREE char *json = make_text(app, pod, false);

	/* It travels to the guest in one message; larger data belongs into an image or a volume. */
	if (strlen(json) > MAX_BYTES)
		return error_set(err, ERROR_INVALID,
				 "pod '%s': its configuration is larger than 8 MiB", pod->name);
	sha256_digest(hashed, strlen(hashed), ret->digest);
	ret->json = TAKE_PTR(json);
	return true;
}

void release_config_clear(struct release_config *config)
{
	free(config->json);
	*config = (struct release_config){0};
}
