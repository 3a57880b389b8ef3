/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/resources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/app.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void read_internal(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct app_network *)target)->is_internal);
}

static const char own_network[] = "i2kit's networks are its own";
static const struct field network_list[] = {
	{"attachable", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"driver", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"driver_opts", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"enable_ipv4", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"enable_ipv6", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"external", FIELD_REFUSED, NULL, 0, NULL,
	 "leave it out: a project's pods share networks among themselves alone"},
	{"internal", FIELD_USED, read_internal, 0, NULL,
	 "pods that are on such ones alone reach nothing outside",
	 .takes = "true or false, or text"},
	{"ipam", FIELD_NO_EFFECT, NULL, 0, NULL, own_network},
	{"labels", FIELD_NO_EFFECT, NULL, 0, NULL, "networks have none"},
	{"name", FIELD_USED, read_ignored, 0, NULL, "for people: names are the project's own",
	 .takes = "text"}};
const struct field_set compose_network_fields = {"network", network_list, ARRAY_SIZE(network_list),
						 .is_open = true};

void compose_read_top_networks(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	for (size_t i = 0; i < node->pair_count; i++) {
		struct app_network *network =
			ARRAY_APPEND(loader->app->networks, loader->app->network_count);
		network->name = xstrdup(node->pairs[i].key->text);
		network->mark = loader_mark(loader, node->pairs[i].key);
		loader_read_map(loader, node->pairs[i].value, &compose_network_fields, network);
	}
}

static void read_size(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum { LEAST_BYTES = 1 << 20 };
	struct claim *claim = target;
	if (!compose_bytes(node, &claim->size_bytes) || claim->size_bytes < LEAST_BYTES)
		loader_error(loader, node, "as in 10g", "size: '%.40s' is no size of a disk",
			     node->text ? node->text : "");
}

static const struct field own_list[] = {{"size", FIELD_USED, read_size, 0, NULL,
					 "of the disk; default 10g, of which what is "
					 "written takes room",
					 .takes = "bytes"}};
static const struct field_set own_fields = {"x-i2kit of a volume", own_list, ARRAY_SIZE(own_list)};

static void read_own(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &own_fields, target);
}

static void read_driver(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (strcmp(node->text, "local") != 0 && node->text[0] != '\0')
		loader_error(loader, node, "driver: local, or leave it out",
			     "driver: '%.40s' is not supported", node->text);
}

static const struct field volume_list[] = {
	{"driver", FIELD_USED, read_driver, 0, NULL, "local", .takes = "local"},
	{"driver_opts", FIELD_REFUSED, NULL, 0, NULL,
	 "a bind mount in the service: - ./FOLDER:/target"},
	{"external", FIELD_USED, read_ignored, 0, NULL,
	 "the project's disk of that name; it is made when it is not there",
	 .takes = "true or false, or text"},
	{"labels", FIELD_NO_EFFECT, NULL, 0, NULL, "volumes have none"},
	{"name", FIELD_USED, read_ignored, 0, NULL, "for people: disks are the project's own",
	 .takes = "text"},
	{"x-i2kit", FIELD_USED, read_own, 0, &own_fields, "what Compose has no words for"}};
const struct field_set compose_volume_fields = {"volume", volume_list, ARRAY_SIZE(volume_list),
						.is_open = true};

void compose_read_top_volumes(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const uint64_t standard = (uint64_t)10 << 30;
	(void)target;
	for (size_t i = 0; i < node->pair_count; i++) {
		struct claim *claim = ARRAY_APPEND(loader->app->claims, loader->app->claim_count);
		claim->name = compose_plain_name(node->pairs[i].key->text);
		claim->size_bytes = standard;
		claim->is_many = true; /* shared where several services mount it */
		claim->mark = loader_mark(loader, node->pairs[i].key);
		loader_read_map(loader, node->pairs[i].value, &compose_volume_fields, claim);
	}
}

enum { CONTENT_MAX = 1 << 20 };

/* The content of a config or a secret, and where it comes from. */
struct content {
	struct config_map *map;
	const char *name;
};

static void set_entry(struct content *content, char *bytes, size_t size)
{
	struct config_map *map = content->map;
	struct config_entry *entry = ARRAY_APPEND(map->entries, map->entry_count);
	entry->key = xstrdup(content->name);
	entry->bytes = bytes;
	entry->size = size;
}

static void read_file(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	struct stat st;

	if (stat(node->text, &st) == 0 && !S_ISREG(st.st_mode)) {
		loader_error(loader, node, "one file; a folder is mounted with volumes",
			     "file: %.300s is no regular file", node->text);
		set_entry(target, xstrdup(""), 0);
		return;
	}
	if (!file_read(node->text, CONTENT_MAX, &bytes, &size, &err)) {
		loader_error(loader, node, err.hint, "%s", err.message);
		bytes = xstrdup(""); /* those who want it need not complain, too */
	}
	set_entry(target, TAKE_PTR(bytes), size);
}

static void read_text_content(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	set_entry(target, xstrndup(node->text, node->size), node->size);
}

static const struct field content_list[] = {
	{"content", FIELD_USED, read_text_content, 0, NULL, "the text itself; of configs alone",
	 .takes = "text"},
	{"driver", FIELD_REFUSED, NULL, 0, NULL, "file: PATH, or environment: NAME"},
	{"driver_opts", FIELD_REFUSED, NULL, 0, NULL, "file: PATH, or environment: NAME"},
	{"environment", FIELD_USED, read_ignored, 0, NULL, "the value of a variable outside",
	 .takes = "text"},
	{"external", FIELD_USED, read_ignored, 0, NULL,
	 "it comes with the command: --secret NAME.NAME=VALUE, --secret-file, --config-map",
	 .takes = "true or false, or text"},
	{"file", FIELD_USED, read_file, 0, NULL, "a file beside the manifest, of 1 MiB at most",
	 .takes = "text"},
	{"labels", FIELD_NO_EFFECT, NULL, 0, NULL, "they have none"},
	{"name", FIELD_USED, read_ignored, 0, NULL, "for people", .takes = "text"},
	{"template_driver", FIELD_REFUSED, NULL, 0, NULL, "${NAME} in content is filled in"},
	{"x-#value", FIELD_USED, read_text_content, 0, NULL, "what environment led to"}};
const struct field_set compose_content_fields = {"config", content_list, ARRAY_SIZE(content_list),
						 .is_open = true};

static void read_contents(struct loader *loader, const struct yaml_node *node, bool is_secret)
{
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		struct config_map *map =
			ARRAY_APPEND(loader->app->config_maps, loader->app->config_map_count);
		struct content content = {.map = map, .name = key->text};
		map->name = compose_plain_name(key->text);
		map->namespace_name = xstrdup(loader_namespace(loader));
		map->is_secret = is_secret;
		map->mark = loader_mark(loader, key);
		loader_read_map(loader, value, &compose_content_fields, &content);
		const struct yaml_node *variable = yaml_get(value, "environment");
		bool is_there = map->entry_count > 0;
		if (variable != NULL && !is_there)
			set_entry(&content, xstrdup(""), 0);
		if (variable != NULL && !is_there)
			loader_error(loader, variable, "NAME=… in the environment or in .env",
				     "the variable %.80s has no value", variable->text);
	}
}

void compose_read_top_configs(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	read_contents(loader, node, false);
}

void compose_read_top_secrets(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	read_contents(loader, node, true);
}
