/* SPDX-License-Identifier: Apache-2.0 */
/* What can only be checked when everything has been read: between objects. */
#include "manifest/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/check_pod.h"
#include "manifest/egress.h"
#include "manifest/loader.h"
#include "manifest/start_wait.h"

/* An object by its name, for finding two of one name. */
struct named {
	const char *name;
	const char *space; /* namespace; or NULL */
	const struct source_mark *mark;
	size_t order;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *left = a;
	const struct named *right = b;
	int order = strcmp(left->name, right->name);
	if (order != 0)
		return order;
	return left->order < right->order ? -1 : 1;
}

static bool is_elsewhere(const struct named *one, const struct named *other)
{
	return one->space != NULL && other->space != NULL && strcmp(one->space, other->space) != 0;
}

/* Two of one name in one file. */
static void say_another(struct loader *loader, const char *what, const struct named *one,
			const struct named *other)
{
	loader_error_at_as(loader, PROBLEM_DUPLICATE, one->mark,
			   is_elsewhere(one, other) ? "-n NAMESPACE reads one of them alone"
						    : "rename one of them",
			   "there is another %s '%s', in line %u", what, one->name,
			   other->mark->line);
}

/*
 * Files that each have one of the same name are mostly ways to run one thing (dev.yml, prod.yml):
 * all are named, once.
 */
static void say_alternatives(struct loader *loader, const char *what, const struct named *list,
			     size_t count)
{
	enum { SHOWN = 8 };
	AUTO(string_list_clear) struct string_list places = STRING_LIST_INIT;

	for (size_t i = 0; i < count && i < SHOWN; i++) {
		AUTO_FREE char *place = xasprintf(
			"%s:%u", list[i].mark->file ? list[i].mark->file : "", list[i].mark->line);
		string_list_add(&places, place);
	}
	AUTO_FREE char *where = string_list_join(&places, ", ");
	AUTO_FREE char *hint =
		is_elsewhere(&list[0], &list[1])
			? xstrdup("-n NAMESPACE reads one of them alone")
			: xasprintf("choose: -f %.200s alone, or rename the others",
				    list[0].mark->file ? list[0].mark->file : "FILE");
	loader_error_at_as(loader, PROBLEM_DUPLICATE, list[1].mark, hint,
			   "%zu files have a %s '%s': %s%s", count, what, list[0].name, where,
			   count > SHOWN ? " …" : "");
}

static bool is_same_file(const struct named *one, const struct named *other)
{
	return one->mark->file == other->mark->file;
}

/* Sorts list. Names that are missing were reported before. */
static void check_unique(struct loader *loader, const char *what, struct named *list, size_t count)
{
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_named);
	for (size_t first = 0, end; first < count; first = end) {
		bool is_spread = true; /* each in a file of its own */
		for (end = first + 1; end < count && strcmp(list[end].name, list[first].name) == 0;
		     end++)
			is_spread = is_spread && !is_same_file(&list[end], &list[end - 1]);
		if (end == first + 1 || list[first].name[0] == '\0')
			continue;
		if (is_spread) {
			say_alternatives(loader, what, &list[first], end - first);
			continue;
		}
		for (size_t i = first + 1; i < end; i++) {
			if (is_same_file(&list[i], &list[i - 1]))
				say_another(loader, what, &list[i], &list[i - 1]);
			else
				say_alternatives(loader, what, &list[i - 1], 2);
		}
	}
}

#define CHECK_UNIQUE(loader, what, array, array_count, namespace, condition)                       \
	do {                                                                                       \
		AUTO_FREE struct named *list = xcalloc((array_count) + 1, sizeof(*list));          \
		size_t used = 0;                                                                   \
		for (size_t i = 0; i < (array_count); i++) {                                       \
			if (condition)                                                             \
				list[used++] = (struct named){.name = (array)[i].name,             \
							      .space = namespace,                  \
							      .mark = &(array)[i].mark,            \
							      .order = i};                         \
		}                                                                                  \
		check_unique(loader, what, list, used);                                            \
	} while (false)

static void check_names(struct loader *loader)
{
	const struct app *app = loader->app;
	CHECK_UNIQUE(loader, "pod", app->pods, app->pod_count, app->pods[i].namespace_name, true);
	CHECK_UNIQUE(loader, "Service", app->services, app->service_count,
		     app->services[i].namespace_name, true);
	CHECK_UNIQUE(loader, "ConfigMap", app->config_maps, app->config_map_count,
		     app->config_maps[i].namespace_name, !app->config_maps[i].is_secret);
	CHECK_UNIQUE(loader, "Secret", app->config_maps, app->config_map_count,
		     app->config_maps[i].namespace_name, app->config_maps[i].is_secret);
	CHECK_UNIQUE(loader, "PersistentVolumeClaim", app->claims, app->claim_count, NULL, true);
}

