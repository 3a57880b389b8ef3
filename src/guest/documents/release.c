/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/release.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "guest/documents/json_view.h"

#define MAX_LIST 10000

bool path_is_below(const char *path)
{
	if (path[0] == '\0' || path[0] == '/')
		return false;
	while (path != NULL) {
		size_t size = strcspn(path, "/");
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path = path[size] == '/' ? path + size + 1 : NULL;
	}
	return true;
}

static void read_pairs(struct json_view object, struct string_list *ret)
{
	size_t count = json_view_members(object, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		const char *key;
		const char *value = json_view_peek(json_view_member(object, i, &key));
		if (value != NULL)
			string_list_addf(ret, "%s=%s", key, value);
	}
}

static void read_hosts(struct json_view list, struct host_list *ret)
{
	size_t count = json_view_count(list, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct host_entry *entry = ARRAY_APPEND(ret->entries, ret->count);
		entry->ip = json_view_text(json_view_get(view, "ip"));
		json_view_texts(json_view_get(view, "names"), MAX_LIST, &entry->names);
		if (entry->ip == NULL || strpbrk(entry->ip, " \t\r\n") != NULL)
			json_document_complain(list.document, "hosts", "has an entry without ip");
		for (size_t n = 0; n < entry->names.count; n++) {
			if (strpbrk(entry->names.items[n], " \t\r\n#") != NULL)
				json_document_complain(list.document, "names", "of a host are odd");
		}
	}
}

static void read_env(struct json_view view, struct env_rule *ret)
{
	static const struct {
		const char *field;
		enum env_kind kind;
	} kinds[] = {{"value", ENV_VALUE},
		     {"configMap", ENV_CONFIG_MAP},
		     {"secret", ENV_SECRET},
		     {"field", ENV_FIELD},
		     {"resource", ENV_RESOURCE}};
	ret->name = json_view_text(json_view_get(view, "name"));
	if (ret->name == NULL || ret->name[0] == '\0' || strchr(ret->name, '=') != NULL)
		json_document_complain(view.document, "env", "has an entry without a usable name");
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && ret->value == NULL; i++) {
		ret->kind = kinds[i].kind;
		ret->value = json_view_text(json_view_get(view, kinds[i].field));
	}
	if (ret->value == NULL)
		json_document_complain(view.document, "env", "has an entry without a value");
	ret->key = json_view_text(json_view_get(view, "key"));
	bool is_from_map = ret->kind == ENV_CONFIG_MAP || ret->kind == ENV_SECRET;
	if (is_from_map && ret->key == NULL)
		json_document_complain(view.document, "env", "names a map and no key");
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
	ret->container = json_view_text(json_view_get(view, "container"));
	ret->divisor = json_view_text(json_view_get(view, "divisor"));
}

static void read_env_source(struct json_view view, struct env_source *ret)
{
	ret->prefix = json_view_text(json_view_get(view, "prefix"));
	ret->map = json_view_text(json_view_get(view, "configMap"));
	if (ret->map == NULL) {
		ret->map = json_view_text(json_view_get(view, "secret"));
		ret->is_secret = true;
	}
	if (ret->map == NULL)
		json_document_complain(view.document, "envFrom", "names no map");
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
}

static void read_mount(struct json_view view, struct mount_rule *ret)
{
	ret->volume = json_view_text(json_view_get(view, "volume"));
	ret->path = json_view_text(json_view_get(view, "path"));
	if (ret->volume == NULL || ret->path == NULL || ret->path[0] == '\0')
		json_document_complain(view.document, "mounts", "has one without volume or path");
	ret->sub_path = json_view_text(json_view_get(view, "subPath"));
	if (ret->sub_path != NULL && !path_is_below(ret->sub_path))
		json_document_complain(view.document, "subPath", "leaves its volume");
	ret->sub_path_expression = json_view_text(json_view_get(view, "subPathExpr"));
	ret->is_read_only = json_view_bool(json_view_get(view, "readOnly"), false);
}

static void read_container(struct json_view view, const char *name, struct container_config *ret)
{
	ret->name = xstrdup(name);
	struct json_view env = json_view_get(view, "env");
	for (size_t i = 0; i < json_view_count(env, MAX_LIST); i++)
		read_env(json_view_at(env, i), ARRAY_APPEND(ret->env, ret->env_count));
	struct json_view sources = json_view_get(view, "envFrom");
	for (size_t i = 0; i < json_view_count(sources, MAX_LIST); i++)
		read_env_source(json_view_at(sources, i),
				ARRAY_APPEND(ret->sources, ret->source_count));
	struct json_view mounts = json_view_get(view, "mounts");
	for (size_t i = 0; i < json_view_count(mounts, MAX_LIST); i++)
		read_mount(json_view_at(mounts, i), ARRAY_APPEND(ret->mounts, ret->mount_count));
}

