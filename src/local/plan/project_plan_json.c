/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a file: written and read by this program only, checked all the same. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/project_plan.h"
#include "local/plan/service_slot.h"

enum { PLAN_VERSION = 1, PLAN_MAX_BYTES = 64 << 20 };

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *volumes_to_json(const struct pod_plan *pod)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume_plan *v = &pod->volumes[i];
		json_array_append_new(
			list,
			json_pack("{s:s,s:o,s:b,s:I,s:o,s:b,s:b}", "name", v->name, "claim",
				  text_or_null(v->claim), "template", (int)v->is_template, "size",
				  (json_int_t)v->size_bytes, "hostPath", text_or_null(v->host_path),
				  "readOnly", (int)v->is_read_only, "file", (int)v->is_file));
	}
	return list;
}

static json_t *pod_to_json(const struct pod_plan *pod)
{
	json_t *object =
		json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:I,s:s,s:s,s:s,s:s,s:s}", "name", pod->name,
			  "kind", pod->kind_name, "workload", (int)pod->workload, "replicas",
			  (int)pod->replicas, "imageDigest", pod->image_digest, "imagePath",
			  pod->image_path, "imageBytes", (json_int_t)pod->image_bytes, "kernel",
			  pod->kernel_path, "initrd", pod->initrd_path, "cmdline", pod->cmdline,
			  "configDigest", pod->config_digest, "config", pod->config_json);
	json_object_set_new(object, "cpus", json_integer(pod->cpu_count));
	json_object_set_new(object, "memory", json_integer((json_int_t)pod->memory_bytes));
	json_object_set_new(object, "scratch", json_integer((json_int_t)pod->scratch_bytes));
	json_object_set_new(object, "grace", json_integer(pod->grace_s));
	json_object_set_new(object, "surge", json_integer(pod->max_surge));
	json_object_set_new(object, "stateful", json_boolean(pod->is_stateful));
	json_object_set_new(object, "dirty", json_boolean(pod->is_dirty));
	json_object_set_new(object, "restart", json_integer(pod->restart_policy));
	json_object_set_new(object, "service", text_or_null(pod->service_name));
	json_object_set_new(object, "stoppedReplicas", json_integer(pod->stopped_replicas));
	json_t *init = json_array();
	for (size_t i = 0; i < pod->init_containers.count; i++)
		json_array_append_new(init, json_string(pod->init_containers.items[i]));
	json_object_set_new(object, "initContainers", init);
	json_object_set_new(object, "volumes", volumes_to_json(pod));
	return object;
}

static json_t *service_to_json(const struct service_plan *service)
{
	json_t *pods = json_array();
	json_t *ports = json_array();
	for (size_t i = 0; i < service->pods.count; i++)
		json_array_append_new(pods, json_string(service->pods.items[i]));
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_plan *port = &service->ports[i];
		json_array_append_new(
			ports,
			json_pack("{s:o,s:i,s:i,s:b,s:i,s:b,s:b}", "name", text_or_null(port->name),
				  "port", (int)port->port, "target", (int)port->target_port, "udp",
				  (int)port->is_udp, "host", (int)port->host_port, "asked",
				  (int)port->is_asked_for, "http", (int)port->is_http));
	}
	return json_pack("{s:s,s:i,s:b,s:b,s:b,s:o,s:o}", "name", service->name, "slot",
			 (int)service->slot, "headless", (int)service->is_headless, "affinity",
			 (int)service->has_affinity, "notReady", (int)service->publish_not_ready,
			 "pods", pods, "ports", ports);
}

bool project_plan_save(const struct project_plan *plan, struct error *err)
{
	json_t *pods = json_array();
	json_t *services = json_array();
	AUTO_FREE char *path = project_plan_path(plan->project);
	AUTO_FREE char *folder = xstrndup(path, strlen(path) - strlen("/plan.json"));

	for (size_t i = 0; i < plan->pod_count; i++)
		json_array_append_new(pods, pod_to_json(&plan->pods[i]));
	for (size_t i = 0; i < plan->service_count; i++)
		json_array_append_new(services, service_to_json(&plan->services[i]));
	json_t *root = json_pack(
		"{s:i,s:s,s:o,s:o,s:s,s:s,s:s,s:o,s:o}", "version", PLAN_VERSION, "project",
		plan->project, "folder", text_or_null(plan->folder), "uri", text_or_null(plan->uri),
		"accel", plan->accel ? plan->accel : "auto", "firmware",
		plan->firmware ? plan->firmware : "direct", "bind",
		plan->bind ? plan->bind : "127.0.0.1", "pods", pods, "services", services);
	AUTO_FREE char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (text == NULL)
		return error_set(err, ERROR_INVALID, "the plan has text that is not UTF-8");
	/* They hold Secrets as the plan does. */
	file_remove_drafts(path);
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, text, strlen(text), 0600, err);
}

static char *take_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return xstrdup_or_null(text);
}

static uint64_t take_number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));
	return value > 0 ? (uint64_t)value : 0;
}

static bool take_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static bool take_digest(const json_t *object, const char *key, char out[DIGEST_SIZE])
{
	const char *text = json_string_value(json_object_get(object, key));
	if (text == NULL || !digest_is_valid(text))
		return false;
	memcpy(out, text, DIGEST_SIZE);
	return true;
}

