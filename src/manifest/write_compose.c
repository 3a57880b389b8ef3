/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/write_compose.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/yaml_writer.h"

struct composer {
	struct yaml_writer writer;
	const struct app *app;
	struct string_list *lost;
	struct string_list claims; /* that were written as mounts, templates of StatefulSets too */
};

static void lose(struct composer *composer, const struct pod_spec *pod, const char *what)
{
	AUTO_FREE char *line = xasprintf("pod %s: %s", pod->name, what);
	if (!string_list_has(composer->lost, line))
		string_list_add(composer->lost, line);
}

/* A $ begins a variable there. */
static char *escape(const char *text)
{
	AUTO_FREE char *escaped = xcalloc(strlen(text) * 2 + 1, 1);
	size_t length = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '$')
			escaped[length++] = '$';
		escaped[length++] = *at;
	}
	return TAKE_PTR(escaped);
}

static void write_text(struct composer *composer, const char *key, const char *value)
{
	AUTO_FREE char *escaped = value != NULL ? escape(value) : NULL;
	yaml_write_text(&composer->writer, key, escaped);
}

/* An empty list says that there is none, not even the image's. */
static void write_words(struct composer *composer, const char *key, const struct string_list *words)
{
	if (words->count == 0) {
		yaml_write_text(&composer->writer, key, "");
		return;
	}
	yaml_write_map(&composer->writer, key);
	for (size_t i = 0; i < words->count; i++) {
		AUTO_FREE char *escaped = escape(words->items[i]);
		yaml_write_item_text(&composer->writer, escaped);
	}
	yaml_write_end(&composer->writer);
}

static const char *entry_of(const struct app *app, const struct env_var *env)
{
	const struct config_map *map =
		env->ref_name != NULL
			? app_find_config(app, env->ref_name, env->source == ENV_SECRET)
			: NULL;
	for (size_t i = 0; map != NULL && env->ref_key != NULL && i < map->entry_count; i++) {
		if (strcmp(map->entries[i].key, env->ref_key) == 0)
			return map->entries[i].bytes;
	}
	return NULL;
}

/* $(NAME) is filled in by a kubelet, $$ is one $. */
static char *plain_value(struct composer *composer, const struct pod_spec *pod, const char *text)
{
	AUTO_FREE char *plain = xcalloc(strlen(text) + 1, 1);
	size_t length = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '$' && at[1] == '(')
			lose(composer, pod, "$(NAME) in env");
		if (at[0] == '$' && at[1] == '$')
			at++;
		plain[length++] = *at;
	}
	return TAKE_PTR(plain);
}

static void write_environment(struct composer *composer, const struct pod_spec *pod,
			      const struct container_spec *container)
{
	yaml_write_map(&composer->writer, "environment");
	for (size_t i = 0; i < container->env_count; i++) {
		const struct env_var *env = &container->env[i];
		bool is_value = env->source == ENV_VALUE;
		const char *value = is_value ? env->value : entry_of(composer->app, env);
		if (value == NULL) {
			lose(composer, pod, "env of fields and resources");
			continue;
		}
		AUTO_FREE char *plain =
			is_value ? plain_value(composer, pod, value) : xstrdup(value);
		write_text(composer, env->name, plain);
	}
	yaml_write_end(&composer->writer);
	if (container->env_from_count > 0)
		lose(composer, pod, "envFrom");
}

static const struct volume *find_volume(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (strcmp(pod->volumes[i].name, name) == 0)
			return &pod->volumes[i];
	}
	return NULL;
}

static bool is_template(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		if (strcmp(pod->claim_templates[i].name, name) == 0)
			return true;
	}
	return false;
}

