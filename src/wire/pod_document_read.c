/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pod_document.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/document.h"

#define MAX_TEXTS   4096
#define MAX_HOOKS   100
#define MAX_SECONDS INT64_C(1000000000)
#define MAX_BYTES   (INT64_C(1) << 60)

static uint64_t seconds_ms(struct json_view view, int64_t absent)
{
	return (uint64_t)json_view_number(view, 0, MAX_SECONDS, absent) * 1000U;
}

static void clear_checks(struct check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_clear(&checks[i]);
	free(checks);
}

void container_image_clear(struct container_image *container)
{
	free(container->name);
	free(container->image);
	free(container->image_digest);
	free(container->layers);
	string_list_clear(&container->entrypoint);
	string_list_clear(&container->cmd);
	string_list_clear(&container->env);
	free(container->working_dir);
	free(container->user);
	free(container->stop_signal);
	string_list_clear(&container->volumes);
	string_list_clear(&container->command);
	string_list_clear(&container->args);
	free(container->wanted_working_dir);
	check_clear(&container->startup.check);
	check_clear(&container->readiness.check);
	check_clear(&container->liveness.check);
	check_clear(&container->post_start);
	check_clear(&container->pre_stop);
	clear_checks(container->more_post_starts, container->more_post_start_count);
	clear_checks(container->more_pre_stops, container->more_pre_stop_count);
	free(container->rlimits);
	for (size_t i = 0; i < container->port_count; i++)
		free(container->ports[i].name);
	free(container->ports);
	string_list_clear(&container->security.add);
	string_list_clear(&container->security.drop);
	free(container->termination_path);
	*container = (struct container_image){0};
}

void pod_image_clear(struct pod_image *image)
{
	free(image->pod);
	free(image->namespace);
	string_list_clear(&image->sysctls);
	free(image->supplemental_groups);
	free(image->base_name);
	free(image->base_uuid);
	free(image->base_digest);
	for (size_t i = 0; i < image->layer_count; i++) {
		free(image->layers[i].name);
		free(image->layers[i].uuid);
		free(image->layers[i].digest);
		free(image->layers[i].diff_id);
	}
	free(image->layers);
	for (size_t i = 0; i < image->volume_count; i++) {
		free(image->volumes[i].name);
		free(image->volumes[i].image);
		free(image->volumes[i].image_digest);
		free(image->volumes[i].layers);
	}
	free(image->volumes);
	for (size_t i = 0; i < image->container_count; i++)
		container_image_clear(&image->containers[i]);
	free(image->containers);
	*image = (struct pod_image){0};
}

static void read_headers(struct json_view list, struct string_list *ret)
{
	size_t count = json_view_count(list, 100);
	for (size_t i = 0; i < count; i++) {
		struct json_view pair = json_view_at(list, i);
		const char *name = json_view_count(pair, 2) == 2
					   ? json_view_peek(json_view_at(pair, 0))
					   : NULL;
		const char *value = name != NULL ? json_view_peek(json_view_at(pair, 1)) : NULL;
		if (value != NULL && strpbrk(name, "\r\n:") == NULL &&
		    strpbrk(value, "\r\n") == NULL)
			string_list_addf(ret, "%s: %s", name, value);
		else
			json_view_complain(pair, "is not a header's name and value");
	}
}

static void read_check(struct json_view view, struct check *ret)
{
	if (!json_view_exists(view))
		return;
	ret->type = (enum check_kind)json_view_word(json_view_require(view, "type"), check_words,
						    CHECK_KINDS, CHECK_NONE);
	json_view_texts(json_view_get(view, "command"), MAX_TEXTS, &ret->command);
	if (ret->type == CHECK_EXEC && ret->command.count == 0)
		json_view_complain(view, "has no command");
	ret->host = json_view_text(json_view_get(view, "host"));
	bool has_port =
		ret->type == CHECK_HTTP || ret->type == CHECK_TCP || ret->type == CHECK_GRPC;
	ret->port = (uint16_t)json_view_number(json_view_get(view, "port"), 1, 65535, 0);
	if (has_port && ret->port == 0)
		json_view_complain(view, "has no port");
	ret->path = json_view_text(json_view_get(view, "path"));
	const char *scheme = json_view_peek(json_view_get(view, "scheme"));
	ret->is_https = scheme != NULL && strcmp(scheme, "HTTPS") == 0;
	read_headers(json_view_get(view, "headers"), &ret->headers);
	ret->service = json_view_text(json_view_get(view, "service"));
	read_pairs(json_view_get(view, "environment"), MAX_TEXTS, &ret->environment);
	ret->user = json_view_text(json_view_get(view, "user"));
	ret->working_dir = json_view_text(json_view_get(view, "workingDir"));
	ret->sleep_ms = seconds_ms(json_view_get(view, "seconds"), 0);
}