static bool read_pod(const json_t *object, struct pod_plan *pod)
{
	size_t index = 0;
	json_t *value = NULL;

	pod->name = take_text(object, "name");
	pod->kind_name = take_text(object, "kind");
	pod->workload = (enum workload_kind)take_number(object, "workload");
	pod->replicas = (uint32_t)take_number(object, "replicas");
	pod->image_path = take_text(object, "imagePath");
	pod->image_bytes = take_number(object, "imageBytes");
	pod->kernel_path = take_text(object, "kernel");
	pod->initrd_path = take_text(object, "initrd");
	pod->cmdline = take_text(object, "cmdline");
	pod->config_json = take_text(object, "config");
	pod->cpu_count = (unsigned)take_number(object, "cpus");
	pod->memory_bytes = take_number(object, "memory");
	pod->scratch_bytes = take_number(object, "scratch");
	pod->grace_s = (uint32_t)take_number(object, "grace");
	pod->max_surge = (uint32_t)take_number(object, "surge");
	pod->is_stateful = take_bool(object, "stateful");
	pod->is_dirty = take_bool(object, "dirty");
	pod->restart_policy = (enum restart_policy)take_number(object, "restart");
	pod->service_name = take_text(object, "service");
	pod->stopped_replicas = (uint32_t)take_number(object, "stoppedReplicas");
	json_array_foreach(json_object_get(object, "initContainers"), index, value)
	{
		if (json_is_string(value))
			string_list_add(&pod->init_containers, json_string_value(value));
	}
	json_array_foreach(json_object_get(object, "volumes"), index, value)
	{
		struct volume_plan *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);
		volume->name = take_text(value, "name");
		volume->claim = take_text(value, "claim");
		volume->is_template = take_bool(value, "template");
		volume->size_bytes = take_number(value, "size");
		volume->host_path = take_text(value, "hostPath");
		volume->is_read_only = take_bool(value, "readOnly");
		volume->is_file = take_bool(value, "file");
		if (volume->name == NULL || (volume->claim == NULL) == (volume->host_path == NULL))
			return false;
	}
	return pod->name && pod->kind_name && pod->image_path && pod->kernel_path &&
	       pod->initrd_path && pod->cmdline && pod->config_json && pod->cpu_count > 0 &&
	       take_digest(object, "imageDigest", pod->image_digest) &&
	       take_digest(object, "configDigest", pod->config_digest);
}

static bool read_service(const json_t *object, struct service_plan *service)
{
	size_t index = 0;
	json_t *value = NULL;

	service->name = take_text(object, "name");
	service->slot = (unsigned)take_number(object, "slot");
	service->is_headless = take_bool(object, "headless");
	service->has_affinity = take_bool(object, "affinity");
	service->publish_not_ready = take_bool(object, "notReady");
	json_array_foreach(json_object_get(object, "pods"), index, value)
	{
		if (json_is_string(value))
			string_list_add(&service->pods, json_string_value(value));
	}
	json_array_foreach(json_object_get(object, "ports"), index, value)
	{
		struct port_plan *port = ARRAY_APPEND(service->ports, service->port_count);
		port->name = take_text(value, "name");
		port->port = (uint16_t)take_number(value, "port");
		port->target_port = (uint16_t)take_number(value, "target");
		port->is_udp = take_bool(value, "udp");
		port->host_port = (uint16_t)take_number(value, "host");
		port->is_asked_for = take_bool(value, "asked");
		port->is_http = take_bool(value, "http");
	}
	return service->name != NULL;
}

static bool read_plan(const json_t *root, struct project_plan *plan)
{
	size_t index = 0;
	json_t *value = NULL;

	plan->project = take_text(root, "project");
	plan->folder = take_text(root, "folder");
	plan->uri = take_text(root, "uri");
	plan->accel = take_text(root, "accel");
	plan->firmware = take_text(root, "firmware");
	plan->bind = take_text(root, "bind");
	json_array_foreach(json_object_get(root, "pods"), index, value)
	{
		if (!read_pod(value, ARRAY_APPEND(plan->pods, plan->pod_count)))
			return false;
	}
	json_array_foreach(json_object_get(root, "services"), index, value)
	{
		if (!read_service(value, ARRAY_APPEND(plan->services, plan->service_count)))
			return false;
	}
	return plan->project && plan->accel && plan->firmware && plan->bind &&
	       take_number(root, "version") == PLAN_VERSION;
}

bool project_plan_load(const char *project, struct project_plan *ret, struct error *err)
{
	AUTO_FREE char *path = project_plan_path(project);
	AUTO_FREE char *text = NULL;
	AUTO(project_plan_clear) struct project_plan plan = {0};
	size_t size = 0;

	if (!path_exists(path)) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' is not up", project);
		return error_hint(err, "i2kit up");
	}
	if (!file_read(path, PLAN_MAX_BYTES, &text, &size, err))
		return false;
	json_t *root = json_loadb(text, size, 0, NULL);
	bool is_read =
		root != NULL && read_plan(root, &plan) && service_slots_fill(&plan, NULL, NULL);
	json_decref(root);
	if (!is_read) {
		error_set(err, ERROR_CORRUPT, "%s: not a plan of this version of i2kit", path);
		return error_hint(err, "i2kit up makes a new one");
	}
	*ret = plan;
	plan = (struct project_plan){0};
	return true;
}
