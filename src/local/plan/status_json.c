/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/parse.h"
#include "local/plan/status_json.h"

static json_t *text(const char *value)
{
	/* Names and messages may come from a guest: what is not UTF-8 becomes null. */
	json_t *string = value ? json_string(value) : NULL;
	return string ? string : json_null();
}

static json_t *time_text(int64_t ns)
{
	char when[RFC3339_SIZE];
	if (ns == 0)
		return json_null();
	clock_format_rfc3339(when, ns, 3);
	return json_string(when);
}

static json_t *containers(const struct instance_status *instance)
{
	static const char *const states[] = {"waiting", "running", "terminated"};
	json_t *list = json_array();
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *c = &instance->containers[i];
		json_array_append_new(
			list,
			json_pack("{s:o,s:b,s:s,s:b,s:o,s:o,s:o,s:i,s:i,s:o,s:I,s:I}", "name",
				  text(c->name), "init", (int)c->is_init, "state", states[c->state],
				  "ready", (int)c->is_ready, "reason", text(c->reason), "message",
				  text(c->message), "lastReason", text(c->last_reason), "exitCode",
				  c->exit_code, "restarts", (int)c->restarts, "startedAt",
				  time_text(c->started_ns), "cpuUsec", (json_int_t)c->cpu_usec,
				  "memoryBytes", (json_int_t)c->memory_bytes));
	}
	return list;
}

static json_t *probes(const struct instance_status *instance)
{
	json_t *list = json_array();
	for (size_t i = 0; i < instance->probe_count; i++) {
		const struct probe_result *p = &instance->probes[i];
		json_array_append_new(
			list, json_pack("{s:o,s:o,s:b,s:o,s:o}", "container", text(p->container),
					"probe", text(p->probe), "ok", (int)p->is_ok, "message",
					text(p->message), "time", time_text(p->time_ns)));
	}
	return list;
}

static json_t *stages(const struct instance_status *instance)
{
	json_t *list = json_array();
	for (size_t i = 0; i < instance->stage_count; i++)
		json_array_append_new(
			list, json_pack("{s:o,s:I}", "stage", text(instance->stages[i].name), "ms",
					(json_int_t)instance->stages[i].since_start_ms));
	return list;
}

static json_t *instance_object(const struct instance_status *i)
{
	json_t *object =
		json_pack("{s:o,s:o,s:i,s:o,s:s,s:b,s:o,s:o,s:s,s:s,s:b,s:s}", "name",
			  text(i->name), "pod", text(i->pod), "replica", (int)i->replica, "uuid",
			  text(i->uuid), "state", instance_state_name(i->state), "ready",
			  (int)i->is_ready, "reason", text(i->reason), "address", text(i->address),
			  "imageDigest", i->image_digest, "configDigest", i->config_digest, "dirty",
			  (int)i->is_dirty, "accelerator", i->is_kvm ? "kvm" : "tcg");
	json_object_set_new(object, "outdated", json_boolean(i->is_outdated));
	json_object_set_new(object, "startFailures", json_integer(i->start_failures));
	json_object_set_new(object, "restarts", json_integer(i->restarts));
	json_object_set_new(object, "vmRestarts", json_integer(i->vm_restarts));
	json_object_set_new(object, "createdAt", time_text(i->created_ns));
	json_object_set_new(object, "readyAt", time_text(i->ready_ns));
	json_object_set_new(object, "memoryBytes", json_integer((json_int_t)i->memory_bytes));
	json_object_set_new(object, "memoryUsedBytes",
			    json_integer((json_int_t)i->memory_used_bytes));
	json_object_set_new(object, "cpuUsec", json_integer((json_int_t)i->cpu_usec));
	json_object_set_new(object, "statsMeasuredAt", time_text(i->stats_time_ns));
	json_object_set_new(object, "cpus", json_integer(i->cpu_count));
	json_object_set_new(object, "containers", containers(i));
	json_object_set_new(object, "probes", probes(i));
	json_object_set_new(object, "boot", stages(i));
	return object;
}

char *instance_status_to_json(const struct instance_status *status, const char *advice)
{
	json_t *object = instance_object(status);
	char *json;

	json_object_set_new(object, "advice", text(advice));
	json = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	return json ? json : xstrdup("{}");
}

static json_t *port_object(const struct port_status *p)
{
	json_t *object =
		json_pack("{s:o,s:o,s:o,s:i,s:i,s:i,s:s,s:i}", "service", text(p->service), "name",
			  text(p->name), "host", text(p->host), "hostPort", (int)p->host_port,
			  "port", (int)p->service_port, "targetPort", (int)p->target_port,
			  "protocol", p->is_udp ? "udp" : "tcp", "backends", (int)p->backends);
	json_object_set_new(object, "connections", json_integer((json_int_t)p->connections));
	json_object_set_new(object, "totalConnections",
			    json_integer((json_int_t)p->total_connections));
	json_object_set_new(object, "parked", json_integer((json_int_t)p->parked));
	json_object_set_new(object, "problem", text(p->problem));
	json_object_set_new(object, "http", json_boolean(p->is_http));
	json_object_set_new(object, "wantedHostPort", json_integer(p->wanted_host_port));
	json_t *pods = json_array();
	for (size_t i = 0; i < p->pods.count; i++)
		json_array_append_new(pods, text(p->pods.items[i]));
	json_object_set_new(object, "pods", pods);
	return object;
}