static void check_service_ports(struct loader *loader, const struct service *service)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		if (!service->is_implied && service->port_count > 1 && port->name == NULL)
			loader_error_at(loader, &port->mark, "- name: http",
					"Service '%s': port %u has no name, and there are several",
					service->name, (unsigned)port->port);
		for (size_t k = 0; k < i; k++) {
			const struct service_port *other = &service->ports[k];
			if (port->port != 0 && other->port == port->port &&
			    other->protocol == port->protocol)
				loader_error_at_as(loader, PROBLEM_DUPLICATE, &port->mark,
						   "remove one of them",
						   "%s '%s': port %u is there twice",
						   service->is_implied ? "pod" : "Service",
						   service->name, (unsigned)port->port);
			if (port->name != NULL && other->name != NULL &&
			    strcmp(port->name, other->name) == 0)
				loader_error_at_as(loader, PROBLEM_DUPLICATE, &port->mark,
						   "rename one of them",
						   "Service '%s': two ports are called '%s'",
						   service->name, port->name);
		}
	}
}

/* One number is one port of the machine, whichever Service it is of. */
static void check_node_ports(struct loader *loader)
{
	enum { PORTS = 65536 };
	const struct app *app = loader->app;
	AUTO_FREE const struct service **owners = xcalloc((size_t)2 * PORTS, sizeof(*owners));
	for (size_t i = 0; i < app->service_count; i++) {
		const struct service *service = &app->services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			const struct service_port *port = &service->ports[k];
			size_t at = port->node_port;
			at += port->protocol == PROTOCOL_UDP ? (size_t)PORTS : 0;
			if (port->node_port == 0)
				continue;
			if (owners[at] != NULL)
				loader_error_at_as(loader, PROBLEM_DUPLICATE, &port->mark,
						   "take another number, or none",
						   "nodePort %u of Service '%s' is that of Service "
						   "'%s' already",
						   (unsigned)port->node_port, service->name,
						   owners[at]->name);
			owners[at] = service;
		}
	}
}

/* On a developer's machine; load balancers of a cloud have an address each. */
static void check_published_ports(struct loader *loader)
{
	enum { PORTS = 65536 };
	const struct app *app = loader->app;
	AUTO_FREE const struct service **owners = xcalloc((size_t)2 * PORTS, sizeof(*owners));
	for (size_t i = 0; i < app->service_count; i++) {
		const struct service *service = &app->services[i];
		bool is_asked_for = service->is_published &&
				    (service->is_implied || service->kind != SERVICE_CLUSTER_IP);
		for (size_t k = 0; k < service->port_count && is_asked_for; k++) {
			const struct service_port *port = &service->ports[k];
			size_t at = port->port;
			at += port->protocol == PROTOCOL_UDP ? (size_t)PORTS : 0;
			if (port->node_port != 0 || port->host_ip != NULL)
				continue;
			if (owners[at] != NULL)
				loader_warn_at(loader, &port->mark,
					       "port %u is published for '%s' already: up wants "
					       "--publish %s:OTHER:%u",
					       (unsigned)port->port, owners[at]->name,
					       service->name, (unsigned)port->target_port);
			owners[at] = service;
		}
	}
}

static bool has_writing_mount(const struct container_spec *containers, size_t count,
			      const char *volume)
{
	for (size_t c = 0; c < count; c++) {
		for (size_t i = 0; i < containers[c].mount_count; i++) {
			const struct volume_mount *mount = &containers[c].mounts[i];
			if (!mount->is_read_only && strcmp(mount->volume, volume) == 0)
				return true;
		}
	}
	return false;
}

/* A disk that is only mounted to be read is given to the VM to be read. */
static void find_readers(struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		struct volume *volume = &pod->volumes[i];
		bool is_written =
			has_writing_mount(pod->containers, pod->container_count, volume->name) ||
			has_writing_mount(pod->init_containers, pod->init_container_count,
					  volume->name);
		if (volume->kind == VOLUME_CLAIM && !is_written)
			volume->is_read_only = true;
	}
}

static bool uses_claim(const struct pod_spec *pod, const char *claim)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_CLAIM && !volume->is_read_only &&
		    volume->ref_name != NULL && strcmp(volume->ref_name, claim) == 0)
			return true;
	}
	return false;
}

