/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/plan_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "local/plan/pod_size.h"
#include "local/plan/service_slot.h"
#include "local/plan/volume_folder.h"
#include "manifest/pod_networks.h"
#include "manifest/pod_room.h"
#include "release/config.h"

static void add_claim(struct pod_plan *plan, const char *name, const struct claim *claim,
		      bool is_template, bool is_read_only)
{
	struct volume_plan *volume = ARRAY_APPEND(plan->volumes, plan->volume_count);
	volume->name = xstrdup(name);
	volume->claim = xstrdup(claim->name);
	volume->is_template = is_template;
	volume->size_bytes = claim->size_bytes;
	volume->is_read_only = is_read_only || claim->is_read_only;
	volume->is_shared = claim->is_shared && !is_template;
}

/* Whether all that mount the volume say readOnly: the host can then see to it. */
static bool is_only_read(const struct pod_spec *pod, const char *volume)
{
	bool is_mounted = false;

	for (size_t i = 0; i < pod->init_container_count + pod->container_count; i++) {
		const struct container_spec *container =
			i < pod->container_count ? &pod->containers[i]
						 : &pod->init_containers[i - pod->container_count];
		for (size_t k = 0; k < container->mount_count; k++) {
			if (strcmp(container->mounts[k].volume, volume) != 0)
				continue;
			if (!container->mounts[k].is_read_only)
				return false;
			is_mounted = true;
		}
	}
	return is_mounted;
}

static bool add_host_path(struct pod_plan *plan, const struct plan_input *input,
			  const struct pod_spec *pod, const struct volume *from, struct error *err)
{
	const struct host_path *found = host_paths_of(&input->host_paths, from);

	if (found == NULL)
		return error_set(err, ERROR_NOT_FOUND, "volume '%s': nobody looked at host path %s",
				 from->name, from->host_path);
	struct volume_plan *volume = ARRAY_APPEND(plan->volumes, plan->volume_count);
	volume->name = xstrdup(from->name);
	volume->is_file = found->is_file;
	volume->host_path = xstrdup(found->path);
	volume->is_read_only = is_only_read(pod, from->name);
	plan->is_dirty = true;
	return true;
}

static bool add_volumes(struct pod_plan *plan, const struct plan_input *input,
			const struct pod_spec *pod, struct error *err)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_HOST_PATH &&
		    !add_host_path(plan, input, pod, volume, err))
			return false;
		if (volume->kind != VOLUME_CLAIM)
			continue;
		const struct claim *claim = app_find_claim(input->app, volume->ref_name);
		if (claim == NULL)
			return error_set(err, ERROR_INVALID, "volume '%s': no claim '%s'",
					 volume->name, volume->ref_name);
		add_claim(plan, volume->name, claim, false, volume->is_read_only);
		struct volume_plan *made = &plan->volumes[plan->volume_count - 1];
		if (made->is_shared)
			made->host_path = volume_folder_path(input->app->project, claim->name);
	}
	for (size_t i = 0; i < pod->claim_template_count; i++)
		add_claim(plan, pod->claim_templates[i].name, &pod->claim_templates[i], true,
			  false);
	return true;
}

/* Of a Service that leads outside, where it leads. */
static void add_egress_name(struct egress_policy *to, const struct app *app, const char *name)
{
	const struct service *service = app_find_service(app, name);

	if (service != NULL && outside_is_given(&service->outside))
		outside_add_addresses(&service->outside, &to->cidrs);
	else
		string_list_add(&to->names, name);
}

static void copy_egress(struct egress_policy *to, const struct egress_policy *from,
			const struct app *app)
{
	to->is_restricted = from->is_restricted;
	to->has_internet = from->has_internet;
	to->has_host = from->has_host;
	string_list_copy(&to->cidrs, &from->cidrs);
	for (size_t i = 0; i < from->names.count; i++)
		add_egress_name(to, app, from->names.items[i]);
}

static void copy_traffic(struct traffic_policy *to, const struct traffic_policy *from)
{
	to->is_isolated = from->is_isolated;
	to->may_ask_names = from->may_ask_names;
	for (size_t i = 0; i < from->item_count; i++) {
		struct traffic_item *item = ARRAY_APPEND(to->items, to->item_count);
		*item = from->items[i];
		item->pod = xstrdup_or_null(item->pod);
		item->cidr = xstrdup_or_null(item->cidr);
	}
}

