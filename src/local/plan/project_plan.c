/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/project_plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/config.h"

static void pod_clear(struct pod_plan *pod)
{
	free(pod->name);
	free(pod->kind_name);
	free(pod->image_path);
	free(pod->kernel_path);
	free(pod->initrd_path);
	free(pod->cmdline);
	free(pod->config_json);
	free(pod->service_name);
	string_list_clear(&pod->init_containers);
	for (size_t i = 0; i < pod->volume_count; i++) {
		free(pod->volumes[i].name);
		free(pod->volumes[i].claim);
		free(pod->volumes[i].host_path);
	}
	free(pod->volumes);
}

void project_plan_clear(struct project_plan *plan)
{
	free(plan->project);
	free(plan->folder);
	free(plan->uri);
	free(plan->accel);
	free(plan->firmware);
	free(plan->bind);
	for (size_t i = 0; i < plan->pod_count; i++)
		pod_clear(&plan->pods[i]);
	free(plan->pods);
	for (size_t i = 0; i < plan->service_count; i++) {
		struct service_plan *service = &plan->services[i];
		free(service->name);
		string_list_clear(&service->pods);
		for (size_t k = 0; k < service->port_count; k++)
			free(service->ports[k].name);
		free(service->ports);
	}
	free(plan->services);
	*plan = (struct project_plan){0};
}

#define MIB(n) ((uint64_t)(n) << 20)

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void pod_plan_size(const struct pod_spec *pod, unsigned *ret_cpus, uint64_t *ret_memory_bytes,
		   uint64_t *ret_scratch_bytes)
{
	/* What the kernel, init and an idle runtime take beside the containers. */
	const uint64_t system_bytes = MIB(64);
	const uint64_t default_bytes = MIB(128);
	uint64_t cpu_millis = 0;
	uint64_t memory = 0;
	uint64_t scratch = 0;
	bool has_memory = false;

	for (size_t i = 0; i < pod->container_count; i++) {
		const struct resources *r = &pod->containers[i].resources;
		uint64_t bytes =
			r->memory_limit_bytes ? r->memory_limit_bytes : r->memory_request_bytes;
		cpu_millis += r->cpu_limit_millis ? r->cpu_limit_millis : r->cpu_request_millis;
		has_memory = has_memory || bytes > 0;
		memory += bytes > 0 ? bytes : MIB(64);
		scratch += most(r->ephemeral_limit_bytes, r->ephemeral_request_bytes);
	}
	memory = has_memory ? memory + system_bytes
			    : most(default_bytes, MIB(64) + MIB(64) * pod->container_count);
	*ret_cpus = cpu_millis == 0 ? 1 : (unsigned)((cpu_millis + 999) / 1000);
	if (*ret_cpus > 64)
		*ret_cpus = 64;
	*ret_memory_bytes = (most(memory, MIB(96)) + MIB(1) - 1) & ~(MIB(1) - 1);
	*ret_scratch_bytes = scratch;
}

static void add_claim(struct pod_plan *plan, const char *name, const struct claim *claim,
		      bool is_template, bool is_read_only)
{
	struct volume_plan *volume = ARRAY_APPEND(plan->volumes, plan->volume_count);
	volume->name = xstrdup(name);
	volume->claim = xstrdup(claim->name);
	volume->is_template = is_template;
	volume->size_bytes = claim->size_bytes;
	volume->is_read_only = is_read_only || claim->is_read_only;
}

static bool add_host_path(struct pod_plan *plan, const struct app *app, const struct volume *from,
			  struct error *err)
{
	AUTO_FREE char *joined = from->host_path[0] == '/'
					 ? xstrdup(from->host_path)
					 : path_join(app->folder, from->host_path);
	bool may_create = from->host_path_type != NULL &&
			  strcmp(from->host_path_type, "DirectoryOrCreate") == 0;
	if (may_create && !path_make_folders(joined, 0755, err))
		return error_prefix(err, "volume '%s'", from->name);
	AUTO_FREE char *real = realpath(joined, NULL);
	struct stat status;
	if (real == NULL) {
		error_set(err, ERROR_NOT_FOUND, "volume '%s': host path %s does not exist",
			  from->name, joined);
		return error_hint(err, "create it, or say type: DirectoryOrCreate");
	}
	struct volume_plan *volume = ARRAY_APPEND(plan->volumes, plan->volume_count);
	volume->name = xstrdup(from->name);
	volume->is_file = stat(real, &status) == 0 && S_ISREG(status.st_mode);
	volume->host_path = TAKE_PTR(real);
	plan->is_dirty = true;
	return true;
}