/* One mount in the long form; false: Compose has none like it. */
static bool write_mount(struct composer *composer, const struct pod_spec *pod,
			const struct volume_mount *mount)
{
	const struct volume *volume = find_volume(pod, mount->volume);
	bool is_claim =
		volume == NULL ? is_template(pod, mount->volume) : volume->kind == VOLUME_CLAIM;
	bool is_bind = volume != NULL && volume->kind == VOLUME_HOST_PATH;
	bool is_empty = volume != NULL && volume->kind == VOLUME_EMPTY_DIR;
	bool is_image = volume != NULL && volume->kind == VOLUME_IMAGE;
	const char *source = volume == NULL ? mount->volume
			     : is_bind	    ? volume->host_path
			     : is_image	    ? volume->image
					    : volume->ref_name;

	if (!is_claim && !is_bind && !is_empty && !is_image)
		return false;
	yaml_write_item(&composer->writer);
	yaml_write_text(&composer->writer, "type",
			is_bind				? "bind"
			: is_image			? "image"
			: is_empty && volume->is_memory ? "tmpfs"
							: "volume");
	if (!is_empty)
		write_text(composer, "source", source);
	if (is_claim && !string_list_has(&composer->claims, source))
		string_list_add(&composer->claims, source);
	write_text(composer, "target", mount->mount_path);
	if (mount->is_read_only)
		yaml_write_bool(&composer->writer, "read_only", true);
	if ((is_claim || is_image) && mount->sub_path != NULL) {
		yaml_write_map(&composer->writer, is_image ? "image" : "volume");
		write_text(composer, "subpath", mount->sub_path);
		yaml_write_end(&composer->writer);
	} else if (mount->sub_path != NULL) {
		lose(composer, pod, "subPath");
	}
	if (is_empty && volume->is_memory && volume->size_limit_bytes > 0) {
		yaml_write_map(&composer->writer, "tmpfs");
		yaml_write_number(&composer->writer, "size", volume->size_limit_bytes);
		yaml_write_end(&composer->writer);
	}
	yaml_write_end(&composer->writer);
	return true;
}

static void write_volumes(struct composer *composer, const struct pod_spec *pod,
			  const struct container_spec *container)
{
	yaml_write_map(&composer->writer, "volumes");
	for (size_t i = 0; i < container->mount_count; i++) {
		if (!write_mount(composer, pod, &container->mounts[i]))
			lose(composer, pod, "volumes of ConfigMaps, Secrets and fields");
	}
	yaml_write_end(&composer->writer);
}

/* Of the first container: a pod has one address. */
static void write_ports(struct composer *composer, const struct pod_spec *pod)
{
	yaml_write_map(&composer->writer, "ports");
	for (size_t i = 0; i < composer->app->service_count; i++) {
		const struct service *service = &composer->app->services[i];
		bool is_out = service->is_published || service->kind == SERVICE_NODE_PORT ||
			      service->kind == SERVICE_LOAD_BALANCER;
		for (size_t k = 0; is_out && k < service->port_count; k++) {
			const struct service_port *port = &service->ports[k];
			if (service->pods.count == 0 ||
			    strcmp(service->pods.items[0], pod->name) != 0)
				continue;
			unsigned published = port->node_port > 0 ? port->node_port : port->port;
			AUTO_FREE char *text =
				xasprintf("%s%s%u:%u%s", port->host_ip ? port->host_ip : "",
					  port->host_ip ? ":" : "", published, port->target_port,
					  port->protocol == PROTOCOL_UDP ? "/udp" : "");
			yaml_write_item_text(&composer->writer, text);
		}
	}
	yaml_write_end(&composer->writer);
}

static void write_health(struct composer *composer, const struct pod_spec *pod,
			 const struct container_spec *container)
{
	const struct probe *probe = &container->readiness;
	if (container->liveness.check.type != CHECK_NONE ||
	    container->startup.check.type != CHECK_NONE)
		lose(composer, pod, "livenessProbe, startupProbe");
	if (probe->check.type == CHECK_NONE)
		return;
	if (probe->check.type != CHECK_EXEC) {
		lose(composer, pod, "readinessProbe that asks no command");
		return;
	}
	AUTO(string_list_clear) struct string_list test = STRING_LIST_INIT;
	string_list_add(&test, "CMD");
	string_list_copy(&test, &probe->check.command);
	yaml_write_map(&composer->writer, "healthcheck");
	write_words(composer, "test", &test);
	yaml_write_textf(&composer->writer, "interval", "%us", probe->period_s);
	yaml_write_textf(&composer->writer, "timeout", "%us", probe->timeout_s);
	yaml_write_number(&composer->writer, "retries", probe->failure_threshold);
	yaml_write_end(&composer->writer);
}

static void write_amounts(struct yaml_writer *writer, const char *key, uint64_t millis,
			  uint64_t bytes)
{
	yaml_write_map(writer, key);
	if (millis > 0)
		yaml_write_textf(writer, "cpus", "%.3f", (double)millis / 1000);
	if (bytes > 0)
		yaml_write_textf(writer, "memory", "%llu", (unsigned long long)bytes);
	yaml_write_end(writer);
}

static void write_resources(struct composer *composer, const struct resources *resources)
{
	struct yaml_writer *writer = &composer->writer;
	yaml_write_map(writer, "resources");
	write_amounts(writer, "limits", resources->cpu_limit_millis, resources->memory_limit_bytes);
	write_amounts(writer, "reservations", resources->cpu_request_millis,
		      resources->memory_request_bytes);
	yaml_write_end(writer);
}