char *project_status_to_json(const struct project_status *status, bool is_indented)
{
	json_t *pods = json_array();
	json_t *instances = json_array();
	json_t *ports = json_array();

	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		json_array_append_new(
			pods, json_pack("{s:o,s:o,s:i,s:i,s:o,s:b,s:b}", "name", text(pod->name),
					"kind", text(pod->kind), "desired", (int)pod->desired,
					"ready", (int)pod->ready, "message", text(pod->message),
					"failed", (int)pod->is_failed, "job", (int)pod->is_job));
	}
	for (size_t i = 0; i < status->instance_count; i++)
		json_array_append_new(instances, instance_object(&status->instances[i]));
	for (size_t i = 0; i < status->port_count; i++)
		json_array_append_new(ports, port_object(&status->ports[i]));
	json_t *root =
		json_pack("{s:o,s:o,s:o,s:o,s:o,s:b,s:i,s:o,s:o,s:o}", "project",
			  text(status->project), "folder", text(status->folder), "connection",
			  text(status->connection), "accelerator", text(status->accelerator),
			  "acceleratorReason", text(status->accelerator_reason), "supervised",
			  (int)status->is_supervised, "supervisorPid", status->supervisor_pid,
			  "pods", pods, "instances", instances, "ports", ports);
	json_object_set_new(root, "session", json_boolean(status->is_session));
	char *json = json_dumps(root, is_indented ? JSON_INDENT(2) : JSON_COMPACT);
	json_decref(root);
	/* jansson hands out memory of malloc(), as everybody here frees it. */
	return json ? json : xstrdup("{}");
}

static char *take_text(const json_t *object, const char *key)
{
	return xstrdup_or_null(json_string_value(json_object_get(object, key)));
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

static int64_t take_time(const json_t *object, const char *key)
{
	const char *when = json_string_value(json_object_get(object, key));
	int64_t ns = 0;
	return when != NULL && parse_rfc3339_ns(when, &ns) ? ns : 0;
}

static void take_digest(const json_t *object, const char *key, char out[DIGEST_SIZE])
{
	const char *digest = json_string_value(json_object_get(object, key));
	if (digest != NULL && digest_is_valid(digest))
		memcpy(out, digest, DIGEST_SIZE);
}

static void read_container(const json_t *object, struct container_status *c)
{
	static const char *const states[] = {"waiting", "running", "terminated"};
	const char *state = json_string_value(json_object_get(object, "state"));

	c->name = xstrdup(json_is_string(json_object_get(object, "name"))
				  ? json_string_value(json_object_get(object, "name"))
				  : "");
	c->is_init = take_bool(object, "init");
	for (size_t i = 0; state != NULL && i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i], state) == 0)
			c->state = (enum container_state)i;
	}
	c->is_ready = take_bool(object, "ready");
	c->reason = take_text(object, "reason");
	c->message = take_text(object, "message");
	c->last_reason = take_text(object, "lastReason");
	c->exit_code = (int)json_integer_value(json_object_get(object, "exitCode"));
	c->restarts = (unsigned)take_number(object, "restarts");
	c->started_ns = take_time(object, "startedAt");
	c->cpu_usec = take_number(object, "cpuUsec");
	c->memory_bytes = take_number(object, "memoryBytes");
}

static enum instance_state read_state(const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "state"));
	for (int i = INSTANCE_PENDING; name != NULL && i <= INSTANCE_CRASHED; i++) {
		if (strcmp(instance_state_name((enum instance_state)i), name) == 0)
			return (enum instance_state)i;
	}
	return INSTANCE_PENDING;
}

static void read_lists(const json_t *object, struct instance_status *i)
{
	size_t index = 0;
	json_t *value = NULL;

	json_array_foreach(json_object_get(object, "containers"), index, value)
		read_container(value, ARRAY_APPEND(i->containers, i->container_count));
	json_array_foreach(json_object_get(object, "probes"), index, value)
	{
		struct probe_result *probe = ARRAY_APPEND(i->probes, i->probe_count);
		probe->container = take_text(value, "container");
		probe->probe = take_text(value, "probe");
		probe->is_ok = take_bool(value, "ok");
		probe->message = take_text(value, "message");
		probe->time_ns = take_time(value, "time");
	}
	json_array_foreach(json_object_get(object, "boot"), index, value)
	{
		struct boot_stage *stage = ARRAY_APPEND(i->stages, i->stage_count);
		stage->name = take_text(value, "stage");
		stage->since_start_ms = take_number(value, "ms");
	}
}

