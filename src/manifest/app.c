/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/app.h"

#include <stdlib.h>
#include <string.h>

static void free_pairs(struct key_value *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

static void probe_clear(struct probe *probe)
{
	check_clear(&probe->check);
	free(probe->port_name);
}

static void env_clear(struct container_spec *container)
{
	for (size_t i = 0; i < container->env_count; i++) {
		struct env_var *env = &container->env[i];
		free(env->name);
		free(env->value);
		free(env->ref_name);
		free(env->ref_key);
		free(env->container);
	}
	free(container->env);
	for (size_t i = 0; i < container->env_from_count; i++) {
		free(container->env_from[i].prefix);
		free(container->env_from[i].ref_name);
	}
	free(container->env_from);
}

static void probes_free(struct probe *probes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		probe_clear(&probes[i]);
	free(probes);
}

static void container_clear(struct container_spec *container)
{
	free(container->name);
	free(container->image);
	string_list_clear(&container->command);
	string_list_clear(&container->args);
	free(container->working_dir);
	free(container->user);
	free(container->stop_signal);
	for (size_t i = 0; i < container->port_count; i++) {
		free(container->ports[i].name);
		free(container->ports[i].host_ip);
	}
	free(container->ports);
	env_clear(container);
	for (size_t i = 0; i < container->mount_count; i++) {
		free(container->mounts[i].volume);
		free(container->mounts[i].mount_path);
		free(container->mounts[i].sub_path);
		free(container->mounts[i].sub_path_expr);
	}
	free(container->mounts);
	probe_clear(&container->startup);
	probe_clear(&container->readiness);
	probe_clear(&container->liveness);
	probe_clear(&container->post_start);
	probe_clear(&container->pre_stop);
	probes_free(container->more_post_starts, container->more_post_start_count);
	probes_free(container->more_pre_stops, container->more_pre_stop_count);
	free(container->limits.rlimits);
	string_list_clear(&container->security.capabilities_add);
	string_list_clear(&container->security.capabilities_drop);
	free(container->termination_message_path);
	build_spec_free(container->build);
	watch_rules_free(container->watches, container->watch_count);
}

void volume_clear(struct volume *volume)
{
	free(volume->name);
	free(volume->ref_name);
	for (size_t k = 0; k < volume->item_count; k++) {
		free(volume->items[k].key);
		free(volume->items[k].path);
		free(volume->items[k].container);
		free(volume->items[k].divisor);
	}
	free(volume->items);
	free(volume->host_path);
	free(volume->host_path_type);
	for (size_t i = 0; i < volume->source_count; i++)
		volume_clear(&volume->sources[i]);
	free(volume->sources);
	free(volume->image);
	*volume = (struct volume){0};
}

static void volumes_free(struct volume *volumes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		volume_clear(&volumes[i]);
	free(volumes);
}

static void claims_free(struct claim *claims, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(claims[i].name);
		free(claims[i].storage_class);
	}
	free(claims);
}

static void pod_clear(struct pod_spec *pod)
{
	free(pod->name);
	free(pod->namespace_name);
	free(pod->kind_name);
	free(pod->instance_type);
	string_list_clear(&pod->metadata_names);
	free_pairs(pod->labels, pod->label_count);
	free_pairs(pod->annotations, pod->annotation_count);
	for (size_t i = 0; i < pod->init_container_count; i++)
		container_clear(&pod->init_containers[i]);
	free(pod->init_containers);
	for (size_t i = 0; i < pod->container_count; i++)
		container_clear(&pod->containers[i]);
	free(pod->containers);
	volumes_free(pod->volumes, pod->volume_count);
	claims_free(pod->claim_templates, pod->claim_template_count);
	free(pod->service_name);
	job_spec_clear(&pod->job);
	cron_spec_clear(&pod->cron);
	free(pod->hostname);
	free(pod->subdomain);
	for (size_t i = 0; i < pod->host_alias_count; i++) {
		free(pod->host_aliases[i].ip);
		string_list_clear(&pod->host_aliases[i].names);
	}
	free(pod->host_aliases);
	free(pod->dns_policy);
	string_list_clear(&pod->dns_servers);
	string_list_clear(&pod->dns_searches);
	string_list_clear(&pod->dns_options);
	string_list_clear(&pod->egress.names);
	string_list_clear(&pod->egress.cidrs);
	traffic_policy_clear(&pod->incoming);
	traffic_policy_clear(&pod->outgoing);
	for (size_t i = 0; i < pod->network_count; i++) {
		free(pod->networks[i].name);
		string_list_clear(&pod->networks[i].aliases);
	}
	free(pod->networks);
	for (size_t i = 0; i < pod->wait_count; i++)
		free(pod->waits[i].pod);
	free(pod->waits);
	string_list_clear(&pod->defaults.capabilities_add);
	string_list_clear(&pod->defaults.capabilities_drop);
	string_list_clear(&pod->supplemental_groups);
	free_pairs(pod->sysctls, pod->sysctl_count);
}