static void read_item(struct json_view view, struct volume_item *ret)
{
	ret->key = json_view_text(json_view_get(view, "key"));
	ret->field = json_view_text(json_view_get(view, "field"));
	ret->resource = json_view_text(json_view_get(view, "resource"));
	ret->container = json_view_text(json_view_get(view, "container"));
	ret->divisor = json_view_text(json_view_get(view, "divisor"));
	ret->path = json_view_text(json_view_get(view, "path"));
	ret->mode = (int)json_view_number(json_view_get(view, "mode"), 0, 07777, -1);
	if (ret->path == NULL || !path_is_below(ret->path))
		json_document_complain(view.document, "items",
				       "has one whose path leaves the volume");
	if (ret->key == NULL && ret->field == NULL && ret->resource == NULL)
		json_document_complain(view.document, "items", "has one without a source");
}

static enum volume_kind read_kind(struct json_view view)
{
	static const char *const kinds[] = {"emptyDir", "configMap", "secret",	 "hostPath",
					    "claim",	"downward",  "projected"};
	const char *kind = json_view_peek(json_view_get(view, "kind"));
	for (size_t i = 0; kind != NULL && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kind, kinds[i]) == 0)
			return (enum volume_kind)i;
	}
	json_document_complain(view.document, "volumes", "has one of an unknown kind");
	return VOLUME_EMPTY;
}

static void read_volume(struct json_view view, unsigned depth, struct volume_rule *ret)
{
	ret->name = json_view_text(json_view_get(view, "name"));
	if (depth == 0 &&
	    (ret->name == NULL || !path_is_below(ret->name) || strchr(ret->name, '/') != NULL))
		json_document_complain(view.document, "volumes", "has one without a usable name");
	ret->kind = read_kind(view);
	ret->is_memory = json_view_bool(json_view_get(view, "memory"), false);
	ret->size_limit_bytes =
		(uint64_t)json_view_number(json_view_get(view, "sizeLimitBytes"), 0, INT64_MAX, 0);
	ret->ref = json_view_text(json_view_get(view, "ref"));
	ret->is_optional = json_view_bool(json_view_get(view, "optional"), false);
	ret->default_mode =
		(unsigned)json_view_number(json_view_get(view, "defaultMode"), 0, 07777, 0644);
	ret->is_read_only = json_view_bool(json_view_get(view, "readOnly"), false);
	ret->host_type = json_view_text(json_view_get(view, "type"));
	struct json_view items = json_view_get(view, "items");
	for (size_t i = 0; i < json_view_count(items, MAX_LIST); i++)
		read_item(json_view_at(items, i), ARRAY_APPEND(ret->items, ret->item_count));
	struct json_view sources = json_view_get(view, "sources");
	if (depth > 0 && json_view_exists(sources))
		json_document_complain(view.document, "sources", "are nested");
	for (size_t i = 0; depth == 0 && i < json_view_count(sources, MAX_LIST); i++)
		read_volume(json_view_at(sources, i), 1,
			    ARRAY_APPEND(ret->sources, ret->source_count));
}

static void read_entry(struct json_view view, const char *key, struct map_entry *ret)
{
	ret->key = xstrdup(key);
	if (!path_is_below(key) || strchr(key, '/') != NULL)
		json_document_complain(view.document, "key", "of a map is no file name");
	const char *text = json_view_peek(json_view_get(view, "text"));
	const char *base64 = json_view_peek(json_view_get(view, "base64"));
	ret->reference = json_view_text(json_view_get(view, "ref"));
	if (text != NULL) {
		ret->bytes = xstrdup(text);
		ret->size = strlen(text);
	} else if (base64 != NULL) {
		uint8_t *bytes = NULL;
		if (base64_decode(base64, strlen(base64), &bytes, &ret->size))
			ret->bytes = (char *)bytes;
		else
			json_document_complain(view.document, key, "is not base64");
	} else if (ret->reference == NULL) {
		json_document_complain(view.document, key, "has no value");
	}
}

static void read_maps(struct json_view object, bool is_secret, struct release *ret)
{
	size_t count = json_view_members(object, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		const char *name;
		struct json_view view = json_view_member(object, i, &name);
		struct config_map *map = ARRAY_APPEND(ret->maps, ret->map_count);
		map->name = xstrdup(name);
		map->is_secret = is_secret;
		size_t entries = json_view_members(view, MAX_LIST);
		for (size_t e = 0; e < entries; e++) {
			const char *key;
			struct json_view value = json_view_member(view, e, &key);
			read_entry(value, key, ARRAY_APPEND(map->entries, map->entry_count));
		}
	}
}