static void read_instance(const json_t *object, struct instance_status *i)
{
	const char *accelerator = json_string_value(json_object_get(object, "accelerator"));

	i->name = take_text(object, "name");
	i->pod = take_text(object, "pod");
	i->replica = (unsigned)take_number(object, "replica");
	i->uuid = take_text(object, "uuid");
	i->state = read_state(object);
	i->is_ready = take_bool(object, "ready");
	i->reason = take_text(object, "reason");
	i->address = take_text(object, "address");
	take_digest(object, "imageDigest", i->image_digest);
	take_digest(object, "configDigest", i->config_digest);
	i->is_dirty = take_bool(object, "dirty");
	i->is_kvm = accelerator != NULL && strcmp(accelerator, "kvm") == 0;
	i->is_outdated = take_bool(object, "outdated");
	i->start_failures = (unsigned)take_number(object, "startFailures");
	i->restarts = (unsigned)take_number(object, "restarts");
	i->vm_restarts = (unsigned)take_number(object, "vmRestarts");
	i->created_ns = take_time(object, "createdAt");
	i->ready_ns = take_time(object, "readyAt");
	i->memory_bytes = take_number(object, "memoryBytes");
	i->memory_used_bytes = take_number(object, "memoryUsedBytes");
	i->cpu_usec = take_number(object, "cpuUsec");
	i->stats_time_ns = take_time(object, "statsMeasuredAt");
	i->cpu_count = (unsigned)take_number(object, "cpus");
	read_lists(object, i);
}

static void read_port(const json_t *object, struct port_status *p)
{
	const char *protocol = json_string_value(json_object_get(object, "protocol"));
	size_t index = 0;
	json_t *value = NULL;

	p->service = take_text(object, "service");
	p->name = take_text(object, "name");
	p->host = take_text(object, "host");
	p->host_port = (uint16_t)take_number(object, "hostPort");
	p->wanted_host_port = (uint16_t)take_number(object, "wantedHostPort");
	p->service_port = (uint16_t)take_number(object, "port");
	p->target_port = (uint16_t)take_number(object, "targetPort");
	p->is_udp = protocol != NULL && strcmp(protocol, "udp") == 0;
	p->is_http = json_is_true(json_object_get(object, "http"));
	p->backends = (unsigned)take_number(object, "backends");
	p->connections = take_number(object, "connections");
	p->total_connections = take_number(object, "totalConnections");
	p->parked = take_number(object, "parked");
	p->problem = take_text(object, "problem");
	json_array_foreach(json_object_get(object, "pods"), index, value)
	{
		if (json_is_string(value))
			string_list_add(&p->pods, json_string_value(value));
	}
}

/* Names that everybody compares must be there; an instance without one is no status. */
static bool is_complete(const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		if (status->instances[i].name == NULL || status->instances[i].pod == NULL)
			return false;
	}
	for (size_t i = 0; i < status->pod_count; i++) {
		if (status->pods[i].name == NULL)
			return false;
	}
	for (size_t i = 0; i < status->port_count; i++) {
		if (status->ports[i].service == NULL || status->ports[i].host == NULL)
			return false;
	}
	return true;
}

bool project_status_from_json(const char *text_of, struct project_status *ret, struct error *err)
{
	struct project_status status = {0};
	size_t index = 0;
	json_t *value = NULL;
	json_t *root = json_loads(text_of, 0, NULL);

	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, ERROR_INVALID, "the supervisor's status cannot be read");
	}
	status.project = take_text(root, "project");
	status.folder = take_text(root, "folder");
	status.connection = take_text(root, "connection");
	status.is_session = take_bool(root, "session");
	status.accelerator = take_text(root, "accelerator");
	status.accelerator_reason = take_text(root, "acceleratorReason");
	status.is_supervised = take_bool(root, "supervised");
	status.supervisor_pid = (int)take_number(root, "supervisorPid");
	json_array_foreach(json_object_get(root, "pods"), index, value)
	{
		struct pod_status *pod = ARRAY_APPEND(status.pods, status.pod_count);
		pod->name = take_text(value, "name");
		pod->kind = take_text(value, "kind");
		pod->desired = (unsigned)take_number(value, "desired");
		pod->ready = (unsigned)take_number(value, "ready");
		pod->message = take_text(value, "message");
		pod->is_failed = take_bool(value, "failed");
		pod->is_job = take_bool(value, "job");
	}
	json_array_foreach(json_object_get(root, "instances"), index, value)
		read_instance(value, ARRAY_APPEND(status.instances, status.instance_count));
	json_array_foreach(json_object_get(root, "ports"), index, value)
		read_port(value, ARRAY_APPEND(status.ports, status.port_count));
	json_decref(root);
	if (!is_complete(&status)) {
		project_status_clear(&status);
		return error_set(err, ERROR_INVALID, "the supervisor's status is not complete");
	}
	*ret = status;
	return true;
}
