/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/pod_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/parse.h"
#include "image/disk/gpt.h"
#include "image/oci/reference.h"
#include "image/pod/image_health.h"
#include "manifest/pod_images.h"
#include "wire/pod_document.h"

/* What manifest and images say becomes the values of wire/pod_document.h, which writes them. */

#define MAX_TEXTS 4096

void pod_layer_name(size_t index, char out[PARTITION_NAME_SIZE])
{
	(void)snprintf(out, PARTITION_NAME_SIZE, "i2kit-layer-%03zu", index);
}

static int64_t number_if(bool is_given, uint32_t number)
{
	return is_given ? (int64_t)number : -1;
}

static void fill_probe(struct probe_spec *to, const struct probe *probe)
{
	check_copy(&to->check, &probe->check);
	to->initial_delay_ms = probe->initial_delay_s * UINT64_C(1000);
	to->period_ms = probe->period_s * UINT64_C(1000);
	to->timeout_ms = probe->timeout_s * UINT64_C(1000);
	to->success_threshold = probe->success_threshold;
	to->failure_threshold = probe->failure_threshold;
	to->grace_ms = probe->grace_period_s > 0 ? probe->grace_period_s * INT64_C(1000) : -1;
}

static void fill_security(struct container_security *to, const struct security_context *from)
{
	to->user = number_if(from->has_user, from->run_as_user);
	to->group = number_if(from->has_group, from->run_as_group);
	to->is_non_root = from->run_as_non_root == TRI_TRUE;
	to->is_root_read_only = from->is_read_only_root;
	to->has_no_new_privileges = from->allow_privilege_escalation == TRI_FALSE;
	to->is_privileged = from->is_privileged;
	string_list_copy(&to->add, &from->capabilities_add);
	string_list_copy(&to->drop, &from->capabilities_drop);
	to->is_seccomp_off = from->seccomp == SECCOMP_UNCONFINED;
	to->has_metadata = from->has_metadata;
}

/* An empty text counts as none. */
static char *config_text(struct json_view config, const char *key)
{
	const char *text = json_view_peek(json_view_get(config, key));
	return text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
}

static bool fill_image_config(struct container_image *to, const struct container_spec *spec,
			      const struct oci_image *image, struct error *err)
{
	AUTO_FREE char *what = xasprintf("image '%s': its config is malformed", image->reference);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(image->config_json, strlen(image->config_json), what, 0, err);
	if (document == NULL)
		return false;
	struct json_view config = json_view_get(json_document_root(document), "config");
	json_view_texts(json_view_get(config, "Entrypoint"), MAX_TEXTS, &to->entrypoint);
	json_view_texts(json_view_get(config, "Cmd"), MAX_TEXTS, &to->cmd);
	json_view_texts(json_view_get(config, "Env"), MAX_TEXTS, &to->env);
	to->working_dir = config_text(config, "WorkingDir");
	to->user = spec->user != NULL ? xstrdup(spec->user) : config_text(config, "User");
	to->stop_signal = spec->stop_signal != NULL ? xstrdup(spec->stop_signal)
						    : config_text(config, "StopSignal");
	if (spec->keeps_image_health)
		image_health_fill(&to->readiness, json_view_get(config, "Healthcheck"));
	/* {"/data":{},…}: a set, so sorted. */
	for (struct json_view volume = json_view_first(json_view_get(config, "Volumes"), MAX_TEXTS);
	     json_view_exists(volume); volume = json_view_next(volume))
		string_list_add(&to->volumes, volume.key);
	string_list_sort(&to->volumes);
	return json_document_check(document, err);
}

/* As the guest puts it together: an empty list counts as none. */
static bool check_program(const struct container_image *container,
			  const struct container_spec *spec, struct error *err)
{
	if (container->command.count + container->args.count + container->entrypoint.count +
		    container->cmd.count >
	    0)
		return true;
	(void)error_set(err, ERROR_INVALID,
			"container '%s': there is no program to run: image '%s' names none, and "
			"neither does the manifest",
			spec->name, spec->image);
	return error_hint(err, "command: [/path/to/program] in the container");
}

