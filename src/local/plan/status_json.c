/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/status_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/parse.h"

#define MAX_LIST 100000

static const char *const container_states[] = {[CONTAINER_WAITING] = "waiting",
					       [CONTAINER_RUNNING] = "running",
					       [CONTAINER_TERMINATED] = "terminated"};

/* --- writing -------------------------------------------------------------------------------- */

/* null: it never was. */
static void write_time(struct json_writer *json, const char *key, int64_t ns)
{
	char when[RFC3339_SIZE];
	if (ns != 0)
		clock_format_rfc3339(when, ns, 3);
	json_write_text(json, key, ns != 0 ? when : NULL);
}

static void write_containers(struct json_writer *json, const struct instance_status *instance)
{
	json_open_list(json, "containers");
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *c = &instance->containers[i];
		json_open_object(json, NULL);
		json_write_text(json, "name", c->name);
		json_write_bool(json, "init", c->is_init);
		json_write_text(json, "state", container_states[c->state]);
		json_write_bool(json, "ready", c->is_ready);
		json_write_text(json, "reason", c->reason);
		json_write_text(json, "message", c->message);
		json_write_text(json, "lastReason", c->last_reason);
		json_write_number(json, "exitCode", c->exit_code);
		json_write_unsigned(json, "restarts", c->restarts);
		write_time(json, "startedAt", c->started_ns);
		json_write_unsigned(json, "cpuUsec", c->cpu_usec);
		json_write_unsigned(json, "memoryBytes", c->memory_bytes);
		json_write_unsigned(json, "readBytes", c->read_bytes);
		json_write_unsigned(json, "writeBytes", c->write_bytes);
		json_close(json);
	}
	json_close(json);
}

static void write_probes(struct json_writer *json, const struct instance_status *instance)
{
	json_open_list(json, "probes");
	for (size_t i = 0; i < instance->probe_count; i++) {
		const struct probe_result *p = &instance->probes[i];
		json_open_object(json, NULL);
		json_write_text(json, "container", p->container);
		json_write_text(json, "probe", p->probe);
		json_write_bool(json, "ok", p->is_ok);
		json_write_text(json, "message", p->message);
		write_time(json, "time", p->time_ns);
		json_close(json);
	}
	json_close(json);
}

static void write_stages(struct json_writer *json, const struct instance_status *instance)
{
	json_open_list(json, "boot");
	for (size_t i = 0; i < instance->stage_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "stage", instance->stages[i].name);
		json_write_unsigned(json, "ms", instance->stages[i].since_start_ms);
		json_close(json);
	}
	json_close(json);
}

static void write_instance_fields(struct json_writer *json, const struct instance_status *i)
{
	json_write_text(json, "name", i->name);
	json_write_text(json, "pod", i->pod);
	json_write_unsigned(json, "replica", i->replica);
	json_write_text(json, "uuid", i->uuid);
	json_write_text(json, "state", instance_state_name(i->state));
	json_write_bool(json, "ready", i->is_ready);
	json_write_text(json, "reason", i->reason);
	json_write_text(json, "address", i->address);
	json_write_text_if(json, "full", i->full);
	json_write_text(json, "imageDigest", DIGEST_TEXT(&i->release.image));
	json_write_text(json, "configDigest", DIGEST_TEXT(&i->release.config));
	json_write_bool(json, "dirty", i->is_dirty);
	json_write_bool(json, "synced", i->is_synced);
	json_write_bool(json, "paused", i->is_paused);
	json_write_text(json, "accelerator", i->is_kvm ? "kvm" : "tcg");
	json_write_text(json, "start", i->is_warm ? "warm" : "cold");
	json_write_bool(json, "sharesMemory", i->shares_memory);
	json_write_text_if(json, "coldReason", i->cold_reason);
	json_write_bool(json, "outdated", i->is_outdated);
	json_write_unsigned(json, "startFailures", i->start_failures);
	json_write_unsigned(json, "restarts", i->restarts);
	json_write_unsigned(json, "vmRestarts", i->vm_restarts);
	write_time(json, "createdAt", i->created_ns);
	write_time(json, "readyAt", i->ready_ns);
	json_write_unsigned(json, "memoryBytes", i->memory_bytes);
	json_write_unsigned(json, "scratchBytes", i->scratch_bytes);
	json_write_unsigned(json, "memoryUsedBytes", i->memory_used_bytes);
	json_write_unsigned(json, "cpuUsec", i->cpu_usec);
	json_write_unsigned(json, "receivedBytes", i->rx_bytes);
	json_write_unsigned(json, "sentBytes", i->tx_bytes);
	write_time(json, "statsMeasuredAt", i->stats_time_ns);
	json_write_unsigned(json, "cpus", i->cpu_count);
	write_containers(json, i);
	write_probes(json, i);
	write_stages(json, i);
}