/* Whom it sees, and by which further names. */
static void add_neighbours(struct pod_plan *to, const struct app *app, const struct pod_spec *pod)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *other = &app->pods[i];
		if (!pods_share_network(pod, other))
			string_list_add(&to->hidden, other->name);
		for (size_t k = 0; k < other->network_count; k++) {
			const struct pod_network *network = &other->networks[k];
			for (size_t n = 0;
			     pod_is_in_network(pod, network->name) && n < network->aliases.count;
			     n++)
				*ARRAY_APPEND(to->peer_names, to->peer_name_count) =
					(struct peer_name){xstrdup(network->aliases.items[n]),
							   xstrdup(other->name)};
		}
	}
}

static void copy_waits(struct pod_plan *to, const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->wait_count; i++) {
		struct start_wait *made = ARRAY_APPEND(to->waits, to->wait_count);
		*made = pod->waits[i];
		made->pod = xstrdup(made->pod);
		made->mark = (struct source_mark){0};
	}
}

static bool add_pod(struct project_plan *plan, const struct plan_input *input, size_t index,
		    struct error *err)
{
	const struct pod_spec *pod = &input->app->pods[index];
	const struct disk_image *image = &input->disks[index];
	const struct boot_files *boot = &input->boots[index];
	AUTO(release_config_clear) struct release_config config = {0};
	AUTO(pod_plan_clear) struct pod_plan made = {0};

	if (!release_config_make(input->app, pod, &config, err) ||
	    !add_volumes(&made, input, pod, err))
		return error_prefix(err, "pod '%s'", pod->name);
	made.name = xstrdup(pod->name);
	made.kind_name = xstrdup(pod->cron.schedule != NULL ? "CronJob" : pod->kind_name);
	made.workload = pod->workload;
	made.replicas = pod->replicas;
	made.release = (struct release_id){image->digest, config.digest};
	made.image_path = xstrdup(image->path);
	made.image_bytes = image->size_bytes;
	made.kernel_path = xstrdup(boot->kernel_path);
	made.initrd_path = xstrdup(boot->initrd_path);
	made.cmdline = xstrdup(boot->cmdline);

	made.config_json = TAKE_PTR(config.json);
	pod_size_make(pod, &made.cpu_count, &made.memory_bytes);
	made.scratch_bytes = pod_room_bytes(pod);
	made.has_scratch_quota = pod_room_has_quota(pod);
	made.grace_s = pod->termination_grace_s;
	made.max_surge = pod->max_surge;
	made.max_unavailable = pod->max_unavailable;
	made.is_stateful = pod->is_stateful || pod->is_recreate;
	made.order = pod->start_order;
	made.partition = pod->partition;
	job_spec_copy(&made.job, &pod->job);
	cron_spec_copy(&made.cron, &pod->cron);
	made.restart_policy = pod->restart_policy;
	made.service_name = xstrdup_or_null(pod->service_name);
	copy_egress(&made.egress, &pod->egress, input->app);
	copy_traffic(&made.incoming, &pod->incoming);
	copy_traffic(&made.outgoing, &pod->outgoing);
	add_neighbours(&made, input->app, pod);
	copy_waits(&made, pod);
	/* Sidecars stay: they count as the others do. */
	for (size_t i = 0; i < pod->init_container_count; i++) {
		if (!pod->init_containers[i].is_sidecar)
			string_list_add(&made.init_containers, pod->init_containers[i].name);
	}
	*ARRAY_APPEND(plan->pods, plan->pod_count) = made;
	made = (struct pod_plan){0};
	return true;
}

/* Published on the developer's machine: a NodePort on its node port, others on the port itself. */
static uint16_t published_port(const struct service *service, const struct service_port *port)
{
	if (!service->is_published)
		return 0;
	return service->kind == SERVICE_NODE_PORT && port->node_port != 0 ? port->node_port
									  : port->port;
}

static bool is_probed_by_http(const struct pod_spec *pod, uint16_t port)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		const struct container_spec *container = &pod->containers[i];
		const struct probe *probes[] = {&container->startup, &container->readiness,
						&container->liveness};
		for (size_t k = 0; k < ARRAY_SIZE(probes); k++) {
			if (probes[k]->check.type == CHECK_HTTP && probes[k]->check.port == port)
				return true;
		}
	}
	return false;
}