static void write_restart(struct composer *composer, const struct pod_spec *pod)
{
	static const char *const words[] = {"unless-stopped", "on-failure", "no"};
	if (pod->restart_policy == RESTART_ON_FAILURE && pod->restart_limit > 0)
		yaml_write_textf(&composer->writer, "restart", "on-failure:%u", pod->restart_limit);
	else
		yaml_write_text(&composer->writer, "restart", words[pod->restart_policy]);
}

static void write_user(struct composer *composer, const struct container_spec *container)
{
	const struct security_context *security = &container->security;
	if (container->user != NULL)
		write_text(composer, "user", container->user);
	else if (security->has_user && security->has_group)
		yaml_write_textf(&composer->writer, "user", "%u:%u", security->run_as_user,
				 security->run_as_group);
	else if (security->has_user)
		yaml_write_textf(&composer->writer, "user", "%u", security->run_as_user);
	if (security->is_privileged)
		yaml_write_bool(&composer->writer, "privileged", true);
	if (security->is_read_only_root)
		yaml_write_bool(&composer->writer, "read_only", true);
	yaml_write_texts(&composer->writer, "cap_add", &security->capabilities_add);
	yaml_write_texts(&composer->writer, "cap_drop", &security->capabilities_drop);
	yaml_write_map(&composer->writer, "security_opt");
	if (security->allow_privilege_escalation == TRI_FALSE)
		yaml_write_item_text(&composer->writer, "no-new-privileges:true");
	if (security->seccomp == SECCOMP_UNCONFINED)
		yaml_write_item_text(&composer->writer, "seccomp:unconfined");
	yaml_write_end(&composer->writer);
}

static void write_networks(struct composer *composer, const struct pod_spec *pod)
{
	if (pod->has_no_network)
		yaml_write_text(&composer->writer, "network_mode", "none");
	yaml_write_map(&composer->writer, "networks");
	for (size_t i = 0; i < pod->network_count; i++) {
		if (pod->networks[i].aliases.count == 0)
			yaml_write_empty_map(&composer->writer, pod->networks[i].name);
		yaml_write_map(&composer->writer, pod->networks[i].name);
		yaml_write_texts(&composer->writer, "aliases", &pod->networks[i].aliases);
		yaml_write_end(&composer->writer);
	}
	yaml_write_end(&composer->writer);
}

static void write_waits(struct composer *composer, const struct pod_spec *pod)
{
	static const char *const words[] = {"service_started", "service_healthy",
					    "service_completed_successfully"};
	yaml_write_map(&composer->writer, "depends_on");
	for (size_t i = 0; i < pod->wait_count; i++) {
		yaml_write_map(&composer->writer, pod->waits[i].pod);
		yaml_write_text(&composer->writer, "condition", words[pod->waits[i].condition]);
		if (pod->waits[i].is_optional)
			yaml_write_bool(&composer->writer, "required", false);
		if (pod->waits[i].restarts)
			yaml_write_bool(&composer->writer, "restart", true);
		yaml_write_end(&composer->writer);
	}
	yaml_write_end(&composer->writer);
}

/* What belongs to the pod stands in its first container's service, which the others join. */
static void write_pod_part(struct composer *composer, const struct pod_spec *pod)
{
	write_ports(composer, pod);
	write_networks(composer, pod);
	write_waits(composer, pod);
	write_text(composer, "hostname", pod->hostname);
	yaml_write_pairs(&composer->writer, "sysctls", pod->sysctls, pod->sysctl_count);
	yaml_write_texts(&composer->writer, "dns", &pod->dns_servers);
	yaml_write_texts(&composer->writer, "dns_search", &pod->dns_searches);
	yaml_write_texts(&composer->writer, "dns_opt", &pod->dns_options);
	yaml_write_texts(&composer->writer, "group_add", &pod->supplemental_groups);
	yaml_write_map(&composer->writer, "extra_hosts");
	for (size_t i = 0; i < pod->host_alias_count; i++) {
		for (size_t k = 0; k < pod->host_aliases[i].names.count; k++) {
			AUTO_FREE char *line =
				xasprintf("%s=%s", pod->host_aliases[i].names.items[k],
					  pod->host_aliases[i].ip);
			yaml_write_item_text(&composer->writer, line);
		}
	}
	yaml_write_end(&composer->writer);
}