static void fill_command(struct container_image *to, const struct container_spec *spec)
{
	to->has_command = spec->has_command;
	string_list_copy(&to->command, &spec->command);
	to->has_args = spec->has_args;
	string_list_copy(&to->args, &spec->args);
	to->wanted_working_dir = xstrdup_or_null(spec->working_dir);
	to->is_sidecar = spec->is_sidecar;
	to->has_stdin = spec->has_stdin;
	to->is_stdin_once = spec->stdin_once;
	to->has_tty = spec->has_tty;
	to->termination_path = xstrdup_or_null(spec->termination_message_path);
}

static void fill_ports(struct container_image *to, const struct container_spec *spec)
{
	for (size_t i = 0; i < spec->port_count; i++) {
		struct port_entry *port = ARRAY_APPEND(to->ports, to->port_count);
		port->name = xstrdup_or_null(spec->ports[i].name);
		port->port = spec->ports[i].port;
		port->protocol = spec->ports[i].protocol;
	}
}

static void fill_resources(struct container_image *to, const struct resources *from)
{
	to->cpu_request_millis = from->cpu_request_millis;
	to->cpu_limit_millis = from->cpu_limit_millis;
	to->memory_request_bytes = from->memory_request_bytes;
	to->memory_limit_bytes = from->memory_limit_bytes;
	to->ephemeral_request_bytes = from->ephemeral_request_bytes;
	to->ephemeral_limit_bytes = from->ephemeral_limit_bytes;
}

static size_t layer_index(const struct pod_document *document, const struct digest *diff_id)
{
	size_t i = 0;
	while (!digest_equal(&document->layers[i].blob->diff_id, diff_id))
		i++;
	return i;
}

static void fill_hooks(struct check **to, size_t *count, const struct probe *hooks,
		       size_t hook_count)
{
	for (size_t i = 0; i < hook_count; i++)
		check_copy(ARRAY_APPEND(*to, *count), &hooks[i].check);
}

static void fill_limits(struct container_image *to, const struct container_limits *from)
{
	to->task_limit = from->tasks;
	to->cpu_shares = from->cpu_shares;
	to->oom_score_adjustment = from->oom_score_adjustment;
	to->has_init = from->has_init;
	for (size_t i = 0; i < from->rlimit_count; i++)
		*ARRAY_APPEND(to->rlimits, to->rlimit_count) = from->rlimits[i];
}

static void fill_layers_of(const struct pod_document *document, const struct oci_image *image,
			   size_t **ret, size_t *ret_count)
{
	for (size_t i = 0; i < image->layer_count; i++)
		*ARRAY_APPEND(*ret, *ret_count) = layer_index(document, &image->layers[i].diff_id);
}

static bool fill_container(struct container_image *to, const struct pod_document *document,
			   const struct container_spec *spec, const struct oci_image *image,
			   struct error *err)
{
	to->name = xstrdup(spec->name);
	to->image = reference_portable(spec->image);
	to->image_digest = xstrdup(DIGEST_TEXT(&image->digest));
	fill_layers_of(document, image, &to->layers, &to->layer_count);
	fill_command(to, spec);
	fill_ports(to, spec);
	fill_resources(to, &spec->resources);
	fill_probe(&to->startup, &spec->startup);
	fill_probe(&to->readiness, &spec->readiness);
	fill_probe(&to->liveness, &spec->liveness);
	check_copy(&to->post_start, &spec->post_start.check);
	check_copy(&to->pre_stop, &spec->pre_stop.check);
	fill_hooks(&to->more_post_starts, &to->more_post_start_count, spec->more_post_starts,
		   spec->more_post_start_count);
	fill_hooks(&to->more_pre_stops, &to->more_pre_stop_count, spec->more_pre_stops,
		   spec->more_pre_stop_count);
	fill_limits(to, &spec->limits);
	fill_security(&to->security, &spec->security);
	return fill_image_config(to, spec, image, err) && check_program(to, spec, err);
}