/* Said by the port's protocol or name, or shown by a probe that asks it so. */
static bool speaks_http(const struct app *app, const struct service *service,
			const struct service_port *port)
{
	if (port->protocol == PROTOCOL_UDP)
		return false;
	if (port->inner == SERVICE_HTTP || port->inner == SERVICE_HTTPS ||
	    (port->name != NULL && strncmp(port->name, "http", 4) == 0))
		return true;
	for (size_t i = 0; i < service->pods.count; i++) {
		const struct pod_spec *pod = app_find_pod(app, service->pods.items[i]);
		if (pod != NULL && is_probed_by_http(pod, port->target_port))
			return true;
	}
	return false;
}

/*
 * "8080:80" of the short form: 8080 is this machine's number, and other pods know the program's own
 * as well, 80.
 */
static void add_inner_ports(struct service_plan *service)
{
	const size_t count = service->port_count;

	for (size_t i = 0; i < count; i++) {
		const struct port_plan from = service->ports[i];
		bool is_there = false;
		for (size_t k = 0; k < service->port_count; k++)
			is_there = is_there || (service->ports[k].port == from.target_port &&
						service->ports[k].is_udp == from.is_udp);
		if (is_there)
			continue;
		*ARRAY_APPEND(service->ports, service->port_count) =
			(struct port_plan){.port = from.target_port,
					   .target_port = from.target_port,
					   .is_udp = from.is_udp,
					   .is_http = from.is_http};
	}
}

static void add_service(struct project_plan *plan, const struct app *app,
			const struct service *service)
{
	struct service_plan *made = ARRAY_APPEND(plan->services, plan->service_count);

	made->name = xstrdup(service->name);
	made->is_headless = service->kind == SERVICE_HEADLESS;
	made->has_affinity = service->has_client_ip_affinity;
	made->publish_not_ready = service->publish_not_ready;
	string_list_copy(&made->pods, &service->pods);
	outside_copy(&made->outside, &service->outside);
	made->is_direct = service_is_direct(service);
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *from = &service->ports[i];
		struct port_plan *port = ARRAY_APPEND(made->ports, made->port_count);
		port->name = xstrdup_or_null(from->name);
		port->port = from->port;
		port->target_port = from->target_port;
		port->is_udp = from->protocol == PROTOCOL_UDP;
		port->is_http = speaks_http(app, service, from);
		port->host_port = published_port(service, from);
		port->host_ip = xstrdup_or_null(from->host_ip);
		port->is_asked_for = service->is_implied || service->kind != SERVICE_CLUSTER_IP;
	}
	if (service->is_implied)
		add_inner_ports(made);
}

static struct service_plan *service_for(struct project_plan *plan, const char *pod)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		if (strcmp(plan->services[i].name, pod) == 0)
			return &plan->services[i];
	}
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);
	service->name = xstrdup(pod);
	string_list_add(&service->pods, pod);
	return service;
}

static struct port_plan *find_port(struct service_plan *service, const struct plan_publish *publish)
{
	for (size_t i = 0; i < service->port_count; i++) {
		struct port_plan *port = &service->ports[i];
		if (port->target_port == publish->target_port && port->is_udp == publish->is_udp)
			return port;
	}
	return NULL;
}

/* An earlier one is for the same port of the same pod: "web:8080:80", "web:8081:80". */
static bool is_repeated(const struct plan_options *options, size_t index)
{
	const struct plan_publish *publish = &options->publishes[index];

	for (size_t i = 0; i < index; i++) {
		const struct plan_publish *other = &options->publishes[i];
		if (strcmp(other->pod, publish->pod) == 0 && other->is_udp == publish->is_udp &&
		    other->target_port == publish->target_port)
			return true;
	}
	return false;
}

/*
 * Where a port of the pod is published; one more where the manifest does not publish it, or where
 * it is said twice.
 */