static void read_probe(struct json_view view, struct probe_spec *ret)
{
	read_check(view, &ret->check);
	ret->initial_delay_ms = seconds_ms(json_view_get(view, "initialDelaySeconds"), 0);
	ret->period_ms = seconds_ms(json_view_get(view, "periodSeconds"), 10);
	ret->timeout_ms = seconds_ms(json_view_get(view, "timeoutSeconds"), 1);
	ret->success_threshold =
		(unsigned)json_view_number(json_view_get(view, "successThreshold"), 1, 1000000, 1);
	ret->failure_threshold =
		(unsigned)json_view_number(json_view_get(view, "failureThreshold"), 1, 1000000, 3);
	int64_t grace =
		json_view_number(json_view_get(view, "gracePeriodSeconds"), 0, MAX_SECONDS, -1);
	ret->grace_ms = grace < 0 ? -1 : grace * 1000;
	if (ret->period_ms == 0)
		ret->period_ms = 1000;
	if (ret->timeout_ms == 0)
		ret->timeout_ms = 1000;
}

static void read_layers_of(struct json_view list, size_t layer_count, size_t **ret,
			   size_t *ret_count)
{
	size_t count = json_view_count(list, POD_MAX_LAYERS);
	for (size_t i = 0; i < count; i++)
		*ARRAY_APPEND(*ret, *ret_count) = (size_t)json_view_number(
			json_view_at(list, i), 0, (int64_t)layer_count - 1, 0);
}

static void read_image_config(struct json_view config, struct container_image *ret)
{
	json_view_texts(json_view_get(config, "Entrypoint"), MAX_TEXTS, &ret->entrypoint);
	json_view_texts(json_view_get(config, "Cmd"), MAX_TEXTS, &ret->cmd);
	json_view_texts(json_view_get(config, "Env"), MAX_TEXTS, &ret->env);
	ret->working_dir = json_view_text(json_view_get(config, "WorkingDir"));
	ret->user = json_view_text(json_view_get(config, "User"));
	ret->stop_signal = json_view_text(json_view_get(config, "StopSignal"));
	for (struct json_view volume = json_view_first(json_view_get(config, "Volumes"), MAX_TEXTS);
	     json_view_exists(volume); volume = json_view_next(volume))
		string_list_add(&ret->volumes, volume.key);
}

static void read_resources(struct json_view view, struct container_image *ret)
{
	const struct {
		const char *name;
		uint64_t *to;
	} fields[] = {{"cpuRequestMillis", &ret->cpu_request_millis},
		      {"cpuLimitMillis", &ret->cpu_limit_millis},
		      {"memoryRequestBytes", &ret->memory_request_bytes},
		      {"memoryLimitBytes", &ret->memory_limit_bytes},
		      {"ephemeralRequestBytes", &ret->ephemeral_request_bytes},
		      {"ephemeralLimitBytes", &ret->ephemeral_limit_bytes}};
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		*fields[i].to = (uint64_t)json_view_number(json_view_get(view, fields[i].name), 0,
							   MAX_BYTES, 0);
}

static void read_security(struct json_view view, struct container_security *ret)
{
	ret->user = json_view_number(json_view_get(view, "user"), 0, UINT32_MAX - 1, -1);
	ret->group = json_view_number(json_view_get(view, "group"), 0, UINT32_MAX - 1, -1);
	ret->is_non_root = json_view_bool(json_view_get(view, "nonRoot"), false);
	ret->is_root_read_only = json_view_bool(json_view_get(view, "readOnlyRoot"), false);
	ret->has_no_new_privileges =
		!json_view_bool(json_view_get(view, "allowPrivilegeEscalation"), true);
	ret->is_privileged = json_view_bool(json_view_get(view, "privileged"), false);
	json_view_texts(json_view_get(view, "add"), 100, &ret->add);
	json_view_texts(json_view_get(view, "drop"), 100, &ret->drop);
	const char *seccomp = json_view_peek(json_view_get(view, "seccomp"));
	ret->has_metadata = json_view_bool(json_view_get(view, "metadata"), false);
	ret->is_seccomp_off = seccomp != NULL && strcmp(seccomp, "unconfined") == 0;
}

static void read_ports(struct json_view list, struct container_image *ret)
{
	size_t count = json_view_count(list, MAX_TEXTS);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct port_entry *port = ARRAY_APPEND(ret->ports, ret->port_count);
		port->name = json_view_text(json_view_get(view, "name"));
		port->port =
			(uint16_t)json_view_number(json_view_require(view, "port"), 1, 65535, 0);
		port->protocol = (enum protocol)json_view_word(
			json_view_get(view, "protocol"), protocol_words, PROTOCOLS, PROTOCOL_TCP);
	}
}

