/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_build.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/project.h"
#include "image/pod/image.h"
#include "image/store/store.h"
#include "local/client/port_check.h"
#include "local/plan/service_slot.h"
#include "local/ports/socket_address.h"
#include "local/vm/volume_disk.h"

static struct pod_plan *find_pod(struct project_plan *plan, const char *name, size_t length)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (strlen(plan->pods[i].name) == length &&
		    strncmp(plan->pods[i].name, name, length) == 0)
			return &plan->pods[i];
	}
	return NULL;
}

/* --scale web=3 */
static bool apply_scale(struct project_plan *plan, const struct string_list *scales,
			struct error *err)
{
	for (size_t i = 0; scales != NULL && i < scales->count; i++) {
		const char *text = scales->items[i];
		const char *equals = strchr(text, '=');
		uint64_t replicas = 0;
		if (equals == NULL || !parse_u64(equals + 1, 0, 1000, &replicas))
			return error_set(err, ERROR_USAGE, "--scale: '%s' is not POD=N", text);
		struct pod_plan *pod = find_pod(plan, text, (size_t)(equals - text));
		if (pod == NULL)
			return error_set(err, ERROR_USAGE, "--scale: there is no pod '%.*s'",
					 (int)(equals - text), text);
		if (pod->is_stateful && replicas > 1 && pod->workload != WORKLOAD_STATEFUL_SET)
			return error_set(err, ERROR_USAGE, "--scale: pod '%s' is stateful: 0 or 1",
					 pod->name);
		pod->replicas = (uint32_t)replicas;
	}
	return true;
}

static struct service_plan *service_for(struct project_plan *plan, const struct pod_plan *pod)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		if (strcmp(plan->services[i].name, pod->name) == 0)
			return &plan->services[i];
	}
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);
	service->name = xstrdup(pod->name);
	string_list_add(&service->pods, pod->name);
	return service;
}

/* A name would have to be looked up each time; what is meant by localhost is the default. */
static bool take_bind(const char *wanted, char **ret, struct error *err)
{
	struct socket_address address;

	if (wanted != NULL && !socket_address_make(wanted, 0, &address, NULL)) {
		error_set(err, ERROR_USAGE, "--bind: '%s' is no IPv4 or IPv6 address", wanted);
		return error_hint(err, "--bind 0.0.0.0, --bind ::1; without it ports are published "
				       "on 127.0.0.1 and ::1, which is localhost");
	}
	*ret = xstrdup(wanted != NULL ? wanted : "127.0.0.1");
	return true;
}

/* Services keep the addresses they have in what is up. */
static bool keep_addresses(struct project_plan *plan, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	bool has_before = project_plan_load(plan->project, &before, &absent);

	return service_slots_fill(plan, has_before ? &before : NULL, err);
}

static struct port_plan *find_published(struct service_plan *service, uint16_t target, bool is_udp)
{
	for (size_t i = 0; i < service->port_count; i++) {
		struct port_plan *port = &service->ports[i];
		if (port->target_port == target && port->is_udp == is_udp)
			return port;
	}
	return NULL;
}

/* An earlier one is for the same port of the same pod: "web:8080:80", "web:8081:80". */
static bool is_repeated(const struct string_list *publishes, size_t index)
{
	const char *pod = publishes->items[index];
	const char *target = strrchr(pod, ':');

	for (size_t i = 0; i < index; i++) {
		const char *other = publishes->items[i];
		const char *other_target = strrchr(other, ':');
		if (target != NULL && other_target != NULL && strcmp(target, other_target) == 0 &&
		    strcspn(pod, ":") == strcspn(other, ":") &&
		    strncmp(pod, other, strcspn(pod, ":")) == 0)
			return true;
	}
	return false;
}

/*
 * --publish web:8080:80[/udp]: where a port of the pod is published; one more where the manifest
 * does not publish it, or where it is said twice.
 */
static bool apply_publish(struct project_plan *plan, const struct string_list *publishes,
			  struct error *err)
{
	for (size_t i = 0; publishes != NULL && i < publishes->count; i++) {
		AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
		AUTO_FREE char *text = xstrdup(publishes->items[i]);
		char *slash = strchr(text, '/');
		uint16_t host = 0;
		uint16_t target = 0;
		bool is_udp = slash != NULL && strcmp(slash, "/udp") == 0;
		bool has_protocol = slash == NULL || is_udp || strcmp(slash, "/tcp") == 0;
		if (slash != NULL)
			*slash = '\0';
		string_list_split(&parts, text, ':');
		if (!has_protocol || parts.count != 3 || !parse_port(parts.items[1], &host) ||
		    !parse_port(parts.items[2], &target))
			return error_set(err, ERROR_USAGE,
					 "--publish: '%s' is not POD:LOCAL:PORT[/udp]",
					 publishes->items[i]);
		const struct pod_plan *pod = project_plan_find(plan, parts.items[0]);
		if (pod == NULL)
			return error_set(err, ERROR_USAGE, "--publish: there is no pod '%s'",
					 parts.items[0]);
		struct service_plan *service = service_for(plan, pod);
		struct port_plan *moved = find_published(service, target, is_udp);
		if (moved != NULL && !is_repeated(publishes, i)) {
			moved->host_port = host;
			moved->is_asked_for = true;
			continue;
		}
		struct port_plan *port = ARRAY_APPEND(service->ports, service->port_count);
		*port = (struct port_plan){.port = host,
					   .target_port = target,
					   .is_udp = is_udp,
					   .host_port = host,
					   .is_asked_for = true};
	}
	return true;
}