static void publish(struct project_plan *plan, const struct plan_options *options, size_t index)
{
	const struct plan_publish *wanted = &options->publishes[index];
	struct service_plan *service = service_for(plan, wanted->pod);
	struct port_plan *port = find_port(service, wanted);

	if (port == NULL || is_repeated(options, index)) {
		port = ARRAY_APPEND(service->ports, service->port_count);
		*port = (struct port_plan){.port = wanted->host_port,
					   .target_port = wanted->target_port,
					   .is_udp = wanted->is_udp};
	}
	port->host_port = wanted->host_port;
	port->is_asked_for = true;
}

static bool apply_options(struct project_plan *plan, const struct plan_options *options,
			  struct error *err)
{
	for (size_t i = 0; i < options->scale_count; i++) {
		struct pod_plan *pod = project_plan_pod(plan, options->scales[i].pod);
		if (pod != NULL && !pod_plan_scale(pod, options->scales[i].replicas, err))
			return error_prefix(err, "--scale");
	}
	for (size_t i = 0; i < options->publish_count; i++)
		publish(plan, options, i);
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (options->memory_bytes > 0)
			plan->pods[i].memory_bytes = options->memory_bytes;
		if (options->cpu_count > 0)
			plan->pods[i].cpu_count = options->cpu_count;
	}
	return true;
}

static void add_proxy(struct project_plan *plan, const struct plan_input *input,
		      const struct plan_options *options)
{
	struct proxy_plan *proxy = &plan->proxy;
	bool has_https = input->certificates != NULL && input->certificates->count > 0;

	for (size_t i = 0; i < input->app->route_count; i++)
		route_copy(ARRAY_APPEND(proxy->routes, proxy->route_count), &input->app->routes[i]);
	for (unsigned i = 0; i < PROXY_FRONTS && proxy->route_count > 0; i++) {
		if (i == PROXY_HTTPS && !has_https)
			continue;
		uint16_t asked = options->route_ports[i];
		proxy->ports[i].is_asked_for = asked != 0;
		proxy->ports[i].host_port = asked != 0 ? asked : proxy_front_ports[i];
	}
	if (has_https && proxy->route_count > 0)
		string_list_copy(&proxy->certificates, input->certificates);
}

static bool unknown_pod(const struct app *app, const char *option, const char *pod,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < app->pod_count; i++)
		string_list_add(&known, app->pods[i].name);
	error_set(err, ERROR_USAGE, "%s: there is no pod '%s'", option, pod);
	return suggest_hint(err, pod, &known);
}

bool plan_options_check(const struct plan_options *options, const struct app *app,
			struct error *err)
{
	for (size_t i = 0; i < options->scale_count; i++) {
		if (app_find_pod(app, options->scales[i].pod) == NULL)
			return unknown_pod(app, "--scale", options->scales[i].pod, err);
	}
	for (size_t i = 0; i < options->publish_count; i++) {
		if (app_find_pod(app, options->publishes[i].pod) == NULL)
			return unknown_pod(app, "--publish", options->publishes[i].pod, err);
	}
	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		bool is_there =
			app->route_count > 0 && (i == PROXY_HTTP || app->route_tls_count > 0);
		if (options->route_ports[i] != 0 && !is_there)
			return error_set(err, ERROR_USAGE, "--publish %s:%u: no route of %s",
					 proxy_front_words[i], (unsigned)options->route_ports[i],
					 proxy_front_words[i]);
	}
	return true;
}

bool project_plan_make(const struct plan_input *input, const struct plan_options *options,
		       struct project_plan *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (!plan_options_check(options, input->app, err))
		return false;
	plan.project = xstrdup(input->app->project);
	plan.folder = xstrdup(input->app->folder);
	plan.uri = xstrdup_or_null(options->uri);
	plan.accel = xstrdup(options->accel);
	plan.firmware = xstrdup(options->firmware);
	plan.is_cold = options->is_cold;
	plan.bind = xstrdup(options->bind);
	plan.metrics = xstrdup_or_null(options->metrics);
	for (size_t i = 0; i < input->app->pod_count; i++) {
		if ((input->is_wanted == NULL || input->is_wanted[i]) &&
		    !add_pod(&plan, input, i, err))
			return false;
	}
	for (size_t i = 0; i < input->app->service_count; i++)
		add_service(&plan, input->app, &input->app->services[i]);
	add_proxy(&plan, input, options);
	if (!apply_options(&plan, options, err) || !service_slots_fill(&plan, input->before, err))
		return false;
	*ret = plan;
	plan = (struct project_plan){0};
	return true;
}