/* Sharing a file would mean sharing its folder, and the guest is not trusted with that. */
bool volume_plan_is_pushed(const struct volume_plan *volume, bool is_session)
{
	return volume->host_path != NULL && (is_session || volume->is_file);
}

static bool add_volumes(struct pod_plan *plan, const struct app *app, const struct pod_spec *pod,
			struct error *err)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_HOST_PATH && !add_host_path(plan, app, volume, err))
			return false;
		if (volume->kind != VOLUME_CLAIM)
			continue;
		const struct claim *claim = app_find_claim(app, volume->ref_name);
		if (claim == NULL)
			return error_set(err, ERROR_INVALID, "volume '%s': no claim '%s'",
					 volume->name, volume->ref_name);
		add_claim(plan, volume->name, claim, false, volume->is_read_only);
	}
	for (size_t i = 0; i < pod->claim_template_count; i++)
		add_claim(plan, pod->claim_templates[i].name, &pod->claim_templates[i], true,
			  false);
	return true;
}

bool project_plan_add_pod(struct project_plan *plan, const struct app *app,
			  const struct pod_spec *pod, const struct disk_image *image,
			  const struct boot_files *boot, struct error *err)
{
	AUTO(release_config_clear) struct release_config config = {0};
	AUTO(pod_clear) struct pod_plan made = {0};

	if (!release_config_make(app, pod, &config, err) || !add_volumes(&made, app, pod, err))
		return error_prefix(err, "pod '%s'", pod->name);
	made.name = xstrdup(pod->name);
	made.kind_name = xstrdup(pod->kind_name);
	made.workload = pod->workload;
	made.replicas = pod->replicas;
	memcpy(made.image_digest, image->digest, DIGEST_SIZE);
	made.image_path = xstrdup(image->path);
	made.image_bytes = image->size_bytes;
	made.kernel_path = xstrdup(boot->kernel_path);
	made.initrd_path = xstrdup(boot->initrd_path);
	made.cmdline = xstrdup(boot->cmdline);
	memcpy(made.config_digest, config.digest, DIGEST_SIZE);
	made.config_json = TAKE_PTR(config.json);
	pod_plan_size(pod, &made.cpu_count, &made.memory_bytes, &made.scratch_bytes);
	made.grace_s = pod->termination_grace_s;
	made.max_surge = pod->max_surge;
	made.is_stateful = pod->is_stateful || pod->is_recreate;
	made.restart_policy = pod->restart_policy;
	made.service_name = xstrdup_or_null(pod->service_name);
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
			if (probes[k]->kind == CHECK_HTTP && probes[k]->port == port)
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

void project_plan_add_service(struct project_plan *plan, const struct app *app,
			      const struct service *service)
{
	struct service_plan *made = ARRAY_APPEND(plan->services, plan->service_count);

	made->name = xstrdup(service->name);
	made->is_headless = service->kind == SERVICE_HEADLESS;
	made->has_affinity = service->has_client_ip_affinity;
	made->publish_not_ready = service->publish_not_ready;
	string_list_copy(&made->pods, &service->pods);
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *from = &service->ports[i];
		struct port_plan *port = ARRAY_APPEND(made->ports, made->port_count);
		port->name = xstrdup_or_null(from->name);
		port->port = from->port;
		port->target_port = from->target_port;
		port->is_udp = from->protocol == PROTOCOL_UDP;
		port->is_http = speaks_http(app, service, from);
		port->host_port = published_port(service, from);
		port->is_asked_for = service->is_implied || service->kind != SERVICE_CLUSTER_IP;
	}
}

char *project_plan_path(const char *project)
{
	AUTO_FREE char *below = xasprintf("projects/%s/plan.json", project);
	return path_folder(PATH_STATE, below);
}

const struct pod_plan *project_plan_find(const struct project_plan *plan, const char *pod)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (strcmp(plan->pods[i].name, pod) == 0)
			return &plan->pods[i];
	}
	return NULL;
}