static void read_more_hooks(struct json_view list, struct check **ret, size_t *ret_count)
{
	size_t count = json_view_count(list, MAX_HOOKS);
	for (size_t i = 0; i < count; i++)
		read_check(json_view_at(list, i), ARRAY_APPEND(*ret, *ret_count));
}

static uint64_t read_rlimit(struct json_view view)
{
	int64_t number = json_view_number(view, -1, INT64_MAX, -1);
	return number < 0 ? RLIMIT_NONE : (uint64_t)number;
}

static void read_rlimits(struct json_view list, struct container_image *ret)
{
	size_t count = json_view_count(list, RLIMIT_NAMES);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct rlimit_entry *limit = ARRAY_APPEND(ret->rlimits, ret->rlimit_count);
		limit->kind = (unsigned)json_view_word(json_view_require(view, "name"),
						       rlimit_words, RLIMIT_NAMES, 0);
		limit->soft = read_rlimit(json_view_require(view, "soft"));
		limit->hard = read_rlimit(json_view_require(view, "hard"));
		if (limit->soft > limit->hard)
			json_view_complain(view, "is softer than it is hard");
	}
}

/* What Docker and Compose have, and Kubernetes' containers do not. */
static void read_limits(struct json_view view, struct container_image *ret)
{
	ret->task_limit =
		(uint64_t)json_view_number(json_view_get(view, "pidsLimit"), 0, INT32_MAX, 0);
	ret->cpu_shares =
		(uint64_t)json_view_number(json_view_get(view, "cpuShares"), 0, 262144, 0);
	ret->oom_score_adjustment =
		(int)json_view_number(json_view_get(view, "oomScoreAdj"), -1000, 1000, 0);
	ret->has_init = json_view_bool(json_view_get(view, "init"), false);
	read_rlimits(json_view_get(view, "rlimits"), ret);
}

static void read_container(struct json_view view, bool is_init, size_t layer_count,
			   struct container_image *ret)
{
	ret->is_init = is_init;
	struct json_view name = json_view_require(view, "name");
	ret->name = json_view_text(name);
	if (ret->name != NULL && !name_is_label(ret->name, strlen(ret->name)))
		json_view_complain(name, "is no DNS label");
	ret->image = json_view_text(json_view_get(view, "image"));
	ret->image_digest = json_view_text(json_view_get(view, "imageDigest"));
	read_layers_of(json_view_get(view, "layers"), layer_count, &ret->layers, &ret->layer_count);
	read_image_config(json_view_get(view, "config"), ret);
	ret->has_command = json_view_exists(json_view_get(view, "command"));
	json_view_texts(json_view_get(view, "command"), MAX_TEXTS, &ret->command);
	ret->has_args = json_view_exists(json_view_get(view, "args"));
	json_view_texts(json_view_get(view, "args"), MAX_TEXTS, &ret->args);
	ret->wanted_working_dir = json_view_text(json_view_get(view, "workingDir"));
	ret->is_sidecar = is_init && json_view_bool(json_view_get(view, "sidecar"), false);
	ret->has_stdin = json_view_bool(json_view_get(view, "stdin"), false);
	ret->is_stdin_once = json_view_bool(json_view_get(view, "stdinOnce"), false);
	ret->has_tty = json_view_bool(json_view_get(view, "tty"), false);
	read_ports(json_view_get(view, "ports"), ret);
	read_resources(json_view_get(view, "resources"), ret);
	read_limits(view, ret);
	read_probe(json_view_get(view, "startupProbe"), &ret->startup);
	read_probe(json_view_get(view, "readinessProbe"), &ret->readiness);
	read_probe(json_view_get(view, "livenessProbe"), &ret->liveness);
	read_check(json_view_get(view, "postStart"), &ret->post_start);
	read_check(json_view_get(view, "preStop"), &ret->pre_stop);
	read_more_hooks(json_view_get(view, "morePostStart"), &ret->more_post_starts,
			&ret->more_post_start_count);
	read_more_hooks(json_view_get(view, "morePreStop"), &ret->more_pre_stops,
			&ret->more_pre_stop_count);
	read_security(json_view_get(view, "security"), &ret->security);
	ret->termination_path = json_view_text(json_view_get(view, "terminationMessagePath"));
}

static void read_containers(struct json_view list, bool is_init, struct pod_image *ret)
{
	size_t count = json_view_count(list, POD_MAX_CONTAINERS);
	for (size_t i = 0; i < count; i++)
		read_container(json_view_at(list, i), is_init, ret->layer_count,
			       ARRAY_APPEND(ret->containers, ret->container_count));
}