static void fill_layers(struct pod_image *to, const struct pod_document *document)
{
	char uuid[UUID_SIZE];
	digest_uuid(&document->base_digest, uuid);
	to->base_name = xstrdup("i2kit-base");
	to->base_uuid = xstrdup(uuid);
	to->base_digest = xstrdup(DIGEST_TEXT(&document->base_digest));
	for (size_t i = 0; i < document->layer_count; i++) {
		struct layer_entry *layer = ARRAY_APPEND(to->layers, to->layer_count);
		char name[PARTITION_NAME_SIZE];
		pod_layer_name(i, name);
		digest_uuid(&document->layers[i].digest, uuid);
		layer->name = xstrdup(name);
		layer->uuid = xstrdup(uuid);
		layer->digest = xstrdup(DIGEST_TEXT(&document->layers[i].digest));
		layer->diff_id = xstrdup(DIGEST_TEXT(&document->layers[i].blob->diff_id));
	}
}

/* Checked by the loader. */
static uint32_t group_number(const char *text)
{
	uint64_t number = 0;
	return parse_u64(text, 0, UINT32_MAX, &number) ? (uint32_t)number : 0;
}

static void fill_pod(struct pod_image *to, const struct pod_spec *pod)
{
	to->pod = xstrdup(pod->name);
	to->namespace = xstrdup(pod->namespace_name);
	to->workload = pod->workload;
	to->restart_policy = pod->restart_policy;
	to->grace_ms = pod->termination_grace_s * UINT64_C(1000);
	to->active_deadline_ms = pod->active_deadline_s * 1000;
	to->backoff_limit = number_if(pod->workload == WORKLOAD_JOB, pod->job.backoff_limit);
	for (size_t i = 0; i < pod->sysctl_count; i++)
		string_list_addf(&to->sysctls, "%s=%s", pod->sysctls[i].key, pod->sysctls[i].value);
	to->shares_processes = pod->shares_processes;
	to->restart_limit = pod->restart_limit < INT32_MAX ? pod->restart_limit : INT32_MAX;
	to->fs_group = number_if(pod->has_fs_group, pod->fs_group);
	for (size_t i = 0; i < pod->supplemental_groups.count; i++)
		*ARRAY_APPEND(to->supplemental_groups, to->supplemental_group_count) =
			group_number(pod->supplemental_groups.items[i]);
}

static void fill_image_volume(struct image_volume *to, const struct pod_document *document,
			      const struct volume *volume, const struct oci_image *image)
{
	to->name = xstrdup(volume->name);
	to->image = reference_portable(volume->image);
	to->image_digest = xstrdup(DIGEST_TEXT(&image->digest));
	fill_layers_of(document, image, &to->layers, &to->layer_count);
}

static bool fill_images(struct pod_image *to, const struct pod_document *document,
			struct error *err)
{
	for (size_t i = 0; i < pod_images_count(document->pod); i++) {
		const struct pod_image_use use = pod_images_at(document->pod, i);
		const struct oci_image *image = &document->images[i];
		if (use.container == NULL) {
			fill_image_volume(ARRAY_APPEND(to->volumes, to->volume_count), document,
					  use.volume, image);
			continue;
		}
		struct container_image *container =
			ARRAY_APPEND(to->containers, to->container_count);
		container->is_init = i < document->pod->init_container_count;
		if (!fill_container(container, document, use.container, image, err))
			return false;
	}
	return true;
}

char *pod_document_make(const struct pod_document *document, struct error *err)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	fill_pod(&pod, document->pod);
	fill_layers(&pod, document);
	return fill_images(&pod, document, err) ? pod_document_write(&pod, err) : NULL;
}