static void service_clear(struct service *service)
{
	free(service->name);
	free(service->namespace_name);
	string_list_clear(&service->pods);
	outside_clear(&service->outside);
	for (size_t i = 0; i < service->port_count; i++) {
		free(service->ports[i].name);
		free(service->ports[i].certificate);
		free(service->ports[i].host_ip);
	}
	free(service->ports);
	free_pairs(service->selector, service->selector_count);
	string_list_clear(&service->target_names);
}

static void endpoint_set_clear(struct endpoint_set *set)
{
	for (size_t i = 0; i < set->address_count; i++) {
		free(set->addresses[i].ip);
		free(set->addresses[i].hostname);
	}
	for (size_t i = 0; i < set->port_count; i++)
		free(set->ports[i].name);
	free(set->addresses);
	free(set->ports);
	free(set->service);
	free(set->namespace_name);
}

static void config_clear(struct config_map *map)
{
	free(map->name);
	free(map->namespace_name);
	free(map->secret_type);
	for (size_t i = 0; i < map->entry_count; i++) {
		free(map->entries[i].key);
		free(map->entries[i].bytes);
	}
	free(map->entries);
}

static void objects_free(struct source_object *objects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(objects[i].kind);
		free(objects[i].name);
		free(objects[i].namespace_name);
		free(objects[i].text);
	}
	free(objects);
}

void traffic_policy_clear(struct traffic_policy *policy)
{
	for (size_t i = 0; i < policy->item_count; i++) {
		free(policy->items[i].pod);
		free(policy->items[i].cidr);
	}
	free(policy->items);
	*policy = (struct traffic_policy){0};
}

static void selector_clear(struct label_selector *selector)
{
	for (size_t i = 0; i < selector->count; i++) {
		free(selector->items[i].key);
		string_list_clear(&selector->items[i].values);
	}
	free(selector->items);
}

static void rules_free(struct policy_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < rules[i].peer_count; k++) {
			struct policy_peer *peer = &rules[i].peers[k];
			selector_clear(&peer->pods);
			selector_clear(&peer->namespaces);
			string_list_clear(&peer->except);
			free(peer->cidr);
		}
		for (size_t k = 0; k < rules[i].port_count; k++)
			free(rules[i].ports[k].name);
		free(rules[i].peers);
		free(rules[i].ports);
	}
	free(rules);
}

static void policy_clear(struct network_policy *policy)
{
	free(policy->name);
	free(policy->namespace_name);
	selector_clear(&policy->pods);
	rules_free(policy->ingress, policy->ingress_count);
	rules_free(policy->egress, policy->egress_count);
}

void app_clear(struct app *app)
{
	free(app->project);
	free(app->home);
	free(app->folder);
	string_list_clear(&app->files);
	for (size_t i = 0; i < app->pod_count; i++)
		pod_clear(&app->pods[i]);
	free(app->pods);
	for (size_t i = 0; i < app->service_count; i++)
		service_clear(&app->services[i]);
	free(app->services);
	for (size_t i = 0; i < app->endpoint_set_count; i++)
		endpoint_set_clear(&app->endpoint_sets[i]);
	free(app->endpoint_sets);
	for (size_t i = 0; i < app->config_map_count; i++)
		config_clear(&app->config_maps[i]);
	free(app->config_maps);
	claims_free(app->claims, app->claim_count);
	objects_free(app->objects, app->object_count);
	for (size_t i = 0; i < app->policy_count; i++)
		policy_clear(&app->policies[i]);
	free(app->policies);
	for (size_t i = 0; i < app->network_count; i++)
		free(app->networks[i].name);
	free(app->networks);
	routes_free(app->routes, app->route_count);
	for (size_t i = 0; i < app->route_tls_count; i++)
		route_tls_clear(&app->route_tls[i]);
	free(app->route_tls);
	*app = (struct app){0};
}

const struct pod_spec *app_find_pod(const struct app *app, const char *name)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		if (strcmp(app->pods[i].name, name) == 0)
			return &app->pods[i];
	}
	return NULL;
}

const struct service *app_find_service(const struct app *app, const char *name)
{
	for (size_t i = 0; i < app->service_count; i++) {
		if (strcmp(app->services[i].name, name) == 0)
			return &app->services[i];
	}
	return NULL;
}

bool service_is_direct(const struct service *service)
{
	for (size_t i = 0; i < service->outside.endpoint_count; i++) {
		const struct outside_endpoint *one = &service->outside.endpoints[i];
		for (size_t p = 0; p < one->port_count; p++) {
			if (one->ports[p] != service->ports[p].port &&
			    service->kind != SERVICE_HEADLESS)
				return false;
		}
	}
	return true;
}

const struct config_map *app_find_config(const struct app *app, const char *name, bool is_secret)
{
	for (size_t i = 0; i < app->config_map_count; i++) {
		if (app->config_maps[i].is_secret == is_secret &&
		    strcmp(app->config_maps[i].name, name) == 0)
			return &app->config_maps[i];
	}
	return NULL;
}

const struct claim *app_find_claim(const struct app *app, const char *name)
{
	for (size_t i = 0; i < app->claim_count; i++) {
		if (strcmp(app->claims[i].name, name) == 0)
			return &app->claims[i];
	}
	return NULL;
}