static void read_config(struct json_view view, struct release *ret)
{
	ret->hostname = json_view_text(json_view_get(view, "hostname"));
	ret->subdomain = json_view_text(json_view_get(view, "subdomain"));
	read_pairs(json_view_get(view, "labels"), &ret->labels);
	read_pairs(json_view_get(view, "annotations"), &ret->annotations);
	read_hosts(json_view_get(view, "hostAliases"), &ret->aliases);
	struct json_view dns = json_view_get(view, "dns");
	ret->dns_policy = json_view_text(json_view_get(dns, "policy"));
	json_view_texts(json_view_get(dns, "servers"), 32, &ret->dns_servers);
	json_view_texts(json_view_get(dns, "searches"), 32, &ret->dns_searches);
	json_view_texts(json_view_get(dns, "options"), 32, &ret->dns_options);
	struct json_view containers = json_view_get(view, "containers");
	size_t count = json_view_members(containers, 64);
	for (size_t i = 0; i < count; i++) {
		const char *name;
		struct json_view one = json_view_member(containers, i, &name);
		read_container(one, name, ARRAY_APPEND(ret->containers, ret->container_count));
	}
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

static void read_delivery(struct json_view view, const char *volume, struct volume_delivery *ret)
{
	static const char *const types[] = {"", "disk", "virtiofs", "pushed"};
	const char *type = json_view_peek(json_view_get(view, "type"));
	for (size_t i = 1; type != NULL && i < ARRAY_SIZE(types); i++) {
		if (strcmp(type, types[i]) == 0)
			ret->how = (enum delivery)i;
	}
	ret->volume = xstrdup(volume);
	ret->serial = json_view_text(json_view_get(view, "serial"));
	ret->tag = json_view_text(json_view_get(view, "tag"));
	ret->file = json_view_text(json_view_get(view, "file"));
	if (ret->how == DELIVERY_NONE || (ret->how == DELIVERY_DISK && ret->serial == NULL) ||
	    (ret->how == DELIVERY_VIRTIOFS && ret->tag == NULL) ||
	    (ret->file != NULL && !path_is_below(ret->file)))
		json_document_complain(view.document, volume, "does not say how it arrives");
}

static void read_proxies(struct json_view list, struct release *ret)
{
	size_t count = json_view_count(list, 1000);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct service_proxy *proxy = ARRAY_APPEND(ret->proxies, ret->proxy_count);
		proxy->ip = json_view_text(json_view_get(view, "ip"));
		proxy->port = (uint16_t)json_view_number(json_view_get(view, "port"), 1, 65535, 0);
		proxy->service = json_view_text(json_view_get(view, "service"));
		if (proxy->ip == NULL || proxy->port == 0 || proxy->service == NULL)
			json_document_complain(list.document, "proxies", "has an incomplete one");
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
}

static void read_instance(struct json_view view, struct release *ret)
{
	ret->project = json_view_text(json_view_get(view, "project"));
	ret->pod = json_view_text(json_view_get(view, "pod"));
	ret->instance = json_view_text(json_view_get(view, "instance"));
	ret->uid = json_view_text(json_view_get(view, "uid"));
	ret->image_digest = json_view_text(json_view_get(view, "imageDigest"));
	ret->config_digest = json_view_text(json_view_get(view, "configDigest"));
	ret->where = json_view_text(json_view_get(view, "where"));
	read_network(json_view_get(view, "network"), &ret->network);
	read_hosts(json_view_get(view, "hosts"), &ret->hosts);
	read_proxies(json_view_get(view, "proxies"), ret);
	json_view_texts(json_view_get(view, "serviceEnv"), MAX_LIST, &ret->service_env);
	struct json_view volumes = json_view_get(view, "volumes");
	size_t count = json_view_members(volumes, MAX_LIST);
	for (size_t i = 0; i < count; i++) {
		const char *name;
		struct json_view one = json_view_member(volumes, i, &name);
		read_delivery(one, name, ARRAY_APPEND(ret->deliveries, ret->delivery_count));
	}
	ret->scratch_serial =
		json_view_text(json_view_get(json_view_get(view, "scratch"), "serial"));
	ret->time_ns = json_view_number(json_view_get(view, "timeNs"), 0, INT64_MAX, 0);
	ret->entropy = json_view_text(json_view_get(view, "entropy"));
	read_cloud(json_view_get(view, "cloud"), &ret->cloud);
}

static void read_release(struct json_view root, struct release *ret)
{
	struct json_view body = json_view_get(root, "i2kit");
	struct json_view config = json_view_get(body, "config");
	struct json_view instance = json_view_get(body, "instance");
	if (!json_view_exists(config) || !json_view_exists(instance))
		json_document_complain(root.document, "i2kit", "has no config or no instance");
	if (json_view_number(json_view_get(config, "version"), 1, INT32_MAX, 1) != 1 ||
	    json_view_number(json_view_get(instance, "version"), 1, INT32_MAX, 1) != 1)
		json_document_complain(root.document, "version", "is not 1");
	read_config(config, ret);
	read_instance(instance, ret);
}

bool release_parse(const void *bytes, size_t size, struct release *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "release document", err);
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

bool host_list_parse(const void *bytes, size_t size, struct host_list *ret, struct error *err)
{
	/* The message is a bare list; as a member it goes the way of all documents. */
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	strbuf_append(&text, "{\"hosts\":");
	strbuf_append_bytes(&text, bytes, size);
	strbuf_append(&text, "}");
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text.data, text.size, "hosts", err);
	if (document == NULL)
		return false;
	AUTO(host_list_clear) struct host_list list = {0};
	read_hosts(json_view_get(json_document_root(document), "hosts"), &list);
	if (!json_document_check(document, err))
		return false;
	*ret = list;
	list = (struct host_list){0};
	return true;
}
