/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as a file, read by later versions of this program: words, not the order of an enum. In
 * version 1 it was the order, of then.
 */
#include "local/plan/project_plan_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/cron_plan_json.h"
#include "local/plan/job_plan_json.h"
#include "local/plan/project_plan.h"
#include "local/plan/service_slot.h"
#include "manifest/start_wait.h"
#include "wire/document.h"

enum { PLAN_VERSION = 2, PLAN_MAX_BYTES = 64 << 20, MAX_LIST = 100000 };

static const char *const start_order_words[] = {
	[START_ORDERED] = "ordered", [START_PARALLEL] = "parallel"};

/* --- writing -------------------------------------------------------------------------------- */

static void write_volumes(struct json_writer *json, const struct pod_plan *pod)
{
	json_open_list(json, "volumes");
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume_plan *volume = &pod->volumes[i];
		json_open_object(json, NULL);
		json_write_text(json, "name", volume->name);
		json_write_text(json, "claim", volume->claim);
		json_write_true_if(json, "shared", volume->is_shared);
		json_write_bool(json, "template", volume->is_template);
		json_write_unsigned(json, "size", volume->size_bytes);
		json_write_text(json, "hostPath", volume->host_path);
		json_write_bool(json, "readOnly", volume->is_read_only);
		json_write_bool(json, "file", volume->is_file);
		json_close(json);
	}
	json_close(json);
}

static void write_egress(struct json_writer *json, const struct egress_policy *egress)
{
	json_open_object(json, "egress");
	json_write_bool(json, "restricted", egress->is_restricted);
	json_write_bool(json, "internet", egress->has_internet);
	json_write_bool(json, "host", egress->has_host);
	json_write_texts(json, "names", &egress->names);
	json_write_texts(json, "cidrs", &egress->cidrs);
	json_close(json);
}

