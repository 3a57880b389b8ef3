/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/release_document.h"

#include <stdlib.h>
#include <string.h>

/* Freeing and finding; reading and writing are beside this. */

const char *const delivery_words[DELIVERIES] = {
	[DELIVERY_DISK] = "disk",
	[DELIVERY_VIRTIOFS] = "virtiofs",
	[DELIVERY_PUSHED] = "pushed",
};

void host_list_clear(struct host_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].ip);
		free(list->entries[i].alias);
		string_list_clear(&list->entries[i].names);
		for (size_t k = 0; k < list->entries[i].service_count; k++) {
			free(list->entries[i].services[k].name);
			free(list->entries[i].services[k].target);
		}
		free(list->entries[i].services);
	}
	free(list->entries);
	*list = (struct host_list){0};
}

static void clear_container(struct container_config *container)
{
	free(container->name);
	for (size_t i = 0; i < container->env_count; i++) {
		free(container->env[i].name);
		free(container->env[i].value);
		free(container->env[i].key);
		free(container->env[i].container);
		free(container->env[i].divisor);
	}
	free(container->env);
	for (size_t i = 0; i < container->source_count; i++) {
		free(container->sources[i].prefix);
		free(container->sources[i].map);
	}
	free(container->sources);
	for (size_t i = 0; i < container->mount_count; i++) {
		free(container->mounts[i].volume);
		free(container->mounts[i].path);
		free(container->mounts[i].sub_path);
		free(container->mounts[i].sub_path_expression);
	}
	free(container->mounts);
}

static void clear_volume_itself(struct volume_rule *volume)
{
	free(volume->name);
	free(volume->ref);
	free(volume->host_path);
	free(volume->host_type);
	for (size_t i = 0; i < volume->item_count; i++) {
		free(volume->items[i].key);
		free(volume->items[i].field);
		free(volume->items[i].resource);
		free(volume->items[i].container);
		free(volume->items[i].divisor);
		free(volume->items[i].path);
	}
	free(volume->items);
}

static void clear_volume(struct volume_rule *volume)
{
	for (size_t i = 0; i < volume->source_count; i++)
		clear_volume_itself(&volume->sources[i]);
	free(volume->sources);
	clear_volume_itself(volume);
}

static void clear_map(struct release_map *map)
{
	free(map->name);
	for (size_t i = 0; i < map->entry_count; i++) {
		free(map->entries[i].key);
		free(map->entries[i].bytes);
		free(map->entries[i].reference);
		free(map->entries[i].sha256);
	}
	free(map->entries);
}

static void clear_config(struct release *release)
{
	free(release->hostname);
	free(release->subdomain);
	string_list_clear(&release->labels);
	string_list_clear(&release->annotations);
	host_list_clear(&release->aliases);
	free(release->dns_policy);
	string_list_clear(&release->dns_servers);
	string_list_clear(&release->dns_searches);
	string_list_clear(&release->dns_options);
	for (size_t i = 0; i < release->container_count; i++)
		clear_container(&release->containers[i]);
	free(release->containers);
	for (size_t i = 0; i < release->volume_count; i++)
		clear_volume(&release->volumes[i]);
	free(release->volumes);
	for (size_t i = 0; i < release->map_count; i++)
		clear_map(&release->maps[i]);
	free(release->maps);
}

static void clear_lists(struct release *release)
{
	host_list_clear(&release->hosts);
	for (size_t i = 0; i < release->proxy_count; i++) {
		free(release->proxies[i].ip);
		free(release->proxies[i].service);
		string_list_clear(&release->proxies[i].targets);
	}
	free(release->proxies);
	string_list_clear(&release->service_env);
	for (size_t i = 0; i < release->delivery_count; i++) {
		free(release->deliveries[i].volume);
		free(release->deliveries[i].serial);
		free(release->deliveries[i].tag);
		free(release->deliveries[i].file);
	}
	free(release->deliveries);
}

void release_clear(struct release *release)
{
	clear_config(release);
	clear_lists(release);
	free(release->project);
	free(release->pod);
	free(release->instance);
	string_list_clear(&release->own_labels);
	string_list_clear(&release->own_annotations);
	free(release->uid);
	free(release->image_digest);
	free(release->config_digest);
	free(release->where);
	free(release->network.mac);
	free(release->network.address);
	free(release->network.gateway);
	string_list_clear(&release->network.dns);
	string_list_clear(&release->network.searches);
	free(release->scratch_serial);
	free(release->entropy);
	free(release->run_container);
	free(release->cloud.region);
	free(release->cloud.log_group);
	free(release->cloud.signal_stack);
	free(release->cloud.signal_resource);
	free(release->cloud.attach_volume);
	free(release->cloud.attach_device);
	free(release->cloud.names_zone);
	string_list_clear(&release->cloud.names);
	free(release->cloud.endpoint);
	free(release->cloud.console_key);
	*release = (struct release){0};
}

void config_reference_clear(struct config_reference *reference)
{
	string_list_clear(&reference->parameters);
	free(reference->sha256);
	*reference = (struct config_reference){0};
}

const struct container_config *release_container(const struct release *release, const char *name)
{
	for (size_t i = 0; i < release->container_count; i++) {
		if (strcmp(release->containers[i].name, name) == 0)
			return &release->containers[i];
	}
	return NULL;
}

const struct release_map *release_map(const struct release *release, const char *name,
				      bool is_secret)
{
	for (size_t i = 0; i < release->map_count; i++) {
		const struct release_map *map = &release->maps[i];
		if (map->is_secret == is_secret && strcmp(map->name, name) == 0)
			return map;
	}
	return NULL;
}

const struct map_entry *config_map_entry(const struct release_map *map, const char *key)
{
	for (size_t i = 0; map != NULL && i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, key) == 0)
			return &map->entries[i];
	}
	return NULL;
}

const struct volume_rule *release_volume(const struct release *release, const char *name)
{
	for (size_t i = 0; i < release->volume_count; i++) {
		if (strcmp(release->volumes[i].name, name) == 0)
			return &release->volumes[i];
	}
	return NULL;
}

const struct volume_delivery *release_delivery(const struct release *release, const char *volume)
{
	for (size_t i = 0; i < release->delivery_count; i++) {
		if (strcmp(release->deliveries[i].volume, volume) == 0)
			return &release->deliveries[i];
	}
	return NULL;
}