static void read_layers(struct json_view list, struct pod_image *ret)
{
	size_t count = json_view_count(list, POD_MAX_LAYERS);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct layer_entry *layer = ARRAY_APPEND(ret->layers, ret->layer_count);
		struct json_view name = json_view_require(view, "name");
		layer->name = json_view_text(name);
		layer->uuid = json_view_text(json_view_get(view, "uuid"));
		layer->digest = json_view_text(json_view_get(view, "digest"));
		layer->diff_id = json_view_text(json_view_get(view, "layer"));
		if (layer->name != NULL && strchr(layer->name, '/') != NULL)
			json_view_complain(name, "is no partition's");
	}
}

const struct image_volume *pod_image_volume(const struct pod_image *pod, const char *name)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (strcmp(pod->volumes[i].name, name) == 0)
			return &pod->volumes[i];
	}
	return NULL;
}

static void read_volumes(struct json_view list, struct pod_image *ret)
{
	size_t count = json_view_count(list, POD_MAX_VOLUMES);
	for (size_t i = 0; i < count; i++) {
		struct json_view view = json_view_at(list, i);
		struct image_volume *volume = ARRAY_APPEND(ret->volumes, ret->volume_count);
		struct json_view name = json_view_require(view, "name");
		volume->name = json_view_text(name);
		if (volume->name != NULL && !name_is_label(volume->name, strlen(volume->name)))
			json_view_complain(name, "is no DNS label");
		volume->image = json_view_text(json_view_get(view, "image"));
		volume->image_digest = json_view_text(json_view_get(view, "imageDigest"));
		read_layers_of(json_view_get(view, "layers"), ret->layer_count, &volume->layers,
			       &volume->layer_count);
	}
}

static void read_groups(struct json_view list, struct pod_image *ret)
{
	size_t count = json_view_count(list, 1000);
	for (size_t i = 0; i < count; i++)
		*ARRAY_APPEND(ret->supplemental_groups, ret->supplemental_group_count) =
			(uint32_t)json_view_number(json_view_at(list, i), 0, UINT32_MAX - 1, 0);
}

static void read_pod(struct json_view root, struct pod_image *ret)
{
	document_check_version(root, POD_DOCUMENT_VERSION);
	ret->pod = json_view_text(json_view_require(root, "pod"));
	ret->namespace = json_view_text(json_view_get(root, "namespace"));
	ret->workload =
		(enum workload_kind)json_view_word(json_view_get(root, "workload"), workload_words,
						   WORKLOAD_KINDS, WORKLOAD_DEPLOYMENT);
	ret->restart_policy = (enum restart_policy)json_view_word(
		json_view_get(root, "restartPolicy"), restart_policy_words, RESTART_POLICIES,
		RESTART_ALWAYS);
	ret->grace_ms = seconds_ms(json_view_get(root, "terminationGracePeriodSeconds"), 30);
	ret->active_deadline_ms = seconds_ms(json_view_get(root, "activeDeadlineSeconds"), 0);
	ret->backoff_limit =
		json_view_number(json_view_get(root, "backoffLimit"), 0, INT32_MAX, -1);
	ret->restart_limit =
		(uint64_t)json_view_number(json_view_get(root, "restartLimit"), 0, INT32_MAX, 0);
	read_pairs(json_view_get(root, "sysctls"), 1000, &ret->sysctls);
	ret->fs_group = json_view_number(json_view_get(root, "fsGroup"), 0, UINT32_MAX - 1, -1);
	read_groups(json_view_get(root, "supplementalGroups"), ret);
	ret->shares_processes = json_view_bool(json_view_get(root, "shareProcesses"), false);
	struct json_view base = json_view_require(root, "base");
	ret->base_name = json_view_text(json_view_require(base, "name"));
	ret->base_uuid = json_view_text(json_view_get(base, "uuid"));
	ret->base_digest = json_view_text(json_view_get(base, "digest"));
	read_layers(json_view_get(root, "layers"), ret);
	read_volumes(json_view_get(root, "volumes"), ret);
	read_containers(json_view_get(root, "initContainers"), true, ret);
	read_containers(json_view_get(root, "containers"), false, ret);
}

bool pod_document_read(const void *bytes, size_t size, const char *what, struct pod_image *ret,
		       struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, what, 0, err);
	if (document == NULL)
		return false;
	AUTO(pod_image_clear) struct pod_image image = {0};
	read_pod(json_document_root(document), &image);
	if (!json_document_check(document, err))
		return false;
	*ret = image;
	image = (struct pod_image){0};
	return true;
}