char *instance_status_to_json(const struct instance_status *status, const char *advice)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_PRETTY);
	json_open_object(&json, NULL);
	write_instance_fields(&json, status);
	json_write_text(&json, "advice", advice);
	json_close(&json);
	return strbuf_take(&out);
}

static void write_port(struct json_writer *json, const struct port_status *p)
{
	json_open_object(json, NULL);
	json_write_text(json, "service", p->service);
	json_write_text(json, "name", p->name);
	json_write_text(json, "host", p->host);
	json_write_unsigned(json, "hostPort", p->host_port);
	json_write_unsigned(json, "port", p->service_port);
	json_write_unsigned(json, "targetPort", p->target_port);
	json_write_text(json, "protocol", p->is_udp ? "udp" : "tcp");
	json_write_unsigned(json, "backends", p->backends);
	json_write_unsigned(json, "connections", p->connections);
	json_write_unsigned(json, "totalConnections", p->total_connections);
	json_write_unsigned(json, "parked", p->parked);
	json_write_text(json, "problem", p->problem);
	json_write_bool(json, "http", p->is_http);
	json_write_true_if(json, "https", p->is_https);
	json_write_unsigned(json, "wantedHostPort", p->wanted_host_port);
	json_write_texts(json, "pods", &p->pods);
	json_write_text_if(json, "outside", p->outside);
	json_close(json);
}

static void write_route(struct json_writer *json, const struct route_status *route)
{
	json_open_object(json, NULL);
	json_write_text(json, "owner", route->owner);
	json_write_text(json, "host", route->host);
	json_write_text(json, "path", route->path);
	json_write_text(json, "url", route->http_url);
	json_write_text(json, "httpsUrl", route->https_url);
	json_write_text(json, "target", route->target);
	json_write_bool(json, "redirect", route->is_redirect);
	json_write_unsigned(json, "backends", route->backends);
	json_write_texts(json, "pods", &route->pods);
	json_close(json);
}

static void write_cron(struct json_writer *json, const struct cron_status *cron)
{
	if (cron->schedule == NULL)
		return;
	json_open_object(json, "cron");
	json_write_text(json, "schedule", cron->schedule);
	json_write_text(json, "timeZone", cron->time_zone);
	json_write_bool(json, "suspended", cron->is_suspended);
	json_write_bool(json, "stopped", cron->is_stopped);
	json_write_unsigned(json, "active", cron->active);
	write_time(json, "lastSchedule", cron->last_ns);
	write_time(json, "lastSuccess", cron->success_ns);
	write_time(json, "nextSchedule", cron->next_ns);
	json_close(json);
}

static void write_pod(struct json_writer *json, const struct pod_status *pod)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", pod->name);
	json_write_text(json, "kind", pod->kind);
	json_write_unsigned(json, "desired", pod->desired);
	json_write_unsigned(json, "ready", pod->ready);
	json_write_text(json, "message", pod->message);
	json_write_bool(json, "failed", pod->is_failed);
	json_write_bool(json, "job", pod->is_job);
	if (pod->is_job) {
		json_write_text(json, "end", job_end_words[pod->job_end]);
		json_write_unsigned(json, "active", pod->active);
		json_write_unsigned(json, "succeeded", pod->succeeded);
		json_write_unsigned(json, "failedPods", pod->failed_pods);
		json_write_number(json, "exitCode", pod->exit_code);
	}
	json_write_text_if(json, "cronOf", pod->cron_of);
	write_cron(json, &pod->cron);
	json_close(json);
}

