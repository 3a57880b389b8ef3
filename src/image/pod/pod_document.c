/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/pod_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "image/disk/gpt.h"
#include "image/oci/reference.h"

/*
 * Keys appear in the order they are set. A text that is not UTF-8 makes json_string() NULL, which
 * the setters of jansson refuse: is_bad remembers it, so that one check at the end is enough.
 */
struct maker {
	bool is_bad;
};

static void set(struct maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		maker->is_bad = true;
}

static void set_text(struct maker *maker, json_t *object, const char *key, const char *text)
{
	set(maker, object, key, json_string(text));
}

static void set_text_if(struct maker *maker, json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		set_text(maker, object, key, text);
}

static void set_number(struct maker *maker, json_t *object, const char *key, uint64_t number)
{
	set(maker, object, key, json_integer((json_int_t)number));
}

static void set_number_if(struct maker *maker, json_t *object, const char *key, uint64_t number)
{
	if (number != 0)
		set_number(maker, object, key, number);
}

static void set_true_if(struct maker *maker, json_t *object, const char *key, bool value)
{
	if (value)
		set(maker, object, key, json_true());
}

static void append(struct maker *maker, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) != 0)
		maker->is_bad = true;
}

static json_t *text_list(struct maker *maker, const struct string_list *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		append(maker, array, json_string(list->items[i]));
	return array;
}

static void set_list_if(struct maker *maker, json_t *object, const char *key,
			const struct string_list *list)
{
	if (list->count > 0)
		set(maker, object, key, text_list(maker, list));
}

static void set_headers(struct maker *maker, json_t *object, const struct key_value *headers,
			size_t count)
{
	if (count == 0)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *pair = json_array();
		append(maker, pair, json_string(headers[i].key));
		append(maker, pair, json_string(headers[i].value));
		append(maker, list, pair);
	}
	set(maker, object, "headers", list);
}

static void set_probe(struct maker *maker, json_t *container, const char *key,
		      const struct probe *probe)
{
	static const char *const types[] = {[PROBE_EXEC] = "exec",
					    [PROBE_HTTP] = "http",
					    [PROBE_TCP] = "tcp",
					    [PROBE_GRPC] = "grpc"};
	if (probe->kind == PROBE_NONE)
		return;
	json_t *object = json_object();
	set_text(maker, object, "type", types[probe->kind]);
	if (probe->kind == PROBE_EXEC)
		set(maker, object, "command", text_list(maker, &probe->command));
	set_text_if(maker, object, "host", probe->host);
	set_number_if(maker, object, "port", probe->port);
	if (probe->kind == PROBE_HTTP) {
		set_text_if(maker, object, "path", probe->path);
		if (probe->is_https)
			set_text(maker, object, "scheme", "HTTPS");
		set_headers(maker, object, probe->headers, probe->header_count);
	}
	set_text_if(maker, object, "service", probe->grpc_service);
	set_number(maker, object, "initialDelaySeconds", probe->initial_delay_s);
	set_number(maker, object, "periodSeconds", probe->period_s);
	set_number(maker, object, "timeoutSeconds", probe->timeout_s);
	set_number(maker, object, "successThreshold", probe->success_threshold);
	set_number(maker, object, "failureThreshold", probe->failure_threshold);
	set_number_if(maker, object, "gracePeriodSeconds", probe->grace_period_s);
	set(maker, container, key, object);
}

static void set_hook(struct maker *maker, json_t *container, const char *key,
		     const struct lifecycle_hook *hook)
{
	static const char *const types[] = {[HOOK_EXEC] = "exec",
					    [HOOK_HTTP] = "http",
					    [HOOK_TCP] = "tcp",
					    [HOOK_SLEEP] = "sleep"};
	if (hook->kind == HOOK_NONE)
		return;
	json_t *object = json_object();
	set_text(maker, object, "type", types[hook->kind]);
	if (hook->kind == HOOK_EXEC)
		set(maker, object, "command", text_list(maker, &hook->command));
	set_text_if(maker, object, "host", hook->host);
	set_number_if(maker, object, "port", hook->port);
	if (hook->kind == HOOK_HTTP) {
		set_text_if(maker, object, "path", hook->path);
		if (hook->is_https)
			set_text(maker, object, "scheme", "HTTPS");
		set_headers(maker, object, hook->headers, hook->header_count);
	}
	if (hook->kind == HOOK_SLEEP)
		set_number(maker, object, "seconds", hook->sleep_s);
	set(maker, container, key, object);
}