/* Absent where no NetworkPolicy selects the pod. */
static void write_traffic(struct json_writer *json, const char *key,
			  const struct traffic_policy *policy)
{
	if (!policy->is_isolated)
		return;
	json_open_object(json, key);
	json_write_bool(json, "names", policy->may_ask_names);
	json_open_list(json, "allowed");
	for (size_t i = 0; i < policy->item_count; i++) {
		const struct traffic_item *item = &policy->items[i];
		json_open_object(json, NULL);
		json_write_text_if(json, "pod", item->pod);
		json_write_text_if(json, "cidr", item->cidr);
		if (item->first != 0) {
			json_write_bool(json, "udp", item->protocol == PROTOCOL_UDP);
			json_write_unsigned(json, "first", item->first);
			json_write_unsigned(json, "last", item->last);
		}
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_peer_names(struct json_writer *json, const struct pod_plan *pod)
{
	json_open_list(json, "peerNames");
	for (size_t i = 0; i < pod->peer_name_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", pod->peer_names[i].name);
		json_write_text(json, "pod", pod->peer_names[i].pod);
		json_close(json);
	}
	json_close_if_filled(json);
}

static void write_waits(struct json_writer *json, const struct pod_plan *pod)
{
	json_open_list(json, "waits");
	for (size_t i = 0; i < pod->wait_count; i++) {
		const struct start_wait *wait = &pod->waits[i];
		json_open_object(json, NULL);
		json_write_text(json, "pod", wait->pod);
		json_write_text(json, "condition", start_condition_words[wait->condition]);
		json_write_true_if(json, "optional", wait->is_optional);
		json_write_true_if(json, "restarts", wait->restarts);
		json_close(json);
	}
	json_close_if_filled(json);
}

/* `former` is one of these too, without one of its own. */
static void write_pod(struct json_writer *json, const char *key_or_null, const struct pod_plan *pod)
{
	json_open_object(json, key_or_null);
	json_write_text(json, "name", pod->name);
	json_write_text(json, "kind", pod->kind_name);
	json_write_text(json, "workload", workload_words[pod->workload]);
	json_write_unsigned(json, "replicas", pod->replicas);
	json_write_text(json, "imageDigest", DIGEST_TEXT(&pod->release.image));
	json_write_text(json, "imagePath", pod->image_path);
	json_write_unsigned(json, "imageBytes", pod->image_bytes);
	json_write_text(json, "kernel", pod->kernel_path);
	json_write_text(json, "initrd", pod->initrd_path);
	json_write_text(json, "cmdline", pod->cmdline);
	json_write_text(json, "configDigest", DIGEST_TEXT(&pod->release.config));
	json_write_text(json, "config", pod->config_json);
	json_write_unsigned(json, "cpus", pod->cpu_count);
	json_write_unsigned(json, "memory", pod->memory_bytes);
	json_write_unsigned(json, "scratch", pod->scratch_bytes);
	json_write_bool(json, "scratchQuota", pod->has_scratch_quota);
	json_write_unsigned(json, "grace", pod->grace_s);
	json_write_unsigned(json, "surge", pod->max_surge);
	json_write_unsigned(json, "unavailable", pod->max_unavailable);
	json_write_bool(json, "stateful", pod->is_stateful);
	json_write_bool(json, "dirty", pod->is_dirty);
	json_write_text(json, "restart", restart_policy_words[pod->restart_policy]);
	json_write_text(json, "service", pod->service_name);
	json_write_unsigned(json, "stoppedReplicas", pod->stopped_replicas);
	json_write_texts(json, "initContainers", &pod->init_containers);
	write_egress(json, &pod->egress);
	write_traffic(json, "incoming", &pod->incoming);
	write_traffic(json, "outgoing", &pod->outgoing);
	json_write_texts_if(json, "hidden", &pod->hidden);
	write_peer_names(json, pod);
	write_waits(json, pod);
	write_volumes(json, pod);
	json_write_text_if(json, "run", pod->run_container);
	if (pod->workload == WORKLOAD_STATEFUL_SET) {
		json_write_text(json, "order", start_order_words[pod->order]);
		json_write_unsigned(json, "partition", pod->partition);
	}
	if (pod->workload == WORKLOAD_JOB)
		job_plan_write(json, &pod->job);
	cron_plan_write(json, &pod->cron);
	json_write_text_if(json, "cronOf", pod->cron_of);
	if (pod->former != NULL)
		write_pod(json, "former", pod->former);
	json_close(json);
}

static void write_outside(struct json_writer *json, const struct service_plan *service)
{
	const struct outside *outside = &service->outside;

	if (!service_plan_is_outside(service))
		return;
	json_open_object(json, "outside");
	json_write_text_if(json, "name", outside->external_name);
	json_write_true_if(json, "direct", service->is_direct);
	json_open_list(json, "endpoints");
	for (size_t i = 0; i < outside->endpoint_count; i++) {
		const struct outside_endpoint *one = &outside->endpoints[i];
		json_open_object(json, NULL);
		json_write_text(json, "ip", one->ip);
		json_write_text_if(json, "hostname", one->hostname);
		json_open_list(json, "ports");
		for (size_t p = 0; p < one->port_count; p++)
			json_write_unsigned(json, NULL, one->ports[p]);
		json_close(json);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_service(struct json_writer *json, const struct service_plan *service)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", service->name);
	json_write_unsigned(json, "slot", service->slot);
	json_write_bool(json, "headless", service->is_headless);
	json_write_bool(json, "affinity", service->has_affinity);
	json_write_bool(json, "notReady", service->publish_not_ready);
	json_write_texts(json, "pods", &service->pods);
	write_outside(json, service);
	json_open_list(json, "ports");
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_plan *port = &service->ports[i];
		json_open_object(json, NULL);
		json_write_text(json, "name", port->name);
		json_write_unsigned(json, "port", port->port);
		json_write_unsigned(json, "target", port->target_port);
		json_write_bool(json, "udp", port->is_udp);
		json_write_unsigned(json, "host", port->host_port);
		json_write_text(json, "hostIp", port->host_ip);
		json_write_bool(json, "asked", port->is_asked_for);
		json_write_bool(json, "http", port->is_http);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_plan(struct json_writer *json, const struct project_plan *plan)
{
	json_open_object(json, NULL);
	json_write_number(json, "version", PLAN_VERSION);
	json_write_text(json, "project", plan->project);
	json_write_text(json, "folder", plan->folder);
	json_write_text(json, "uri", plan->uri);
	json_write_text(json, "accel", plan->accel ? plan->accel : "auto");
	json_write_text(json, "firmware", plan->firmware ? plan->firmware : "direct");
	json_write_true_if(json, "cold", plan->is_cold);
	json_write_text(json, "bind", plan->bind ? plan->bind : "127.0.0.1");
	json_write_text_if(json, "metrics", plan->metrics);
	json_write_texts_if(json, "folders", &plan->folders);
	json_write_texts_if(json, "droppedRuns", &plan->dropped_runs);
	json_write_true_if(json, "endsWithRuns", plan->ends_with_runs);
	json_write_true_if(json, "leavesNothing", plan->leaves_nothing);
	json_open_list(json, "pods");
	for (size_t i = 0; i < plan->pod_count; i++)
		write_pod(json, NULL, &plan->pods[i]);
	json_close(json);
	json_open_list(json, "services");
	for (size_t i = 0; i < plan->service_count; i++)
		write_service(json, &plan->services[i]);
	json_close(json);
	proxy_plan_write(json, &plan->proxy);
	json_close(json);
}

char *project_plan_write(const struct project_plan *plan, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	write_plan(&json, plan);
	if (!json.is_bad_text)
		return strbuf_take(&text);
	(void)error_set(err, ERROR_INVALID, "the plan has text that is not UTF-8");
	return NULL;
}

/* Borrowed from plan but for the lists' memory, which is the caller's to free. */
static struct project_plan without_runs(const struct project_plan *plan)
{
	struct project_plan kept = *plan;

	kept.pods = NULL;
	kept.services = NULL;
	kept.pod_count = kept.service_count = 0;
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (plan->pods[i].run_container == NULL)
			*ARRAY_APPEND(kept.pods, kept.pod_count) = plan->pods[i];
	}
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		const struct pod_plan *pod =
			service->pods.count == 1 ? project_plan_find(plan, service->pods.items[0])
						 : NULL;
		if (pod == NULL || pod->run_container == NULL)
			*ARRAY_APPEND(kept.services, kept.service_count) = *service;
	}
	return kept;
}

bool project_plan_save(const struct project_plan *plan, struct error *err)
{
	const struct project_plan kept = without_runs(plan);
	AUTO_FREE struct pod_plan *pods = kept.pods;
	AUTO_FREE struct service_plan *services = kept.services;
	AUTO_FREE char *path = project_plan_path(plan->project);
	AUTO_FREE char *folder = xstrndup(path, strlen(path) - strlen("/plan.json"));
	AUTO_FREE char *text = project_plan_write(&kept, err);

	(void)pods;
	(void)services;
	if (text == NULL)
		return false;
	/* They hold Secrets as the plan does. */
	file_remove_drafts(path);
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, text, strlen(text), 0600, err);
}

/* --- reading -------------------------------------------------------------------------------- */

static uint64_t read_number(struct json_view object, const char *key, int64_t max)
{
	return (uint64_t)json_view_number(json_view_get(object, key), 0, max, 0);
}

static bool read_bool(struct json_view object, const char *key)
{
	return json_view_bool(json_view_get(object, key), false);
}

static char *read_text(struct json_view object, const char *key)
{
	return json_view_text(json_view_require(object, key));
}

static unsigned read_word(struct json_view view, const char *const *words, unsigned count)
{
	if (json_view_is_number(view))
		return (unsigned)json_view_number(view, 0, count - 1, 0);
	return json_view_word(view, words, count, 0);
}

static void read_volume(struct json_view view, struct volume_plan *volume)
{
	volume->name = read_text(view, "name");
	volume->claim = json_view_text(json_view_get(view, "claim"));
	volume->is_template = read_bool(view, "template");
	volume->size_bytes = read_number(view, "size", INT64_MAX);
	volume->host_path = json_view_text(json_view_get(view, "hostPath"));
	volume->is_read_only = read_bool(view, "readOnly");
	volume->is_file = read_bool(view, "file");
	volume->is_shared = json_view_bool(json_view_get(view, "shared"), false);
	if (volume->is_shared ? volume->claim == NULL || volume->host_path == NULL
			      : (volume->claim == NULL) == (volume->host_path == NULL))
		json_view_complain(view, "is neither a claim nor a host path");
}

static void read_egress(struct json_view view, struct egress_policy *ret)
{
	ret->is_restricted = json_view_bool(json_view_get(view, "restricted"), false);
	ret->has_internet = json_view_bool(json_view_get(view, "internet"), false);
	ret->has_host = json_view_bool(json_view_get(view, "host"), false);
	json_view_texts(json_view_get(view, "names"), MAX_LIST, &ret->names);
	json_view_texts(json_view_get(view, "cidrs"), MAX_LIST, &ret->cidrs);
}

static void read_traffic(struct json_view view, struct traffic_policy *ret)
{
	struct json_view allowed = json_view_get(view, "allowed");

	ret->is_isolated = json_view_exists(view);
	ret->may_ask_names = json_view_bool(json_view_get(view, "names"), false);
	for (size_t i = 0; i < json_view_count(allowed, MAX_LIST); i++) {
		struct traffic_item *item = ARRAY_APPEND(ret->items, ret->item_count);
		struct json_view one = json_view_at(allowed, i);
		item->pod = json_view_text(json_view_get(one, "pod"));
		item->cidr = json_view_text(json_view_get(one, "cidr"));
		if (json_view_bool(json_view_get(one, "udp"), false))
			item->protocol = PROTOCOL_UDP;
		item->first = (uint16_t)json_view_number(json_view_get(one, "first"), 0, 65535, 0);
		item->last = (uint16_t)json_view_number(json_view_get(one, "last"), item->first,
							65535, item->first);
	}
}

static void read_neighbours(struct json_view view, struct pod_plan *pod)
{
	struct json_view names = json_view_get(view, "peerNames");

	json_view_texts(json_view_get(view, "hidden"), MAX_LIST, &pod->hidden);
	for (size_t i = 0; i < json_view_count(names, MAX_LIST); i++) {
		struct json_view one = json_view_at(names, i);
		*ARRAY_APPEND(pod->peer_names, pod->peer_name_count) =
			(struct peer_name){read_text(one, "name"), read_text(one, "pod")};
	}
}

static void read_waits(struct json_view list, struct pod_plan *pod)
{
	for (size_t i = 0; i < json_view_count(list, MAX_LIST); i++) {
		struct json_view one = json_view_at(list, i);
		struct start_wait *wait = ARRAY_APPEND(pod->waits, pod->wait_count);
		wait->pod = read_text(one, "pod");
		wait->condition = (enum start_condition)json_view_word(
			json_view_require(one, "condition"), start_condition_words,
			START_COMPLETED + 1, START_STARTED);
		wait->is_optional = json_view_bool(json_view_get(one, "optional"), false);
		wait->restarts = json_view_bool(json_view_get(one, "restarts"), false);
	}
}

static void read_release_of_pod(struct json_view view, struct pod_plan *pod)
{
	pod->name = read_text(view, "name");
	pod->kind_name = read_text(view, "kind");
	pod->workload = (enum workload_kind)read_word(json_view_get(view, "workload"),
						      workload_words, WORKLOAD_KINDS);
	pod->replicas = (uint32_t)read_number(view, "replicas", UINT32_MAX);
	pod->release.image = json_view_digest(json_view_require(view, "imageDigest"));
	pod->image_path = read_text(view, "imagePath");
	pod->image_bytes = read_number(view, "imageBytes", INT64_MAX);
	pod->kernel_path = read_text(view, "kernel");
	pod->initrd_path = read_text(view, "initrd");
	pod->cmdline = read_text(view, "cmdline");
	pod->release.config = json_view_digest(json_view_require(view, "configDigest"));
	pod->config_json = read_text(view, "config");
	pod->cpu_count = (unsigned)json_view_number(json_view_require(view, "cpus"), 1, 100000, 1);
	pod->memory_bytes = read_number(view, "memory", INT64_MAX);
	pod->scratch_bytes = read_number(view, "scratch", INT64_MAX);
	pod->has_scratch_quota = read_bool(view, "scratchQuota");
	pod->grace_s = (uint32_t)read_number(view, "grace", UINT32_MAX);
	pod->max_surge = (uint32_t)read_number(view, "surge", UINT32_MAX);
	pod->max_unavailable =
		(uint32_t)json_view_number(json_view_get(view, "unavailable"), 0, UINT32_MAX, 0);
	pod->is_stateful = read_bool(view, "stateful");
	pod->is_dirty = read_bool(view, "dirty");
	pod->restart_policy = (enum restart_policy)read_word(
		json_view_get(view, "restart"), restart_policy_words, RESTART_POLICIES);
	pod->service_name = json_view_text(json_view_get(view, "service"));
	pod->stopped_replicas = (uint32_t)read_number(view, "stoppedReplicas", UINT32_MAX);
	json_view_texts(json_view_get(view, "initContainers"), MAX_LIST, &pod->init_containers);
	read_egress(json_view_get(view, "egress"), &pod->egress);
	read_traffic(json_view_get(view, "incoming"), &pod->incoming);
	read_traffic(json_view_get(view, "outgoing"), &pod->outgoing);
	read_neighbours(view, pod);
	read_waits(json_view_get(view, "waits"), pod);
	pod->run_container = json_view_text(json_view_get(view, "run"));
	struct json_view volumes = json_view_get(view, "volumes");
	for (size_t i = 0; i < json_view_count(volumes, MAX_LIST); i++)
		read_volume(json_view_at(volumes, i),
			    ARRAY_APPEND(pod->volumes, pod->volume_count));
	pod->order =
		(enum start_order)json_view_word(json_view_get(view, "order"), start_order_words,
						 ARRAY_SIZE(start_order_words), START_ORDERED);
	pod->partition = (uint32_t)read_number(view, "partition", UINT32_MAX);
	if (pod->workload == WORKLOAD_JOB)
		job_plan_read(json_view_get(view, "job"), &pod->job);
	cron_plan_read(json_view_get(view, "cron"), &pod->cron);
	pod->cron_of = json_view_text(json_view_get(view, "cronOf"));
}

static void read_pod(struct json_view view, struct pod_plan *pod)
{
	struct json_view former = json_view_get(view, "former");

	read_release_of_pod(view, pod);
	if (!json_view_exists(former))
		return;
	pod->former = xcalloc(1, sizeof(*pod->former));
	read_release_of_pod(former, pod->former);
}

static void read_port(struct json_view view, struct port_plan *port)
{
	port->name = json_view_text(json_view_get(view, "name"));
	port->port = (uint16_t)read_number(view, "port", UINT16_MAX);
	port->target_port = (uint16_t)read_number(view, "target", UINT16_MAX);
	port->is_udp = read_bool(view, "udp");
	port->host_port = (uint16_t)read_number(view, "host", UINT16_MAX);
	port->host_ip = json_view_text(json_view_get(view, "hostIp"));
	port->is_asked_for = read_bool(view, "asked");
	port->is_http = read_bool(view, "http");
}

static void read_outside(struct json_view view, size_t port_count, struct service_plan *service)
{
	struct outside *outside = &service->outside;
	struct json_view list = json_view_get(view, "endpoints");

	outside->external_name = json_view_text(json_view_get(view, "name"));
	service->is_direct = json_view_bool(json_view_get(view, "direct"), false);
	for (size_t i = 0; i < json_view_count(list, MAX_LIST); i++) {
		struct json_view one = json_view_at(list, i);
		struct json_view ports = json_view_get(one, "ports");
		struct outside_endpoint *made =
			ARRAY_APPEND(outside->endpoints, outside->endpoint_count);
		made->ip = read_text(one, "ip");
		made->hostname = json_view_text(json_view_get(one, "hostname"));
		if (json_view_count(ports, MAX_LIST) != port_count)
			json_view_complain(ports, "is not one for each port of the service");
		for (size_t p = 0; p < port_count; p++)
			*ARRAY_APPEND(made->ports, made->port_count) = (uint16_t)json_view_number(
				json_view_at(ports, p), 0, UINT16_MAX, 0);
	}
}

static void read_service(struct json_view view, struct service_plan *service)
{
	service->name = read_text(view, "name");
	service->slot = (unsigned)read_number(view, "slot", UINT16_MAX);
	service->is_headless = read_bool(view, "headless");
	service->has_affinity = read_bool(view, "affinity");
	service->publish_not_ready = read_bool(view, "notReady");
	json_view_texts(json_view_get(view, "pods"), MAX_LIST, &service->pods);
	struct json_view ports = json_view_get(view, "ports");
	read_outside(json_view_get(view, "outside"), json_view_count(ports, MAX_LIST), service);
	for (size_t i = 0; i < json_view_count(ports, MAX_LIST); i++)
		read_port(json_view_at(ports, i),
			  ARRAY_APPEND(service->ports, service->port_count));
}

static void read_plan(struct json_view root, struct project_plan *plan)
{
	document_check_version(root, PLAN_VERSION);
	plan->project = read_text(root, "project");
	plan->folder = json_view_text(json_view_get(root, "folder"));
	plan->uri = json_view_text(json_view_get(root, "uri"));
	plan->accel = read_text(root, "accel");
	plan->firmware = read_text(root, "firmware");
	plan->is_cold = json_view_bool(json_view_get(root, "cold"), false);
	plan->bind = read_text(root, "bind");
	plan->metrics = json_view_text(json_view_get(root, "metrics"));
	json_view_texts(json_view_get(root, "folders"), MAX_LIST, &plan->folders);
	json_view_texts(json_view_get(root, "droppedRuns"), MAX_LIST, &plan->dropped_runs);
	plan->ends_with_runs = read_bool(root, "endsWithRuns");
	plan->leaves_nothing = read_bool(root, "leavesNothing");
	struct json_view pods = json_view_get(root, "pods");
	for (size_t i = 0; i < json_view_count(pods, MAX_LIST); i++)
		read_pod(json_view_at(pods, i), ARRAY_APPEND(plan->pods, plan->pod_count));
	struct json_view services = json_view_get(root, "services");
	for (size_t i = 0; i < json_view_count(services, MAX_LIST); i++)
		read_service(json_view_at(services, i),
			     ARRAY_APPEND(plan->services, plan->service_count));
	proxy_plan_read(root, &plan->proxy);
}

bool project_plan_read(const char *what, const char *text, size_t size, struct project_plan *ret,
		       struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, what, 0, err);
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (document == NULL)
		return false;
	read_plan(json_document_root(document), &plan);
	if (!json_document_check(document, err) || !service_slots_fill(&plan, NULL, err))
		return false;
	*ret = plan;
	plan = (struct project_plan){0};
	return true;
}

bool project_plan_copy(const struct project_plan *plan, struct project_plan *ret, struct error *err)
{
	AUTO_FREE char *text = project_plan_write(plan, err);

	return text != NULL && project_plan_read("the plan", text, strlen(text), ret, err);
}

bool project_plan_load(const char *project, struct project_plan *ret, struct error *err)
{
	AUTO_FREE char *path = project_plan_path(project);
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (!path_exists(path)) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' is not up", project);
		return error_hint(err, "i2kit up");
	}
	if (!file_read(path, PLAN_MAX_BYTES, &text, &size, err))
		return false;
	if (project_plan_read(path, text, size, ret, err))
		return true;
	return error_hint(err, "i2kit up makes a new one");
}