static void write_lists(struct json_writer *json, const struct project_status *status)
{
	json_open_list(json, "pods");
	for (size_t i = 0; i < status->pod_count; i++)
		write_pod(json, &status->pods[i]);
	json_close(json);
	json_open_list(json, "instances");
	for (size_t i = 0; i < status->instance_count; i++) {
		json_open_object(json, NULL);
		write_instance_fields(json, &status->instances[i]);
		json_close(json);
	}
	json_close(json);
	json_open_list(json, "ports");
	for (size_t i = 0; i < status->port_count; i++)
		write_port(json, &status->ports[i]);
	json_close(json);
	if (status->route_count == 0)
		return;
	json_open_list(json, "routes");
	for (size_t i = 0; i < status->route_count; i++)
		write_route(json, &status->routes[i]);
	json_close(json);
}

char *project_status_to_json(const struct project_status *status, bool is_indented)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, is_indented ? JSON_PRETTY : 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "project", status->project);
	json_write_text(&json, "folder", status->folder);
	json_write_text(&json, "connection", status->connection);
	json_write_text(&json, "accelerator", status->accelerator);
	json_write_text(&json, "acceleratorReason", status->accelerator_reason);
	json_write_bool(&json, "supervised", status->is_supervised);
	json_write_number(&json, "supervisorPid", status->supervisor_pid);
	json_write_text_if(&json, "metrics", status->metrics);
	write_lists(&json, status);
	json_write_bool(&json, "session", status->is_session);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- reading -------------------------------------------------------------------------------- */

static char *read_text(struct json_view object, const char *key)
{
	return json_view_text(json_view_get(object, key));
}

static uint64_t read_number(struct json_view object, const char *key, int64_t max)
{
	return (uint64_t)json_view_number(json_view_get(object, key), 0, max, 0);
}

static bool read_bool(struct json_view object, const char *key)
{
	return json_view_bool(json_view_get(object, key), false);
}

static int64_t read_time(struct json_view object, const char *key)
{
	struct json_view view = json_view_get(object, key);
	const char *when = json_view_peek(view);
	int64_t ns = 0;
	if (when != NULL && !parse_rfc3339_ns(when, &ns))
		json_view_complain(view, "is no time");
	return ns;
}

/* The text is "" where the VM's metadata said nothing of it. */
static struct digest read_digest(struct json_view object, const char *key)
{
	struct digest digest = {0};
	(void)!digest_parse(json_view_peek(json_view_get(object, key)), &digest);
	return digest;
}

static void read_container(struct json_view view, struct container_status *c)
{
	c->name = json_view_text(json_view_require(view, "name"));
	c->is_init = read_bool(view, "init");
	c->state = (enum container_state)json_view_word(
		json_view_get(view, "state"), container_states, ARRAY_SIZE(container_states),
		CONTAINER_WAITING);
	c->is_ready = read_bool(view, "ready");
	c->reason = read_text(view, "reason");
	c->message = read_text(view, "message");
	c->last_reason = read_text(view, "lastReason");
	c->exit_code = (int)json_view_number(json_view_get(view, "exitCode"), -1, 255, -1);
	c->restarts = (unsigned)read_number(view, "restarts", UINT32_MAX);
	c->started_ns = read_time(view, "startedAt");
	c->cpu_usec = read_number(view, "cpuUsec", INT64_MAX);
	c->memory_bytes = read_number(view, "memoryBytes", INT64_MAX);
	c->read_bytes = read_number(view, "readBytes", INT64_MAX);
	c->write_bytes = read_number(view, "writeBytes", INT64_MAX);
}

static enum instance_state read_state(struct json_view view)
{
	const char *names[INSTANCE_CRASHED + 1];
	for (int i = INSTANCE_PENDING; i <= INSTANCE_CRASHED; i++)
		names[i] = instance_state_name((enum instance_state)i);
	return (enum instance_state)json_view_word(view, names, ARRAY_SIZE(names),
						   INSTANCE_PENDING);
}

static void read_probe(struct json_view view, struct probe_result *probe)
{
	probe->container = read_text(view, "container");
	probe->probe = read_text(view, "probe");
	probe->is_ok = read_bool(view, "ok");
	probe->message = read_text(view, "message");
	probe->time_ns = read_time(view, "time");
}

