/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pod_document.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/document.h"

/* Keys in the order of doc/formats.md §2. */

/* "Name: value" → ["Name","value"] */
static void write_headers(struct json_writer *json, const struct string_list *headers)
{
	json_open_list(json, "headers");
	for (size_t i = 0; i < headers->count; i++) {
		const char *header = headers->items[i];
		size_t size = strcspn(header, ":");
		const char *value = header[size] == ':' ? header + size + 1 : "";
		json_open_list(json, NULL);
		json_write_bytes(json, NULL, header, size);
		json_write_text(json, NULL, value + (value[0] == ' ' ? 1 : 0));
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_check_fields(struct json_writer *json, const struct check *check)
{
	json_write_text(json, "type", check_words[check->type]);
	if (check->type == CHECK_EXEC)
		json_write_texts(json, "command", &check->command);
	json_write_text_if(json, "host", check->host);
	json_write_unsigned_if(json, "port", check->port);
	json_write_text_if(json, "path", check->path);
	if (check->is_https)
		json_write_text(json, "scheme", "HTTPS");
	write_headers(json, &check->headers);
	json_write_text_if(json, "service", check->service);
	if (check->environment.count > 0)
		write_pairs(json, "environment", &check->environment);
	json_write_text_if(json, "user", check->user);
	json_write_text_if(json, "workingDir", check->working_dir);
	if (check->type == CHECK_SLEEP)
		json_write_unsigned(json, "seconds", check->sleep_ms / 1000);
}

static void write_hook(struct json_writer *json, const char *key, const struct check *hook)
{
	if (hook->type == CHECK_NONE)
		return;
	json_open_object(json, key);
	write_check_fields(json, hook);
	json_close(json);
}

static void write_more_hooks(struct json_writer *json, const char *key, const struct check *hooks,
			     size_t count)
{
	json_open_list(json, key);
	for (size_t i = 0; i < count; i++)
		write_hook(json, NULL, &hooks[i]);
	json_close_if_filled(json);
}

static void write_probe(struct json_writer *json, const char *key, const struct probe_spec *probe)
{
	if (probe->check.type == CHECK_NONE)
		return;
	json_open_object(json, key);
	write_check_fields(json, &probe->check);
	json_write_unsigned(json, "initialDelaySeconds", probe->initial_delay_ms / 1000);
	json_write_unsigned(json, "periodSeconds", probe->period_ms / 1000);
	json_write_unsigned(json, "timeoutSeconds", probe->timeout_ms / 1000);
	json_write_unsigned(json, "successThreshold", probe->success_threshold);
	json_write_unsigned(json, "failureThreshold", probe->failure_threshold);
	if (probe->grace_ms >= 0)
		json_write_number(json, "gracePeriodSeconds", probe->grace_ms / 1000);
	json_close(json);
}

static void write_image_config(struct json_writer *json, const struct container_image *container)
{
	json_open_object(json, "config");
	json_write_texts_if(json, "Entrypoint", &container->entrypoint);
	json_write_texts_if(json, "Cmd", &container->cmd);
	json_write_texts_if(json, "Env", &container->env);
	json_write_text_if(json, "WorkingDir", container->working_dir);
	json_write_text_if(json, "User", container->user);
	json_write_text_if(json, "StopSignal", container->stop_signal);
	json_open_object(json, "Volumes");
	for (size_t i = 0; i < container->volumes.count; i++) {
		json_open_object(json, container->volumes.items[i]);
		json_close(json);
	}
	json_close_if_filled(json);
	json_close(json);
}

static void write_ports(struct json_writer *json, const struct container_image *container)
{
	json_open_list(json, "ports");
	for (size_t i = 0; i < container->port_count; i++) {
		json_open_object(json, NULL);
		json_write_text_if(json, "name", container->ports[i].name);
		json_write_unsigned(json, "port", container->ports[i].port);
		json_write_text(json, "protocol", protocol_words[container->ports[i].protocol]);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_resources(struct json_writer *json, const struct container_image *container)
{
	json_open_object(json, "resources");
	json_write_unsigned_if(json, "cpuRequestMillis", container->cpu_request_millis);
	json_write_unsigned_if(json, "cpuLimitMillis", container->cpu_limit_millis);
	json_write_unsigned_if(json, "memoryRequestBytes", container->memory_request_bytes);
	json_write_unsigned_if(json, "memoryLimitBytes", container->memory_limit_bytes);
	json_write_unsigned_if(json, "ephemeralRequestBytes", container->ephemeral_request_bytes);
	json_write_unsigned_if(json, "ephemeralLimitBytes", container->ephemeral_limit_bytes);
	json_close_if_filled(json);
}

static void write_rlimit(struct json_writer *json, const char *key, uint64_t limit)
{
	json_write_number(json, key, limit == RLIMIT_NONE ? -1 : (int64_t)limit);
}

static void write_limits(struct json_writer *json, const struct container_image *container)
{
	json_write_unsigned_if(json, "pidsLimit", container->task_limit);
	json_write_unsigned_if(json, "cpuShares", container->cpu_shares);
	if (container->oom_score_adjustment != 0)
		json_write_number(json, "oomScoreAdj", container->oom_score_adjustment);
	json_write_true_if(json, "init", container->has_init);
	json_open_list(json, "rlimits");
	for (size_t i = 0; i < container->rlimit_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", rlimit_words[container->rlimits[i].kind]);
		write_rlimit(json, "soft", container->rlimits[i].soft);
		write_rlimit(json, "hard", container->rlimits[i].hard);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_security(struct json_writer *json, const struct container_security *security)
{
	json_open_object(json, "security");
	if (security->user >= 0)
		json_write_number(json, "user", security->user);
	if (security->group >= 0)
		json_write_number(json, "group", security->group);
	json_write_true_if(json, "nonRoot", security->is_non_root);
	json_write_true_if(json, "readOnlyRoot", security->is_root_read_only);
	if (security->has_no_new_privileges)
		json_write_bool(json, "allowPrivilegeEscalation", false);
	json_write_true_if(json, "privileged", security->is_privileged);
	json_write_texts_if(json, "add", &security->add);
	json_write_texts_if(json, "drop", &security->drop);
	if (security->is_seccomp_off)
		json_write_text(json, "seccomp", "unconfined");
	json_write_true_if(json, "metadata", security->has_metadata);
	json_close_if_filled(json);
}

static void write_layers_of(struct json_writer *json, const size_t *layers, size_t count)
{
	json_open_list(json, "layers");
	for (size_t i = 0; i < count; i++)
		json_write_unsigned(json, NULL, layers[i]);
	json_close(json);
}

static void write_container(struct json_writer *json, const struct container_image *container)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", container->name);
	json_write_text_if(json, "image", container->image);
	json_write_text_if(json, "imageDigest", container->image_digest);
	write_layers_of(json, container->layers, container->layer_count);
	write_image_config(json, container);
	if (container->has_command)
		json_write_texts(json, "command", &container->command);
	if (container->has_args)
		json_write_texts(json, "args", &container->args);
	json_write_text_if(json, "workingDir", container->wanted_working_dir);
	json_write_true_if(json, "sidecar", container->is_sidecar);
	json_write_true_if(json, "stdin", container->has_stdin);
	json_write_true_if(json, "stdinOnce", container->is_stdin_once);
	json_write_true_if(json, "tty", container->has_tty);
	write_ports(json, container);
	write_resources(json, container);
	write_limits(json, container);
	write_probe(json, "startupProbe", &container->startup);
	write_probe(json, "readinessProbe", &container->readiness);
	write_probe(json, "livenessProbe", &container->liveness);
	write_hook(json, "postStart", &container->post_start);
	write_hook(json, "preStop", &container->pre_stop);
	write_more_hooks(json, "morePostStart", container->more_post_starts,
			 container->more_post_start_count);
	write_more_hooks(json, "morePreStop", container->more_pre_stops,
			 container->more_pre_stop_count);
	write_security(json, &container->security);
	json_write_text_if(json, "terminationMessagePath", container->termination_path);
	json_close(json);
}

static void write_containers(struct json_writer *json, const struct pod_image *pod, bool is_init)
{
	json_open_list(json, is_init ? "initContainers" : "containers");
	for (size_t i = 0; i < pod->container_count; i++) {
		if (pod->containers[i].is_init == is_init)
			write_container(json, &pod->containers[i]);
	}
	json_close(json);
}

static void write_layers(struct json_writer *json, const struct pod_image *pod)
{
	json_open_object(json, "base");
	json_write_text(json, "name", pod->base_name);
	json_write_text_if(json, "uuid", pod->base_uuid);
	json_write_text_if(json, "digest", pod->base_digest);
	json_close(json);
	json_open_list(json, "layers");
	for (size_t i = 0; i < pod->layer_count; i++) {
		const struct layer_entry *layer = &pod->layers[i];
		json_open_object(json, NULL);
		json_write_text(json, "name", layer->name);
		json_write_text_if(json, "uuid", layer->uuid);
		json_write_text_if(json, "digest", layer->digest);
		json_write_text_if(json, "layer", layer->diff_id);
		json_close(json);
	}
	json_close(json);
}

static void write_volumes(struct json_writer *json, const struct pod_image *pod)
{
	json_open_list(json, "volumes");
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct image_volume *volume = &pod->volumes[i];
		json_open_object(json, NULL);
		json_write_text(json, "name", volume->name);
		json_write_text_if(json, "image", volume->image);
		json_write_text_if(json, "imageDigest", volume->image_digest);
		write_layers_of(json, volume->layers, volume->layer_count);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_pod(struct json_writer *json, const struct pod_image *pod)
{
	json_open_object(json, NULL);
	json_write_number(json, "version", POD_DOCUMENT_VERSION);
	json_write_text(json, "pod", pod->pod);
	json_write_text_if(json, "namespace", pod->namespace);
	json_write_text(json, "workload", workload_words[pod->workload]);
	json_write_text(json, "restartPolicy", restart_policy_words[pod->restart_policy]);
	json_write_unsigned(json, "terminationGracePeriodSeconds", pod->grace_ms / 1000);
	json_write_unsigned_if(json, "activeDeadlineSeconds", pod->active_deadline_ms / 1000);
	if (pod->backoff_limit >= 0)
		json_write_number(json, "backoffLimit", pod->backoff_limit);
	json_write_unsigned_if(json, "restartLimit", pod->restart_limit);
	if (pod->sysctls.count > 0)
		write_pairs(json, "sysctls", &pod->sysctls);
	if (pod->fs_group >= 0)
		json_write_number(json, "fsGroup", pod->fs_group);
	json_open_list(json, "supplementalGroups");
	for (size_t i = 0; i < pod->supplemental_group_count; i++)
		json_write_unsigned(json, NULL, pod->supplemental_groups[i]);
	json_close_if_filled(json);
	json_write_true_if(json, "shareProcesses", pod->shares_processes);
	write_layers(json, pod);
	write_volumes(json, pod);
	write_containers(json, pod, true);
	write_containers(json, pod, false);
	json_close(json);
}

char *pod_document_write(const struct pod_image *pod, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	write_pod(&json, pod);
	if (json.is_bad_text) {
		(void)error_set(err, ERROR_INVALID, "pod '%s': a text is not UTF-8", pod->pod);
		return NULL;
	}
	return strbuf_take(&out);
}
