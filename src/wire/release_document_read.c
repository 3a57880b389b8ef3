/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/release_document.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "wire/document.h"

#define MAX_LIST 10000

static void read_host_services(struct json_view list, struct host_entry *ret)
{
	size_t count = json_view_count(list, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct host_service *service = ARRAY_APPEND(ret->services, ret->service_count);
		service->name = json_view_text(json_view_require(view, "name"));
		service->target = json_view_text(json_view_require(view, "target"));
		service->port =
			(uint16_t)json_view_number(json_view_require(view, "port"), 1, 65535, 0);
	}
}

static void read_hosts(struct json_view list, struct host_list *ret)
{
	size_t count = json_view_count(list, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct host_entry *entry = ARRAY_APPEND(ret->entries, ret->count);
		struct json_view names = json_view_get(view, "names");
		entry->alias = json_view_text(json_view_get(view, "alias"));
		entry->ip = json_view_text(entry->alias != NULL ? json_view_get(view, "ip")
								: json_view_require(view, "ip"));
		json_view_texts(names, MAX_LIST, &entry->names);
		read_host_services(json_view_get(view, "services"), entry);
		if (entry->ip != NULL && strpbrk(entry->ip, " \t\r\n") != NULL)
			json_view_complain(json_view_get(view, "ip"), "is no address");
		if (entry->alias != NULL &&
		    (entry->ip != NULL || strpbrk(entry->alias, " \t\r\n#") != NULL))
			json_view_complain(json_view_get(view, "alias"), "is no host name");
		for (size_t n = 0; n < entry->names.count; n++) {
			if (strpbrk(entry->names.items[n], " \t\r\n#") != NULL)
				json_view_complain(json_view_at(names, n), "is no host name");
		}
	}
}

static void read_env(struct json_view view, struct env_rule *ret)
{
	ret->name = json_view_text(json_view_require(view, "name"));
	if (ret->name != NULL && (ret->name[0] == '\0' || strchr(ret->name, '=') != NULL))
		json_view_complain(view, "has no usable name");
	for (size_t i = 0; i < ENV_KINDS && ret->value == NULL; i++) {
		ret->kind = (enum env_kind)i;
		ret->value = json_view_text(json_view_get(view, env_words[i]));
	}
	if (ret->value == NULL)
		json_view_complain(view, "has no value");
	ret->key = json_view_text(json_view_get(view, "key"));
	bool is_from_map = ret->kind == ENV_CONFIG_MAP || ret->kind == ENV_SECRET;
	if (is_from_map && ret->key == NULL)
		json_view_complain(view, "names a map and no key");
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
	ret->container = json_view_text(json_view_get(view, "container"));
	ret->divisor = json_view_text(json_view_get(view, "divisor"));
}

static void read_env_import(struct json_view view, struct env_import *ret)
{
	ret->prefix = json_view_text(json_view_get(view, "prefix"));
	ret->map = json_view_text(json_view_get(view, "configMap"));
	if (ret->map == NULL) {
		ret->map = json_view_text(json_view_get(view, "secret"));
		ret->is_secret = true;
	}
	if (ret->map == NULL)
		json_view_complain(view, "names no map");
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
}

static void read_mount(struct json_view view, struct mount_rule *ret)
{
	ret->volume = json_view_text(json_view_get(view, "volume"));
	ret->path = json_view_text(json_view_get(view, "path"));
	if (ret->volume == NULL || ret->path == NULL || ret->path[0] == '\0')
		json_view_complain(view, "has no volume or no path");
	ret->sub_path = json_view_text(json_view_get(view, "subPath"));
	if (ret->sub_path != NULL && !path_is_below(ret->sub_path))
		json_view_complain(json_view_get(view, "subPath"), "leaves its volume");
	ret->sub_path_expression = json_view_text(json_view_get(view, "subPathExpr"));
	ret->is_read_only = json_view_bool(json_view_get(view, "readOnly"), false);
}

static void read_container(struct json_view view, struct container_config *ret)
{
	ret->name = xstrdup(view.key);
	struct json_view env = json_view_get(view, "env");
	for (size_t i = 0; i < json_view_count(env, MAX_LIST); i++)
		read_env(json_view_at(env, i), ARRAY_APPEND(ret->env, ret->env_count));
	struct json_view sources = json_view_get(view, "envFrom");
	for (size_t i = 0; i < json_view_count(sources, MAX_LIST); i++)
		read_env_import(json_view_at(sources, i),
				ARRAY_APPEND(ret->sources, ret->source_count));
	struct json_view mounts = json_view_get(view, "mounts");
	for (size_t i = 0; i < json_view_count(mounts, MAX_LIST); i++)
		read_mount(json_view_at(mounts, i), ARRAY_APPEND(ret->mounts, ret->mount_count));
}

