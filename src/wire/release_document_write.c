/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/release_document.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "wire/document.h"

/* Keys in the order of doc/formats.md §4. */

static void write_env(struct json_writer *json, const struct env_rule *env)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", env->name);
	json_write_text(json, env_words[env->kind], env->value);
	json_write_text_if(json, "key", env->key);
	json_write_true_if(json, "optional", env->is_optional);
	json_write_text_if(json, "container", env->container);
	json_write_text_if(json, "divisor", env->divisor);
	json_close(json);
}

static void write_env_import(struct json_writer *json, const struct env_import *import)
{
	json_open_object(json, NULL);
	json_write_text_if(json, "prefix", import->prefix);
	json_write_text(json, env_words[import->is_secret ? ENV_SECRET : ENV_CONFIG_MAP],
			import->map);
	json_write_true_if(json, "optional", import->is_optional);
	json_close(json);
}

static void write_mount(struct json_writer *json, const struct mount_rule *mount)
{
	json_open_object(json, NULL);
	json_write_text(json, "volume", mount->volume);
	json_write_text(json, "path", mount->path);
	json_write_text_if(json, "subPath", mount->sub_path);
	json_write_text_if(json, "subPathExpr", mount->sub_path_expression);
	json_write_true_if(json, "readOnly", mount->is_read_only);
	json_close(json);
}

static void write_container(struct json_writer *json, const struct container_config *container)
{
	json_open_object(json, container->name);
	json_open_list(json, "env");
	for (size_t i = 0; i < container->env_count; i++)
		write_env(json, &container->env[i]);
	json_close(json);
	json_open_list(json, "envFrom");
	for (size_t i = 0; i < container->source_count; i++)
		write_env_import(json, &container->sources[i]);
	json_close(json);
	json_open_list(json, "mounts");
	for (size_t i = 0; i < container->mount_count; i++)
		write_mount(json, &container->mounts[i]);
	json_close(json);
	json_close(json);
}