static bool apply_sizes(struct project_plan *plan, const struct arguments *args, struct error *err)
{
	const char *memory = arguments_value(args, "memory");
	const char *cpus = arguments_value(args, "cpus");
	uint64_t bytes = 0;
	uint64_t count = 0;

	if (memory != NULL && (!parse_size_bytes(memory, &bytes) || bytes < (uint64_t)64 << 20))
		return error_set(err, ERROR_USAGE, "--memory: '%s' is no size of at least 64M",
				 memory);
	if (cpus != NULL && !parse_u64(cpus, 1, 64, &count))
		return error_set(err, ERROR_USAGE, "--cpus: '%s' is no number from 1 to 64", cpus);
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (memory != NULL)
			plan->pods[i].memory_bytes = bytes;
		if (cpus != NULL)
			plan->pods[i].cpu_count = (unsigned)count;
	}
	return true;
}

static bool choose(const struct arguments *args, const char *option, const char *words,
		   const char *default_word, char **ret, struct error *err)
{
	const char *value = arguments_value(args, option);
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	string_list_split(&list, words, '|');
	if (value != NULL && !string_list_has(&list, value))
		return error_set(err, ERROR_USAGE, "--%s is one of %s, not '%s'", option, words,
				 value);
	*ret = xstrdup(value != NULL ? value : default_word);
	return true;
}

static bool read_app(const struct invocation *invocation, struct app *app, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	bool is_good = manifest_files_read(invocation, app, &problems, err);
	manifest_files_print(invocation, &problems, false);
	if (is_good && app->pod_count == 0) {
		error_set(err, ERROR_NOT_FOUND, "the manifests have no pod");
		return error_hint(err, "i2kit init writes a first one");
	}
	return is_good;
}

static bool build_pods(const struct invocation *invocation, const struct app *app,
		       const struct progress *progress, struct project_plan *plan,
		       struct error *err)
{
	static const char *const policies[] = {[PULL_IF_NOT_PRESENT] = "missing",
					       [PULL_ALWAYS] = "always",
					       [PULL_NEVER] = "never"};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	const char *pull = arguments_value(invocation->args, "pull");
	const struct string_list *insecure =
		arguments_values(invocation->args, "insecure-registry");
	struct image_options options = {
		.base = arguments_value(invocation->args, "base"),
		.folder = app->folder,
		.insecure_registries =
			insecure != NULL ? (const char *const *)insecure->items : NULL,
	};

	for (size_t i = 0; pull != NULL && i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i], pull) == 0) {
			options.has_pull = true;
			options.pull = (enum pull_policy)i;
		}
	}
	if (pull != NULL && !options.has_pull)
		return error_set(err, ERROR_USAGE, "--pull is always, missing or never, not '%s'",
				 pull);
	for (size_t i = 0; store != NULL && i < app->pod_count; i++) {
		AUTO(disk_image_clear) struct disk_image image = {0};
		AUTO(boot_files_clear) struct boot_files boot = {0};
		if (!image_build(store, &app->pods[i], &options, progress, &image, err) ||
		    !image_boot_files(store, &image, &boot, err) ||
		    !project_plan_add_pod(plan, app, &app->pods[i], &image, &boot, err))
			return false;
	}
	return store != NULL;
}

bool project_build(const struct invocation *invocation, const struct progress *progress,
		   struct project_plan *ret, struct project_identity *ret_identity,
		   struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO(project_plan_clear) struct project_plan plan = {0};
	const struct arguments *args = invocation->args;

	if (!read_app(invocation, &app, err))
		return false;
	/* Before the work of building: whether the name is to be had. */
	project_identity_of(invocation, &app, &identity);
	if (!project_identity_check(&identity, err) ||
	    !choose(args, "accel", "auto|kvm|tcg", "auto", &plan.accel, err) ||
	    !choose(args, "firmware", "direct|bios|uefi", "direct", &plan.firmware, err))
		return false;
	plan.project = xstrdup(app.project);
	plan.folder = xstrdup(app.folder);
	plan.uri = xstrdup_or_null(arguments_value(args, "connect"));
	if (!take_bind(arguments_value(args, "bind"), &plan.bind, err) ||
	    !build_pods(invocation, &app, progress, &plan, err))
		return false;
	for (size_t i = 0; i < app.service_count; i++)
		project_plan_add_service(&plan, &app, &app.services[i]);
	if (!apply_scale(&plan, arguments_values(args, "scale"), err) ||
	    !apply_publish(&plan, arguments_values(args, "publish"), err) ||
	    !apply_sizes(&plan, args, err) || !keep_addresses(&plan, err) ||
	    !port_check_plan(&plan, err) || !volume_disk_check(&plan, err))
		return false;
	*ret = plan;
	plan = (struct project_plan){0};
	*ret_identity = identity;
	identity = (struct project_identity){0};
	return true;
}