static void read_item(struct json_view view, struct projected_file *ret)
{
	ret->key = json_view_text(json_view_get(view, "key"));
	ret->field = json_view_text(json_view_get(view, "field"));
	ret->resource = json_view_text(json_view_get(view, "resource"));
	ret->container = json_view_text(json_view_get(view, "container"));
	ret->divisor = json_view_text(json_view_get(view, "divisor"));
	ret->path = json_view_text(json_view_get(view, "path"));
	ret->mode = (int)json_view_number(json_view_get(view, "mode"), 0, 07777, -1);
	if (ret->path == NULL || !path_is_below(ret->path))
		json_view_complain(json_view_get(view, "path"), "leaves the volume");
	if (ret->key == NULL && ret->field == NULL && ret->resource == NULL)
		json_view_complain(view, "has no source");
}

static void read_volume(struct json_view view, unsigned depth, struct volume_rule *ret)
{
	ret->name = json_view_text(json_view_get(view, "name"));
	if (depth == 0 &&
	    (ret->name == NULL || !path_is_below(ret->name) || strchr(ret->name, '/') != NULL))
		json_view_complain(view, "has no usable name");
	ret->kind = (enum volume_kind)json_view_word(json_view_require(view, "kind"), volume_words,
						     VOLUME_KINDS, VOLUME_EMPTY_DIR);
	ret->is_memory = json_view_bool(json_view_get(view, "memory"), false);
	ret->size_limit_bytes =
		(uint64_t)json_view_number(json_view_get(view, "sizeLimitBytes"), 0, INT64_MAX, 0);
	ret->ref = json_view_text(json_view_get(view, ret->kind == VOLUME_CLAIM ? "claim" : "ref"));
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
	ret->default_mode =
		(unsigned)json_view_number(json_view_get(view, "defaultMode"), 0, 07777, 0644);
	ret->is_read_only = json_view_bool(json_view_get(view, "readOnly"), false);
	ret->host_path = json_view_text(json_view_get(view, "path"));
	ret->host_type = json_view_text(json_view_get(view, "type"));
	struct json_view items = json_view_get(view, "items");
	for (size_t i = 0; i < json_view_count(items, MAX_LIST); i++)
		read_item(json_view_at(items, i), ARRAY_APPEND(ret->items, ret->item_count));
	struct json_view sources = json_view_get(view, "sources");
	if (depth > 0 && json_view_exists(sources))
		json_view_complain(json_view_get(view, "sources"), "are nested");
	for (size_t i = 0; depth == 0 && i < json_view_count(sources, MAX_LIST); i++)
		read_volume(json_view_at(sources, i), 1,
			    ARRAY_APPEND(ret->sources, ret->source_count));
}

static void read_entry(struct json_view view, struct map_entry *ret)
{
	ret->key = xstrdup(view.key);
	if (!path_is_below(view.key) || strchr(view.key, '/') != NULL)
		json_view_complain(view, "is no file name");
	const char *text = json_view_peek(json_view_get(view, "text"));
	const char *base64 = json_view_peek(json_view_get(view, "base64"));
	ret->reference = json_view_text(json_view_get(view, "ref"));
	ret->sha256 = json_view_text(json_view_get(view, "sha256"));
	if (text != NULL) {
		ret->bytes = xstrdup(text);
		ret->size = strlen(text);
	} else if (base64 != NULL) {
		uint8_t *bytes = NULL;
		if (base64_decode(base64, strlen(base64), &bytes, &ret->size))
			ret->bytes = (char *)bytes;
		else
			json_view_complain(view, "is not base64");
	} else if (ret->reference == NULL) {
		json_view_complain(view, "has no value");
	}
}

static void read_maps(struct json_view object, bool is_secret, struct release *ret)
{
	for (struct json_view view = json_view_first(object, MAX_LIST); json_view_exists(view);
	     view = json_view_next(view)) {
		struct release_map *map = ARRAY_APPEND(ret->maps, ret->map_count);
		map->name = xstrdup(view.key);
		map->is_secret = is_secret;
		for (struct json_view entry = json_view_first(view, MAX_LIST);
		     json_view_exists(entry); entry = json_view_next(entry))
			read_entry(entry, ARRAY_APPEND(map->entries, map->entry_count));
	}
}