static void set_ports(struct maker *maker, json_t *container, const struct container_spec *spec)
{
	if (spec->port_count == 0)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < spec->port_count; i++) {
		json_t *port = json_object();
		set_text_if(maker, port, "name", spec->ports[i].name);
		set_number(maker, port, "port", spec->ports[i].port);
		set_text(maker, port, "protocol",
			 spec->ports[i].protocol == PROTOCOL_UDP ? "UDP" : "TCP");
		append(maker, list, port);
	}
	set(maker, container, "ports", list);
}

static void set_if_filled(struct maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_size(value) > 0)
		set(maker, object, key, value);
	else
		json_decref(value);
}

static void set_resources(struct maker *maker, json_t *container, const struct resources *resources)
{
	json_t *object = json_object();
	set_number_if(maker, object, "cpuRequestMillis", resources->cpu_request_millis);
	set_number_if(maker, object, "cpuLimitMillis", resources->cpu_limit_millis);
	set_number_if(maker, object, "memoryRequestBytes", resources->memory_request_bytes);
	set_number_if(maker, object, "memoryLimitBytes", resources->memory_limit_bytes);
	set_number_if(maker, object, "ephemeralRequestBytes", resources->ephemeral_request_bytes);
	set_number_if(maker, object, "ephemeralLimitBytes", resources->ephemeral_limit_bytes);
	set_if_filled(maker, container, "resources", object);
}

static void set_security(struct maker *maker, json_t *container,
			 const struct security_context *security)
{
	json_t *object = json_object();
	if (security->has_user)
		set_number(maker, object, "user", security->run_as_user);
	if (security->has_group)
		set_number(maker, object, "group", security->run_as_group);
	set_true_if(maker, object, "nonRoot", security->run_as_non_root == TRI_TRUE);
	set_true_if(maker, object, "readOnlyRoot", security->is_read_only_root);
	if (security->allow_privilege_escalation == TRI_FALSE)
		set(maker, object, "allowPrivilegeEscalation", json_false());
	set_true_if(maker, object, "privileged", security->is_privileged);
	set_list_if(maker, object, "add", &security->capabilities_add);
	set_list_if(maker, object, "drop", &security->capabilities_drop);
	if (security->seccomp == SECCOMP_UNCONFINED)
		set_text(maker, object, "seccomp", "unconfined");
	set_if_filled(maker, container, "security", object);
}

/* A list of texts, as it stands in the image's config. */
static bool is_text_list(const json_t *value)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return false;
	json_array_foreach(value, i, item) if (!json_is_string(item)) return false;
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* {"/data":{},…} with its keys sorted: they are a set. */
static void copy_volumes(struct maker *maker, json_t *to, const json_t *volumes)
{
	size_t count = 0;
	const char *key;
	json_t *value, *object = json_object();
	AUTO_FREE const char **keys = xcalloc(json_object_size(volumes) + 1, sizeof(char *));
	json_object_foreach((json_t *)(uintptr_t)volumes, key, value) keys[count++] = key;
	qsort(keys, count, sizeof(char *), compare_texts);
	for (size_t i = 0; i < count; i++)
		set(maker, object, keys[i], json_object());
	set_if_filled(maker, to, "Volumes", object);
}