/* VMs that have the claim; *ret_writers: of them, those that write to it. */
static uint64_t count_users(const struct app *app, const char *claim, uint64_t *ret_writers)
{
	uint64_t users = 0;

	*ret_writers = 0;
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		uint64_t vms = pod->replicas > 0 ? pod->replicas : 1;
		bool has_it = false;
		for (size_t k = 0; k < pod->volume_count; k++)
			has_it = has_it || (pod->volumes[k].kind == VOLUME_CLAIM &&
					    pod->volumes[k].ref_name != NULL &&
					    strcmp(pod->volumes[k].ref_name, claim) == 0);
		users += has_it ? vms : 0;
		*ret_writers += uses_claim(pod, claim) ? vms : 0;
	}
	return users;
}

/* A claim is one disk, and a disk is written by one VM at a time; or it is said to be shared. */
static void check_claim_users(struct loader *loader, struct claim *claim)
{
	struct app *app = loader->app;
	const struct pod_spec *first = NULL;
	uint64_t writers = 0;
	uint64_t users = count_users(app, claim->name, &writers);

	claim->is_shared = claim->is_many && users > 1 && writers > 0;
	if (claim->is_shared)
		return;
	for (size_t i = 0; i < app->pod_count && !claim->is_read_only; i++) {
		struct pod_spec *pod = &app->pods[i];
		if (!uses_claim(pod, claim->name))
			continue;
		/* The new pod cannot have the disk before the old one has gone. */
		pod->is_recreate = true;
		if (pod->replicas > 1)
			loader_error_at(
				loader, &pod->replicas_mark,
				"replicas: 1, a StatefulSet with volumeClaimTemplates (a disk for "
				"each), or accessModes: [ReadWriteMany] (a folder for all)",
				"pod '%s': %u replicas cannot write to the one disk of "
				"claim '%s'",
				pod->name, pod->replicas, claim->name);
		if (first != NULL)
			loader_error_at(loader, &pod->mark,
					"give each its own claim, readOnly: true, or accessModes: "
					"[ReadWriteMany]: a folder for all",
					"pods '%s' and '%s' cannot both write to the disk of claim "
					"'%s'",
					first->name, pod->name, claim->name);
		first = pod;
	}
}

static void check_stateful(struct loader *loader, const struct pod_spec *pod)
{
	if (pod->is_stateful && pod->replicas > 1 && strcmp(pod->kind_name, "i2kit") == 0)
		loader_error_at(loader, &pod->replicas_mark, "replicas: 1, or a StatefulSet",
				"pod '%s': a stateful pod has one replica, not %u", pod->name,
				pod->replicas);
	if (pod->service_name != NULL && pod->service_name[0] != '\0' &&
	    app_find_service(loader->app, pod->service_name) == NULL && !loader->has_lost)
		loader_warn_at(loader, &pod->service_name_mark,
			       "StatefulSet '%s': there is no Service '%s', so names such as "
			       "%s-0.%s do not resolve",
			       pod->name, pod->service_name, pod->name, pod->service_name);
}

static void check_restart(struct loader *loader, const struct pod_spec *pod)
{
	if (pod->workload == WORKLOAD_JOB && pod->restart_policy == RESTART_ALWAYS)
		loader_error_at(loader, &pod->restart_mark, "restartPolicy: Never, or OnFailure",
				"Job '%s': a Job ends, so its restartPolicy cannot be Always",
				pod->name);
	bool is_replicated =
		pod->workload == WORKLOAD_DEPLOYMENT || pod->workload == WORKLOAD_STATEFUL_SET;
	/* What a Compose service is that says nothing: it ends, however many there are. */
	bool may_end = strcmp(pod->kind_name, "Compose") == 0;
	if (is_replicated && !may_end && pod->restart_policy != RESTART_ALWAYS)
		loader_error_at(loader, &pod->restart_mark, "a Pod or a Job may end",
				"%s '%s': restartPolicy is Always, or left out",
				strcmp(pod->kind_name, "i2kit") == 0 ? "pod" : pod->kind_name,
				pod->name);
}

void check_app(struct loader *loader)
{
	struct app *app = loader->app;

	check_names(loader);
	check_node_ports(loader);
	check_published_ports(loader);
	for (size_t i = 0; i < app->pod_count; i++)
		find_readers(&app->pods[i]);
	for (size_t i = 0; i < app->service_count; i++)
		check_service_ports(loader, &app->services[i]);
	for (size_t i = 0; i < app->claim_count; i++)
		check_claim_users(loader, &app->claims[i]);
	for (size_t i = 0; i < app->pod_count; i++) {
		check_stateful(loader, &app->pods[i]);
		check_restart(loader, &app->pods[i]);
		check_pod(loader, &app->pods[i]);
		check_egress(loader, &app->pods[i]);
	}
	check_start_waits(loader);
}