static void read_config(struct json_view view, struct release *ret)
{
	document_check_version(view, RELEASE_VERSION);
	ret->hostname = json_view_text(json_view_get(view, "hostname"));
	ret->subdomain = json_view_text(json_view_get(view, "subdomain"));
	read_pairs(json_view_get(view, "labels"), MAX_LIST, &ret->labels);
	read_pairs(json_view_get(view, "annotations"), MAX_LIST, &ret->annotations);
	read_hosts(json_view_get(view, "hostAliases"), &ret->aliases);
	struct json_view dns = json_view_get(view, "dns");
	ret->dns_policy = json_view_text(json_view_get(dns, "policy"));
	json_view_texts(json_view_get(dns, "servers"), 32, &ret->dns_servers);
	json_view_texts(json_view_get(dns, "searches"), 32, &ret->dns_searches);
	json_view_texts(json_view_get(dns, "options"), 32, &ret->dns_options);
	for (struct json_view one = json_view_first(json_view_get(view, "containers"), 64);
	     json_view_exists(one); one = json_view_next(one))
		read_container(one, ARRAY_APPEND(ret->containers, ret->container_count));
	struct json_view volumes = json_view_get(view, "volumes");
	for (size_t i = 0; i < json_view_count(volumes, MAX_LIST); i++)
		read_volume(json_view_at(volumes, i), 0,
			    ARRAY_APPEND(ret->volumes, ret->volume_count));
	read_maps(json_view_get(view, "configMaps"), false, ret);
	read_maps(json_view_get(view, "secrets"), true, ret);
}

static void read_network(struct json_view view, struct network_config *ret)
{
	const char *method = json_view_peek(json_view_get(view, "method"));
	ret->is_dhcp = method != NULL && strcmp(method, "dhcp") == 0;
	ret->mac = json_view_text(json_view_get(view, "mac"));
	ret->address = json_view_text(json_view_get(view, "address"));
	ret->gateway = json_view_text(json_view_get(view, "gateway"));
	json_view_texts(json_view_get(view, "dns"), 32, &ret->dns);
	json_view_texts(json_view_get(view, "searches"), 32, &ret->searches);
	ret->mtu = (unsigned)json_view_number(json_view_get(view, "mtu"), 68, 65535, 0);
}

static void read_delivery(struct json_view view, struct volume_delivery *ret)
{
	ret->how = (enum delivery)json_view_word(json_view_require(view, "type"), delivery_words,
						 DELIVERIES, DELIVERY_NONE);
	ret->volume = xstrdup(view.key);
	ret->serial = json_view_text(json_view_get(view, "serial"));
	ret->is_formatted = json_view_bool(json_view_get(view, "formatted"), false);
	ret->tag = json_view_text(json_view_get(view, "tag"));
	ret->file = json_view_text(json_view_get(view, "file"));
	if ((ret->how == DELIVERY_DISK && ret->serial == NULL) ||
	    (ret->how == DELIVERY_VIRTIOFS && ret->tag == NULL) ||
	    (ret->file != NULL && !path_is_below(ret->file)))
		json_view_complain(view, "does not say how it arrives");
}

static void read_proxies(struct json_view list, struct release *ret)
{
	size_t count = json_view_count(list, 1000);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct service_proxy *proxy = ARRAY_APPEND(ret->proxies, ret->proxy_count);
		proxy->ip = json_view_text(json_view_require(view, "ip"));
		proxy->port =
			(uint16_t)json_view_number(json_view_require(view, "port"), 1, 65535, 0);
		proxy->service = json_view_text(json_view_require(view, "service"));
		json_view_texts(json_view_get(view, "targets"), 1000, &proxy->targets);
		proxy->is_sticky = json_view_bool(json_view_get(view, "sticky"), false);
	}
}

static void read_cloud(struct json_view view, struct cloud_config *ret)
{
	ret->is_given = json_view_exists(view);
	ret->region = json_view_text(json_view_get(view, "region"));
	ret->log_group = json_view_text(json_view_get(view, "logGroup"));
	struct json_view signal = json_view_get(view, "signal");
	ret->signal_stack = json_view_text(json_view_get(signal, "stack"));
	ret->signal_resource = json_view_text(json_view_get(signal, "resource"));
	struct json_view attach = json_view_get(view, "attach");
	ret->attach_volume = json_view_text(json_view_get(attach, "volumeId"));
	ret->attach_device = json_view_text(json_view_get(attach, "device"));
	struct json_view names = json_view_get(view, "names");
	ret->names_zone = json_view_text(json_view_get(names, "zone"));
	json_view_texts(json_view_get(names, "records"), MAX_LIST, &ret->names);
	ret->endpoint = json_view_text(json_view_get(view, "endpoint"));
	ret->console_key = json_view_text(json_view_get(view, "consoleKey"));
}