static void write_items(struct json_writer *json, const struct volume_rule *volume)
{
	json_open_list(json, "items");
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct projected_file *item = &volume->items[i];
		json_open_object(json, NULL);
		json_write_text_if(json, "key", item->key);
		json_write_text_if(json, "field", item->field);
		json_write_text_if(json, "resource", item->resource);
		json_write_text_if(json, "container", item->container);
		json_write_text_if(json, "divisor", item->divisor);
		json_write_text(json, "path", item->path);
		if (item->mode >= 0)
			json_write_number(json, "mode", item->mode);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_volume(struct json_writer *json, const struct volume_rule *volume);

static void write_volume_fields(struct json_writer *json, const struct volume_rule *volume)
{
	switch (volume->kind) {
	case VOLUME_EMPTY_DIR:
		json_write_true_if(json, "memory", volume->is_memory);
		json_write_unsigned_if(json, "sizeLimitBytes", volume->size_limit_bytes);
		break;
	case VOLUME_CONFIG_MAP:
	case VOLUME_SECRET:
		json_write_text(json, "ref", volume->ref != NULL ? volume->ref : "");
		json_write_true_if(json, "optional", volume->is_optional);
		json_write_unsigned(json, "defaultMode", volume->default_mode);
		write_items(json, volume);
		break;
	case VOLUME_HOST_PATH:
		json_write_text_if(json, "path", volume->host_path);
		json_write_text_if(json, "type", volume->host_type);
		break;
	case VOLUME_CLAIM:
		json_write_text_if(json, "claim", volume->ref);
		json_write_true_if(json, "readOnly", volume->is_read_only);
		break;
	case VOLUME_DOWNWARD:
		json_write_unsigned(json, "defaultMode", volume->default_mode);
		write_items(json, volume);
		break;
	case VOLUME_PROJECTED:
		json_write_unsigned(json, "defaultMode", volume->default_mode);
		json_open_list(json, "sources");
		for (size_t i = 0; i < volume->source_count; i++)
			write_volume(json, &volume->sources[i]);
		json_close(json);
		break;
	case VOLUME_IMAGE: /* its image is the disk's, not the release's */
		break;
	}
}

static void write_volume(struct json_writer *json, const struct volume_rule *volume)
{
	json_open_object(json, NULL);
	json_write_text_if(json, "name", volume->name);
	json_write_text(json, "kind", volume_words[volume->kind]);
	write_volume_fields(json, volume);
	json_close(json);
}

static void write_host_services(struct json_writer *json, const struct host_entry *entry)
{
	if (entry->service_count == 0)
		return;
	json_open_list(json, "services");
	for (size_t i = 0; i < entry->service_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", entry->services[i].name);
		json_write_unsigned(json, "port", entry->services[i].port);
		json_write_text(json, "target", entry->services[i].target);
		json_close(json);
	}
	json_close(json);
}

static void write_hosts(struct json_writer *json, const char *key, const struct host_list *hosts)
{
	json_open_list(json, key);
	for (size_t i = 0; i < hosts->count; i++) {
		json_open_object(json, NULL);
		json_write_text_if(json, "ip", hosts->entries[i].ip);
		json_write_text_if(json, "alias", hosts->entries[i].alias);
		json_write_texts_if(json, "names", &hosts->entries[i].names);
		write_host_services(json, &hosts->entries[i]);
		json_close(json);
	}
	json_close(json);
}

static void write_entry(struct json_writer *json, const struct map_entry *entry, bool is_secret)
{
	bool is_text = !is_secret && entry->bytes != NULL &&
		       memchr(entry->bytes, '\0', entry->size) == NULL &&
		       utf8_is_valid(entry->bytes, entry->size, NULL);
	json_open_object(json, entry->key);
	if (is_text) {
		json_write_bytes(json, "text", entry->bytes, entry->size);
	} else if (entry->bytes != NULL) {
		AUTO_FREE char *text = base64_encode(entry->bytes, entry->size);
		json_write_text(json, "base64", text);
	} else {
		json_write_text_if(json, "ref", entry->reference);
		json_write_text_if(json, "sha256", entry->sha256);
	}
	json_close(json);
}

static void write_maps(struct json_writer *json, const struct release *release, bool is_secret)
{
	json_open_object(json, is_secret ? "secrets" : "configMaps");
	for (size_t i = 0; i < release->map_count; i++) {
		const struct release_map *map = &release->maps[i];
		if (map->is_secret != is_secret)
			continue;
		json_open_object(json, map->name);
		for (size_t e = 0; e < map->entry_count; e++)
			write_entry(json, &map->entries[e], is_secret);
		json_close(json);
	}
	json_close(json);
}

static void write_config(struct json_writer *json, const char *key, const struct release *release)
{
	json_open_object(json, key);
	json_write_number(json, "version", RELEASE_VERSION);
	json_write_text_if(json, "hostname", release->hostname);
	json_write_text_if(json, "subdomain", release->subdomain);
	write_pairs(json, "labels", &release->labels);
	write_pairs(json, "annotations", &release->annotations);
	if (release->aliases.count > 0)
		write_hosts(json, "hostAliases", &release->aliases);
	json_open_object(json, "dns");
	json_write_text_if(json, "policy", release->dns_policy);
	json_write_texts_if(json, "servers", &release->dns_servers);
	json_write_texts_if(json, "searches", &release->dns_searches);
	json_write_texts_if(json, "options", &release->dns_options);
	json_close_if_filled(json);
	json_open_object(json, "containers");
	for (size_t i = 0; i < release->container_count; i++)
		write_container(json, &release->containers[i]);
	json_close(json);
	json_open_list(json, "volumes");
	for (size_t i = 0; i < release->volume_count; i++)
		write_volume(json, &release->volumes[i]);
	json_close(json);
	write_maps(json, release, false);
	write_maps(json, release, true);
	json_close(json);
}

/* --- INSTANCE ------------------------------------------------------------------------------- */

static void write_network(struct json_writer *json, const struct network_config *network)
{
	json_open_object(json, "network");
	json_write_text(json, "method", network->is_dhcp ? "dhcp" : "static");
	json_write_text_if(json, "mac", network->mac);
	json_write_text_if(json, "address", network->address);
	json_write_text_if(json, "gateway", network->gateway);
	json_write_texts_if(json, "dns", &network->dns);
	json_write_texts_if(json, "searches", &network->searches);
	json_write_unsigned_if(json, "mtu", network->mtu);
	json_close(json);
}

static void write_proxies(struct json_writer *json, const struct release *release)
{
	json_open_list(json, "proxies");
	for (size_t i = 0; i < release->proxy_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "ip", release->proxies[i].ip);
		json_write_unsigned(json, "port", release->proxies[i].port);
		json_write_text(json, "service", release->proxies[i].service);
		json_write_texts_if(json, "targets", &release->proxies[i].targets);
		json_write_true_if(json, "sticky", release->proxies[i].is_sticky);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_deliveries(struct json_writer *json, const struct release *release)
{
	json_open_object(json, "volumes");
	for (size_t i = 0; i < release->delivery_count; i++) {
		const struct volume_delivery *delivery = &release->deliveries[i];
		json_open_object(json, delivery->volume);
		json_write_text(json, "type", delivery_words[delivery->how]);
		json_write_text_if(json, "serial", delivery->serial);
		json_write_true_if(json, "formatted", delivery->is_formatted);
		json_write_text_if(json, "tag", delivery->tag);
		json_write_text_if(json, "file", delivery->file);
		json_close(json);
	}
	json_close(json);
	json_open_object(json, "scratch");
	json_write_text_if(json, "serial", release->scratch_serial);
	if (release->scratch_bytes > 0)
		json_write_unsigned(json, "bytes", release->scratch_bytes);
	json_close_if_filled(json);
}

static void write_cloud(struct json_writer *json, const struct cloud_config *cloud)
{
	if (!cloud->is_given)
		return;
	json_open_object(json, "cloud");
	json_write_text_if(json, "region", cloud->region);
	json_write_text_if(json, "logGroup", cloud->log_group);
	json_open_object(json, "signal");
	json_write_text_if(json, "stack", cloud->signal_stack);
	json_write_text_if(json, "resource", cloud->signal_resource);
	json_close_if_filled(json);
	json_open_object(json, "attach");
	json_write_text_if(json, "volumeId", cloud->attach_volume);
	json_write_text_if(json, "device", cloud->attach_device);
	json_close_if_filled(json);
	json_open_object(json, "names");
	json_write_text_if(json, "zone", cloud->names_zone);
	if (cloud->names.count > 0)
		json_write_texts(json, "records", &cloud->names);
	json_close_if_filled(json);
	json_write_text_if(json, "endpoint", cloud->endpoint);
	json_write_text_if(json, "consoleKey", cloud->console_key);
	json_close(json);
}

static void write_instance(struct json_writer *json, const struct release *release)
{
	json_open_object(json, "instance");
	json_write_number(json, "version", RELEASE_VERSION);
	json_write_text_if(json, "project", release->project);
	json_write_text_if(json, "pod", release->pod);
	json_write_text_if(json, "instance", release->instance);
	json_write_unsigned(json, "replica", release->replica);
	write_pairs(json, "labels", &release->own_labels);
	write_pairs(json, "annotations", &release->own_annotations);
	json_write_text_if(json, "uid", release->uid);
	json_write_text_if(json, "imageDigest", release->image_digest);
	json_write_text_if(json, "configDigest", release->config_digest);
	json_write_text_if(json, "where", release->where);
	json_write_true_if(json, "held", release->is_held);
	write_network(json, &release->network);
	write_hosts(json, "hosts", &release->hosts);
	write_proxies(json, release);
	json_write_texts(json, "serviceEnv", &release->service_env);
	write_deliveries(json, release);
	if (release->time_ns != 0)
		json_write_number(json, "timeNs", release->time_ns);
	json_write_text_if(json, "entropy", release->entropy);
	json_write_text_if(json, "run", release->run_container);
	write_cloud(json, &release->cloud);
	json_close(json);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* What stands before INSTANCE, and what is the rest of the document. */
static struct json_writer begin_document(struct strbuf *out, unsigned style)
{
	struct json_writer json = JSON_WRITER(out, style);
	json_open_object(&json, NULL);
	json_open_object(&json, "i2kit");
	return json;
}

static char *end_document(struct json_writer *json, const struct release *release)
{
	write_instance(json, release);
	json_close(json);
	json_close(json);
	return strbuf_take(json->out);
}

char *release_document_write(const struct release *release, unsigned style)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = begin_document(&out, style);
	write_config(&json, "config", release);
	return end_document(&json, release);
}

char *release_document_write_around(const char *config_json, const struct release *release)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = begin_document(&out, RELEASE_CONFIG_STYLE);
	json_write_raw(&json, "config", config_json);
	return end_document(&json, release);
}

char *release_document_write_referring(const struct release *release,
				       const struct config_reference *reference, unsigned style)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = begin_document(&out, style);
	json_open_object(&json, "configRef");
	json_write_texts(&json, "parameters", &reference->parameters);
	json_write_text_if(&json, "sha256", reference->sha256);
	json_close(&json);
	return end_document(&json, release);
}

char *release_config_write(const struct release *release, unsigned style)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, style);
	write_config(&json, NULL, release);
	return strbuf_take(&out);
}

char *host_list_write(const struct host_list *list)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	write_hosts(&json, NULL, list);
	return strbuf_take(&out);
}