/* What a container beside the first is called: its own name, where nobody else has it. */
static char *service_name(const struct app *app, const struct pod_spec *pod, size_t index)
{
	const char *name = pod->containers[index].name;
	bool is_taken = app_find_pod(app, name) != NULL;
	for (size_t p = 0; p < app->pod_count; p++) {
		for (size_t i = 1; i < app->pods[p].container_count; i++)
			is_taken = is_taken || (&app->pods[p] != pod &&
						strcmp(app->pods[p].containers[i].name, name) == 0);
	}
	return is_taken ? xasprintf("%s-%s", pod->name, name) : xstrdup(name);
}

static void write_rlimit(struct yaml_writer *writer, const char *key, uint64_t limit)
{
	if (limit == RLIMIT_NONE)
		yaml_write_textf(writer, key, "-1");
	else
		yaml_write_number(writer, key, limit);
}

static void write_limits(struct composer *composer, const struct container_limits *limits)
{
	struct yaml_writer *writer = &composer->writer;
	if (limits->tasks > 0)
		yaml_write_number(writer, "pids_limit", limits->tasks);
	if (limits->cpu_shares > 0)
		yaml_write_number(writer, "cpu_shares", limits->cpu_shares);
	if (limits->oom_score_adjustment != 0)
		yaml_write_textf(writer, "oom_score_adj", "%d", limits->oom_score_adjustment);
	if (limits->has_init)
		yaml_write_bool(writer, "init", true);
	yaml_write_map(writer, "ulimits");
	for (size_t i = 0; i < limits->rlimit_count; i++) {
		AUTO_FREE char *name = xstrdup(rlimit_words[limits->rlimits[i].kind]);
		for (char *at = name; *at != '\0'; at++)
			*at = (char)(*at - 'A' + 'a');
		yaml_write_map(writer, name);
		write_rlimit(writer, "soft", limits->rlimits[i].soft);
		write_rlimit(writer, "hard", limits->rlimits[i].hard);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

/* Room for what it writes: a limit alone, no request. */
static void write_storage(struct composer *composer, const struct pod_spec *pod,
			  const struct resources *resources)
{
	yaml_write_map(&composer->writer, "storage_opt");
	if (resources->has_ephemeral_limit)
		yaml_write_number(&composer->writer, "size", resources->ephemeral_limit_bytes);
	yaml_write_end(&composer->writer);
	if (resources->ephemeral_request_bytes > 0)
		lose(composer, pod, "requests of ephemeral-storage");
}

static void write_hook(struct composer *composer, const struct check *hook)
{
	yaml_write_item(&composer->writer);
	write_words(composer, "command", &hook->command);
	write_text(composer, "user", hook->user);
	write_text(composer, "working_dir", hook->working_dir);
	yaml_write_map(&composer->writer, "environment");
	for (size_t i = 0; i < hook->environment.count; i++) {
		const char *text = hook->environment.items[i];
		AUTO_FREE char *name = xstrndup(text, strcspn(text, "="));
		write_text(composer, name, strchr(text, '=') + 1);
	}
	yaml_write_end(&composer->writer);
	yaml_write_end(&composer->writer);
}

/* False: the hook is no command. */
static bool write_hooks(struct composer *composer, const char *key, const struct probe *first,
			const struct probe *more, size_t more_count)
{
	if (first->check.type != CHECK_EXEC)
		return first->check.type == CHECK_NONE;
	yaml_write_map(&composer->writer, key);
	write_hook(composer, &first->check);
	for (size_t i = 0; i < more_count; i++)
		write_hook(composer, &more[i].check);
	yaml_write_end(&composer->writer);
	return true;
}

static void write_joining(struct composer *composer, const struct pod_spec *pod)
{
	yaml_write_textf(&composer->writer, "network_mode", "service:%s", pod->name);
	if (pod->shares_processes)
		yaml_write_textf(&composer->writer, "pid", "service:%s", pod->name);
}

static void write_container(struct composer *composer, const struct pod_spec *pod, size_t index)
{
	static const char *const pulls[] = {
		[PULL_IF_NOT_PRESENT] = NULL, [PULL_ALWAYS] = "always", [PULL_NEVER] = "never"};
	const struct container_spec *container = &pod->containers[index];
	struct yaml_writer *writer = &composer->writer;
	AUTO_FREE char *name =
		index == 0 ? xstrdup(pod->name) : service_name(composer->app, pod, index);

	yaml_write_map(writer, name);
	write_text(composer, "image", container->image);
	yaml_write_text(writer, "pull_policy", pulls[container->pull_policy]);
	if (container->has_command)
		write_words(composer, "entrypoint", &container->command);
	if (container->has_args)
		write_words(composer, "command", &container->args);
	if (index > 0)
		write_joining(composer, pod);
	else
		write_pod_part(composer, pod);
	write_environment(composer, pod, container);
	write_volumes(composer, pod, container);
	write_health(composer, pod, container);
	write_user(composer, container);
	write_text(composer, "working_dir", container->working_dir);
	write_text(composer, "stop_signal", container->stop_signal);
	if (container->has_stdin)
		yaml_write_bool(writer, "stdin_open", true);
	if (container->has_tty)
		yaml_write_bool(writer, "tty", true);
	write_restart(composer, pod);
	yaml_write_textf(writer, "stop_grace_period", "%us", pod->termination_grace_s);
	yaml_write_map(writer, "deploy");
	if (pod->replicas != 1)
		yaml_write_number(writer, "replicas", pod->replicas);
	write_resources(composer, &container->resources);
	yaml_write_end(writer);
	write_limits(composer, &container->limits);
	write_storage(composer, pod, &container->resources);
	if (!write_hooks(composer, "post_start", &container->post_start,
			 container->more_post_starts, container->more_post_start_count) ||
	    !write_hooks(composer, "pre_stop", &container->pre_stop, container->more_pre_stops,
			 container->more_pre_stop_count))
		lose(composer, pod, "lifecycle");
	yaml_write_end(writer);
	if (container->build != NULL)
		lose(composer, pod, "build");
	if (container->watch_count > 0)
		lose(composer, pod, "develop.watch");
}

static void write_pod(struct composer *composer, const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->container_count; i++)
		write_container(composer, pod, i);
	if (pod->init_container_count > 0)
		lose(composer, pod, "initContainers");
	if (pod->shares_processes && pod->container_count < 2)
		lose(composer, pod, "shareProcessNamespace");
	if (pod->label_count > 0)
		lose(composer, pod, "labels");
	if (pod->annotation_count > 0)
		lose(composer, pod, "annotations");
	if (pod->has_fs_group)
		lose(composer, pod, "fsGroup");
	if (pod->active_deadline_s > 0)
		lose(composer, pod, "activeDeadlineSeconds");
	if (pod->workload == WORKLOAD_JOB)
		lose(composer, pod,
		     pod->cron.schedule != NULL ? "its schedule" : "what makes it a Job");
	if (pod->workload == WORKLOAD_STATEFUL_SET && pod->replicas > 1)
		lose(composer, pod, "a disk for each replica");
	if (pod->egress.is_restricted || pod->egress.has_host)
		lose(composer, pod, "what it may reach");
}

static void write_claims(struct composer *composer)
{
	yaml_write_map(&composer->writer, "volumes");
	for (size_t i = 0; i < composer->claims.count; i++) {
		const char *name = composer->claims.items[i];
		const struct claim *claim = app_find_claim(composer->app, name);
		if (claim == NULL) {
			yaml_write_empty_map(&composer->writer, name);
			continue;
		}
		yaml_write_map(&composer->writer, name);
		yaml_write_map(&composer->writer, "x-i2kit");
		yaml_write_number(&composer->writer, "size", claim->size_bytes);
		yaml_write_end(&composer->writer);
		yaml_write_end(&composer->writer);
	}
	yaml_write_end(&composer->writer);
}

static void write_top_networks(struct composer *composer)
{
	yaml_write_map(&composer->writer, "networks");
	for (size_t i = 0; i < composer->app->network_count; i++) {
		const struct app_network *network = &composer->app->networks[i];
		if (!network->is_internal)
			yaml_write_empty_map(&composer->writer, network->name);
		yaml_write_map(&composer->writer, network->name);
		if (network->is_internal)
			yaml_write_bool(&composer->writer, "internal", true);
		yaml_write_end(&composer->writer);
	}
	yaml_write_end(&composer->writer);
}

char *app_write_compose(const struct app *app, struct string_list *ret_lost)
{
	struct composer composer = {.app = app, .lost = ret_lost};
	AUTO(string_list_clear) struct string_list claims = STRING_LIST_INIT;

	yaml_write_document(&composer.writer);
	yaml_write_text(&composer.writer, "name", app->project);
	yaml_write_map(&composer.writer, "services");
	for (size_t i = 0; i < app->pod_count; i++)
		write_pod(&composer, &app->pods[i]);
	yaml_write_end(&composer.writer);
	write_claims(&composer);
	write_top_networks(&composer);
	if (app->policy_count > 0)
		string_list_add(ret_lost, "NetworkPolicies");
	claims = composer.claims;
	return strbuf_take(&composer.writer.text);
}