static void read_instance(struct json_view view, struct release *ret)
{
	document_check_version(view, RELEASE_VERSION);
	ret->project = json_view_text(json_view_get(view, "project"));
	ret->pod = json_view_text(json_view_get(view, "pod"));
	ret->instance = json_view_text(json_view_get(view, "instance"));
	ret->replica = (unsigned)json_view_number(json_view_get(view, "replica"), 0, UINT32_MAX, 0);
	read_pairs(json_view_get(view, "labels"), MAX_LIST, &ret->own_labels);
	read_pairs(json_view_get(view, "annotations"), MAX_LIST, &ret->own_annotations);
	ret->uid = json_view_text(json_view_get(view, "uid"));
	ret->image_digest = json_view_text(json_view_get(view, "imageDigest"));
	ret->config_digest = json_view_text(json_view_get(view, "configDigest"));
	ret->where = json_view_text(json_view_get(view, "where"));
	ret->is_held = json_view_bool(json_view_get(view, "held"), false);
	read_network(json_view_get(view, "network"), &ret->network);
	read_hosts(json_view_get(view, "hosts"), &ret->hosts);
	read_proxies(json_view_get(view, "proxies"), ret);
	json_view_texts(json_view_get(view, "serviceEnv"), MAX_LIST, &ret->service_env);
	for (struct json_view one = json_view_first(json_view_get(view, "volumes"), MAX_LIST);
	     json_view_exists(one); one = json_view_next(one))
		read_delivery(one, ARRAY_APPEND(ret->deliveries, ret->delivery_count));
	struct json_view scratch = json_view_get(view, "scratch");
	ret->scratch_serial = json_view_text(json_view_get(scratch, "serial"));
	ret->scratch_bytes =
		(uint64_t)json_view_number(json_view_get(scratch, "bytes"), 0, INT64_MAX, 0);
	ret->time_ns = json_view_number(json_view_get(view, "timeNs"), 0, INT64_MAX, 0);
	ret->entropy = json_view_text(json_view_get(view, "entropy"));
	ret->run_container = json_view_text(json_view_get(view, "run"));
	read_cloud(json_view_get(view, "cloud"), &ret->cloud);
}

static void read_release(struct json_view root, struct release *ret)
{
	struct json_view body = json_view_require(root, "i2kit");
	read_config(json_view_require(body, "config"), ret);
	read_instance(json_view_require(body, "instance"), ret);
}

static void read_reference(struct json_view view, struct config_reference *ret)
{
	json_view_texts(json_view_require(view, "parameters"), MAX_LIST, &ret->parameters);
	ret->sha256 = json_view_text(json_view_get(view, "sha256"));
}

bool release_document_read(const void *bytes, size_t size, struct release *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "release document", 0, err);
	if (document == NULL)
		return false;
	AUTO(release_clear) struct release release = {0};
	read_release(json_document_root(document), &release);
	if (!json_document_check(document, err))
		return false;
	*ret = release;
	release = (struct release){0};
	return true;
}

bool release_document_read_referring(const void *bytes, size_t size, struct release *ret,
				     struct config_reference *ret_reference, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "release document", 0, err);
	if (document == NULL)
		return false;
	AUTO(release_clear) struct release release = {0};
	AUTO(config_reference_clear) struct config_reference reference = {0};
	struct json_view body = json_view_require(json_document_root(document), "i2kit");
	struct json_view elsewhere = json_view_get(body, "configRef");
	if (json_view_exists(elsewhere))
		read_reference(elsewhere, &reference);
	else
		read_config(json_view_require(body, "config"), &release);
	read_instance(json_view_require(body, "instance"), &release);
	if (!json_document_check(document, err))
		return false;
	*ret = release;
	release = (struct release){0};
	*ret_reference = reference;
	reference = (struct config_reference){0};
	return true;
}

bool release_config_read(const void *bytes, size_t size, struct release *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "release configuration", 0, err);
	if (document == NULL)
		return false;
	read_config(json_document_root(document), ret);
	return json_document_check(document, err);
}

bool host_list_read(const void *bytes, size_t size, struct host_list *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "hosts", 0, err);
	if (document == NULL)
		return false;
	AUTO(host_list_clear) struct host_list list = {0};
	read_hosts(json_document_root(document), &list);
	if (!json_document_check(document, err))
		return false;
	*ret = list;
	list = (struct host_list){0};
	return true;
}