static bool set_image_config(struct maker *maker, json_t *container, const struct oci_image *image,
			     struct error *err)
{
	static const char *const keys[] = {"Entrypoint", "Cmd",	 "Env",
					   "WorkingDir", "User", "StopSignal"};
	json_t *root = json_loads(image->config_json, JSON_REJECT_DUPLICATES, NULL);
	const json_t *config = json_object_get(root, "config");
	json_t *copy = json_object();
	bool is_good = root != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && is_good; i++) {
		json_t *value = json_object_get(config, keys[i]);
		if (value == NULL || json_is_null(value))
			continue;
		is_good = i < 3 ? is_text_list(value) : json_is_string(value);
		if (is_good && (json_array_size(value) > 0 || json_string_length(value) > 0))
			set(maker, copy, keys[i], json_incref(value));
	}
	if (is_good)
		copy_volumes(maker, copy, json_object_get(config, "Volumes"));
	set(maker, container, "config", copy);
	json_decref(root);
	return is_good || error_set(err, ERROR_INVALID, "image '%s': its config is malformed",
				    image->reference);
}

static size_t layer_index(const struct pod_document *document, const char *diff_id)
{
	size_t i = 0;
	while (strcmp(document->layers[i].diff_id, diff_id) != 0)
		i++;
	return i;
}

static void set_command(struct maker *maker, json_t *container, const struct container_spec *spec)
{
	if (spec->has_command)
		set(maker, container, "command", text_list(maker, &spec->command));
	if (spec->has_args)
		set(maker, container, "args", text_list(maker, &spec->args));
	set_text_if(maker, container, "workingDir", spec->working_dir);
	set_true_if(maker, container, "sidecar", spec->is_sidecar);
	set_true_if(maker, container, "stdin", spec->has_stdin);
	set_true_if(maker, container, "stdinOnce", spec->stdin_once);
	set_true_if(maker, container, "tty", spec->has_tty);
}

/* As the guest puts it together: an empty list counts as none. */
static bool has_program(const json_t *container, const struct container_spec *spec)
{
	const json_t *config = json_object_get(container, "config");
	return spec->command.count > 0 || spec->args.count > 0 ||
	       json_object_get(config, "Entrypoint") != NULL ||
	       json_object_get(config, "Cmd") != NULL;
}

static bool check_program(const json_t *container, const struct container_spec *spec,
			  struct error *err)
{
	if (has_program(container, spec))
		return true;
	(void)error_set(err, ERROR_INVALID,
			"container '%s': there is no program to run: image '%s' names none, and "
			"neither does the manifest",
			spec->name, spec->image);
	return error_hint(err, "command: [/path/to/program] in the container");
}

static json_t *make_container(struct maker *maker, const struct pod_document *document,
			      const struct container_spec *spec, const struct oci_image *image,
			      struct error *err)
{
	json_t *container = json_object(), *layers = json_array();
	set_text(maker, container, "name", spec->name);
	AUTO_FREE char *image_name = reference_portable(spec->image);
	set_text(maker, container, "image", image_name);
	set_text(maker, container, "imageDigest", image->digest);
	for (size_t i = 0; i < image->layer_count; i++)
		append(maker, layers,
		       json_integer((json_int_t)layer_index(document, image->layers[i].diff_id)));
	set(maker, container, "layers", layers);
	if (!set_image_config(maker, container, image, err) ||
	    !check_program(container, spec, err)) {
		json_decref(container);
		return NULL;
	}
	set_command(maker, container, spec);
	set_ports(maker, container, spec);
	set_resources(maker, container, &spec->resources);
	set_probe(maker, container, "startupProbe", &spec->startup);
	set_probe(maker, container, "readinessProbe", &spec->readiness);
	set_probe(maker, container, "livenessProbe", &spec->liveness);
	set_hook(maker, container, "postStart", &spec->post_start);
	set_hook(maker, container, "preStop", &spec->pre_stop);
	set_security(maker, container, &spec->security);
	set_text_if(maker, container, "terminationMessagePath", spec->termination_message_path);
	return container;
}

static bool set_containers(struct maker *maker, json_t *root, const struct pod_document *document,
			   bool is_init, struct error *err)
{
	const struct pod_spec *pod = document->pod;
	const struct container_spec *specs = is_init ? pod->init_containers : pod->containers;
	size_t count = is_init ? pod->init_container_count : pod->container_count;
	const struct oci_image *images =
		is_init ? document->images : document->images + pod->init_container_count;
	json_t *list = json_array();
	set(maker, root, is_init ? "initContainers" : "containers", list);
	for (size_t i = 0; i < count; i++) {
		json_t *container = make_container(maker, document, &specs[i], &images[i], err);
		if (container == NULL)
			return false;
		append(maker, list, container);
	}
	return true;
}