static void read_instance_lists(struct json_view view, struct instance_status *ret)
{
	struct json_view containers = json_view_get(view, "containers");
	struct json_view probes = json_view_get(view, "probes");
	struct json_view stages = json_view_get(view, "boot");
	for (size_t i = 0; i < json_view_count(containers, MAX_LIST); i++)
		read_container(json_view_at(containers, i),
			       ARRAY_APPEND(ret->containers, ret->container_count));
	for (size_t i = 0; i < json_view_count(probes, MAX_LIST); i++)
		read_probe(json_view_at(probes, i), ARRAY_APPEND(ret->probes, ret->probe_count));
	for (size_t i = 0; i < json_view_count(stages, MAX_LIST); i++)
		*ARRAY_APPEND(ret->stages, ret->stage_count) = (struct boot_stage){
			.name = read_text(json_view_at(stages, i), "stage"),
			.since_start_ms = read_number(json_view_at(stages, i), "ms", INT64_MAX)};
}

static void read_instance(struct json_view view, struct instance_status *i)
{
	static const char *const accelerators[] = {"tcg", "kvm"};
	static const char *const starts[] = {"cold", "warm"};
	i->name = json_view_text(json_view_require(view, "name"));
	i->pod = json_view_text(json_view_require(view, "pod"));
	i->replica = (unsigned)read_number(view, "replica", UINT32_MAX);
	i->uuid = read_text(view, "uuid");
	i->state = read_state(json_view_get(view, "state"));
	i->is_ready = read_bool(view, "ready");
	i->reason = read_text(view, "reason");
	i->address = read_text(view, "address");
	i->full = read_text(view, "full");
	i->release.image = read_digest(view, "imageDigest");
	i->release.config = read_digest(view, "configDigest");
	i->is_dirty = read_bool(view, "dirty");
	i->is_synced = read_bool(view, "synced");
	i->is_paused = read_bool(view, "paused");
	i->is_kvm = json_view_word(json_view_get(view, "accelerator"), accelerators,
				   ARRAY_SIZE(accelerators), 0) == 1;
	i->is_warm =
		json_view_word(json_view_get(view, "start"), starts, ARRAY_SIZE(starts), 0) == 1;
	i->shares_memory = read_bool(view, "sharesMemory");
	i->cold_reason = read_text(view, "coldReason");
	i->is_outdated = read_bool(view, "outdated");
	i->start_failures = (unsigned)read_number(view, "startFailures", UINT32_MAX);
	i->restarts = (unsigned)read_number(view, "restarts", UINT32_MAX);
	i->vm_restarts = (unsigned)read_number(view, "vmRestarts", UINT32_MAX);
	i->created_ns = read_time(view, "createdAt");
	i->ready_ns = read_time(view, "readyAt");
	i->memory_bytes = read_number(view, "memoryBytes", INT64_MAX);
	i->scratch_bytes = read_number(view, "scratchBytes", INT64_MAX);
	i->memory_used_bytes = read_number(view, "memoryUsedBytes", INT64_MAX);
	i->cpu_usec = read_number(view, "cpuUsec", INT64_MAX);
	i->rx_bytes = read_number(view, "receivedBytes", INT64_MAX);
	i->tx_bytes = read_number(view, "sentBytes", INT64_MAX);
	i->stats_time_ns = read_time(view, "statsMeasuredAt");
	i->cpu_count = (unsigned)read_number(view, "cpus", UINT32_MAX);
	read_instance_lists(view, i);
}

static void read_port(struct json_view view, struct port_status *p)
{
	static const char *const protocols[] = {"tcp", "udp"};
	p->service = json_view_text(json_view_require(view, "service"));
	p->name = read_text(view, "name");
	p->host = json_view_text(json_view_require(view, "host"));
	p->host_port = (uint16_t)read_number(view, "hostPort", UINT16_MAX);
	p->wanted_host_port = (uint16_t)read_number(view, "wantedHostPort", UINT16_MAX);
	p->service_port = (uint16_t)read_number(view, "port", UINT16_MAX);
	p->target_port = (uint16_t)read_number(view, "targetPort", UINT16_MAX);
	p->is_udp = json_view_word(json_view_get(view, "protocol"), protocols,
				   ARRAY_SIZE(protocols), 0) == 1;
	p->is_http = read_bool(view, "http");
	p->is_https = read_bool(view, "https");
	p->backends = (unsigned)read_number(view, "backends", UINT32_MAX);
	p->connections = read_number(view, "connections", INT64_MAX);
	p->total_connections = read_number(view, "totalConnections", INT64_MAX);
	p->parked = read_number(view, "parked", INT64_MAX);
	p->problem = read_text(view, "problem");
	json_view_texts(json_view_get(view, "pods"), MAX_LIST, &p->pods);
	p->outside = json_view_text(json_view_get(view, "outside"));
}