void pod_layer_name(size_t index, char out[PARTITION_NAME_SIZE])
{
	(void)snprintf(out, PARTITION_NAME_SIZE, "i2kit-layer-%03zu", index);
}

static void set_layers(struct maker *maker, json_t *root, const struct pod_document *document)
{
	json_t *list = json_array();
	for (size_t i = 0; i < document->layer_count; i++) {
		json_t *layer = json_object();
		char name[PARTITION_NAME_SIZE], uuid[UUID_SIZE];
		pod_layer_name(i, name);
		uuid_from_digest(document->layers[i].digest, uuid);
		set_text(maker, layer, "name", name);
		set_text(maker, layer, "uuid", uuid);
		set_text(maker, layer, "digest", document->layers[i].digest);
		set_text(maker, layer, "layer", document->layers[i].diff_id);
		append(maker, list, layer);
	}
	set(maker, root, "layers", list);
}

/* Checked by the loader. */
static json_int_t group_number(const char *text)
{
	uint64_t number = 0;
	return parse_u64(text, 0, UINT32_MAX, &number) ? (json_int_t)number : 0;
}

static void set_pod(struct maker *maker, json_t *root, const struct pod_spec *pod)
{
	static const char *const workloads[] = {[WORKLOAD_DEPLOYMENT] = "Deployment",
						[WORKLOAD_STATEFUL_SET] = "StatefulSet",
						[WORKLOAD_POD] = "Pod",
						[WORKLOAD_JOB] = "Job"};
	static const char *const restarts[] = {[RESTART_ALWAYS] = "Always",
					       [RESTART_ON_FAILURE] = "OnFailure",
					       [RESTART_NEVER] = "Never"};
	set_number(maker, root, "version", 1);
	set_text(maker, root, "pod", pod->name);
	set_text(maker, root, "namespace", pod->namespace_name);
	set_text(maker, root, "workload", workloads[pod->workload]);
	set_text(maker, root, "restartPolicy", restarts[pod->restart_policy]);
	set_number(maker, root, "terminationGracePeriodSeconds", pod->termination_grace_s);
	set_number_if(maker, root, "activeDeadlineSeconds", pod->active_deadline_s);
	if (pod->workload == WORKLOAD_JOB)
		set_number(maker, root, "backoffLimit", pod->job_backoff_limit);
	json_t *sysctls = json_object();
	for (size_t i = 0; i < pod->sysctl_count; i++)
		set_text(maker, sysctls, pod->sysctls[i].key, pod->sysctls[i].value);
	set_if_filled(maker, root, "sysctls", sysctls);
	if (pod->has_fs_group)
		set_number(maker, root, "fsGroup", pod->fs_group);
	if (pod->supplemental_groups.count > 0) {
		json_t *groups = json_array();
		for (size_t i = 0; i < pod->supplemental_groups.count; i++)
			append(maker, groups,
			       json_integer(group_number(pod->supplemental_groups.items[i])));
		set(maker, root, "supplementalGroups", groups);
	}
}

static void set_base(struct maker *maker, json_t *root, const char *digest)
{
	char uuid[UUID_SIZE];
	json_t *base = json_object();
	uuid_from_digest(digest, uuid);
	set_text(maker, base, "name", "i2kit-base");
	set_text(maker, base, "uuid", uuid);
	set_text(maker, base, "digest", digest);
	set(maker, root, "base", base);
}

char *pod_document_make(const struct pod_document *document, struct error *err)
{
	struct maker maker = {0};
	json_t *root = json_object();
	char *text = NULL;
	set_pod(&maker, root, document->pod);
	set_base(&maker, root, document->base_digest);
	set_layers(&maker, root, document);
	bool is_good = set_containers(&maker, root, document, true, err) &&
		       set_containers(&maker, root, document, false, err);
	if (is_good && maker.is_bad)
		(void)error_set(err, ERROR_INVALID, "a text is not UTF-8");
	if (is_good && !maker.is_bad)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