static void read_cron(struct json_view view, struct cron_status *cron)
{
	cron->schedule = read_text(view, "schedule");
	cron->time_zone = read_text(view, "timeZone");
	cron->is_suspended = read_bool(view, "suspended");
	cron->is_stopped = read_bool(view, "stopped");
	cron->active = (unsigned)read_number(view, "active", UINT32_MAX);
	cron->last_ns = read_time(view, "lastSchedule");
	cron->success_ns = read_time(view, "lastSuccess");
	cron->next_ns = read_time(view, "nextSchedule");
}

static void read_pod(struct json_view view, struct pod_status *pod)
{
	pod->name = json_view_text(json_view_require(view, "name"));
	pod->kind = read_text(view, "kind");
	pod->desired = (unsigned)read_number(view, "desired", UINT32_MAX);
	pod->ready = (unsigned)read_number(view, "ready", UINT32_MAX);
	pod->message = read_text(view, "message");
	pod->is_failed = read_bool(view, "failed");
	pod->is_job = read_bool(view, "job");
	pod->job_end = (enum job_end)json_view_word(json_view_get(view, "end"), job_end_words,
						    JOB_ENDS, JOB_RUNNING);
	pod->active = (unsigned)read_number(view, "active", UINT32_MAX);
	pod->succeeded = (unsigned)read_number(view, "succeeded", UINT32_MAX);
	pod->failed_pods = (unsigned)read_number(view, "failedPods", UINT32_MAX);
	pod->exit_code =
		(int)json_view_number(json_view_get(view, "exitCode"), INT32_MIN, INT32_MAX, 0);
	pod->cron_of = json_view_text(json_view_get(view, "cronOf"));
	if (json_view_exists(json_view_get(view, "cron")))
		read_cron(json_view_get(view, "cron"), &pod->cron);
}

static void read_route(struct json_view view, struct route_status *route)
{
	route->owner = json_view_text(json_view_require(view, "owner"));
	route->host = read_text(view, "host");
	route->path = json_view_text(json_view_require(view, "path"));
	route->http_url = read_text(view, "url");
	route->https_url = read_text(view, "httpsUrl");
	route->target = json_view_text(json_view_require(view, "target"));
	route->is_redirect = read_bool(view, "redirect");
	route->backends = (unsigned)read_number(view, "backends", UINT32_MAX);
	json_view_texts(json_view_get(view, "pods"), MAX_LIST, &route->pods);
}

static void read_lists(struct json_view root, struct project_status *ret)
{
	struct json_view pods = json_view_get(root, "pods");
	struct json_view instances = json_view_get(root, "instances");
	struct json_view ports = json_view_get(root, "ports");
	for (size_t i = 0; i < json_view_count(pods, MAX_LIST); i++)
		read_pod(json_view_at(pods, i), ARRAY_APPEND(ret->pods, ret->pod_count));
	for (size_t i = 0; i < json_view_count(instances, MAX_LIST); i++)
		read_instance(json_view_at(instances, i),
			      ARRAY_APPEND(ret->instances, ret->instance_count));
	for (size_t i = 0; i < json_view_count(ports, MAX_LIST); i++)
		read_port(json_view_at(ports, i), ARRAY_APPEND(ret->ports, ret->port_count));
	struct json_view routes = json_view_get(root, "routes");
	for (size_t i = 0; i < json_view_count(routes, MAX_LIST); i++)
		read_route(json_view_at(routes, i), ARRAY_APPEND(ret->routes, ret->route_count));
}

void project_status_read(struct json_view object, struct project_status *ret)
{
	ret->project = read_text(object, "project");
	ret->folder = read_text(object, "folder");
	ret->connection = read_text(object, "connection");
	ret->is_session = read_bool(object, "session");
	ret->accelerator = read_text(object, "accelerator");
	ret->accelerator_reason = read_text(object, "acceleratorReason");
	ret->is_supervised = read_bool(object, "supervised");
	ret->supervisor_pid = (int)read_number(object, "supervisorPid", INT32_MAX);
	ret->metrics = read_text(object, "metrics");
	read_lists(object, ret);
}
