/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "manifest/loader.h"

static void read_exec(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	static const struct field fields[] = {{"command", FIELD_USED, read_text_list,
					       offsetof(struct probe, command), NULL,
					       "argv, run inside the container; not a shell line"}};
	static const struct field_set set = {"exec", fields, ARRAY_SIZE(fields)};
	probe->kind = PROBE_EXEC;
	loader_read_map(loader, node, &set, probe);
	if (probe->command.count == 0)
		loader_error(loader, node, NULL, "exec needs a command");
}

/* A number, or a name that pod_complete() looks up. */
static void read_port(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	if (node->kind != YAML_SCALAR) {
		loader_error(loader, node, NULL, "a port number or name is wanted here");
		return;
	}
	if (parse_port(node->text, &probe->port))
		return;
	free(probe->port_name);
	probe->port_name = xstrdup(node->text);
}

static void read_headers(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	static const struct field fields[] = {
		{"name", FIELD_USED, read_text, offsetof(struct key_value, key), NULL, NULL},
		{"value", FIELD_USED, read_text, offsetof(struct key_value, value), NULL, NULL}};
	static const struct field_set set = {"httpHeader", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct key_value *header = ARRAY_APPEND(probe->headers, probe->header_count);
		loader_read_map(loader, node->items[i], &set, header);
		if (header->key == NULL)
			header->key = xstrdup("");
		if (header->value == NULL)
			header->value = xstrdup("");
	}
}

static void read_scheme(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool *is_https = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "HTTPS") == 0)
		*is_https = true;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "HTTP") != 0)
		loader_error(loader, node, NULL, "scheme is HTTP or HTTPS");
}

static void want_port(struct loader *loader, const struct yaml_node *node,
		      const struct probe *probe)
{
	if (probe->port == 0 && probe->port_name == NULL)
		loader_error(loader, node, NULL, "the probe needs a port");
}

static void read_http(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	static const struct field fields[] = {
		{"host", FIELD_USED, read_text, offsetof(struct probe, host), NULL,
		 "default: the pod"},
		{"httpHeaders", FIELD_USED, read_headers, 0, NULL, NULL},
		{"path", FIELD_USED, read_text, offsetof(struct probe, path), NULL, "default: /"},
		{"port", FIELD_USED, read_port, 0, NULL, "number or name"},
		{"scheme", FIELD_USED, read_scheme, offsetof(struct probe, is_https), NULL, NULL}};
	static const struct field_set set = {"httpGet", fields, ARRAY_SIZE(fields)};
	probe->kind = PROBE_HTTP;
	loader_read_map(loader, node, &set, probe);
	if (probe->path == NULL)
		probe->path = xstrdup("/");
	want_port(loader, node, probe);
}

static void read_tcp(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	static const struct field fields[] = {
		{"host", FIELD_USED, read_text, offsetof(struct probe, host), NULL,
		 "default: the pod"},
		{"port", FIELD_USED, read_port, 0, NULL, "number or name"}};
	static const struct field_set set = {"tcpSocket", fields, ARRAY_SIZE(fields)};
	probe->kind = PROBE_TCP;
	loader_read_map(loader, node, &set, probe);
	want_port(loader, node, probe);
}

static void read_grpc(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	static const struct field fields[] = {{"port", FIELD_USED, read_port, 0, NULL, NULL},
					      {"service", FIELD_USED, read_text,
					       offsetof(struct probe, grpc_service), NULL, NULL}};
	static const struct field_set set = {"grpc", fields, ARRAY_SIZE(fields)};
	probe->kind = PROBE_GRPC;
	loader_read_map(loader, node, &set, probe);
	want_port(loader, node, probe);
}

#define AT(member) offsetof(struct probe, member)
static const struct field probe_field_list[] = {
	{"exec", FIELD_USED, read_exec, 0, NULL, "run a command in the container"},
	{"failureThreshold", FIELD_USED, read_u32, AT(failure_threshold), NULL, "default 3"},
	{"grpc", FIELD_USED, read_grpc, 0, NULL, "gRPC health check"},
	{"httpGet", FIELD_USED, read_http, 0, NULL, "status 200 to 399 is success"},
	{"initialDelaySeconds", FIELD_USED, read_u32, AT(initial_delay_s), NULL, "default 0"},
	{"periodSeconds", FIELD_USED, read_u32, AT(period_s), NULL,
	 "default 10; until the first success it is asked more often"},
	{"successThreshold", FIELD_USED, read_u32, AT(success_threshold), NULL, "default 1"},
	{"tcpSocket", FIELD_USED, read_tcp, 0, NULL, "a connection is success"},
	{"terminationGracePeriodSeconds", FIELD_USED, read_u32, AT(grace_period_s), NULL, NULL},
	{"timeoutSeconds", FIELD_USED, read_u32, AT(timeout_s), NULL, "default 1"},
};
#undef AT
const struct field_set probe_fields = {"probe", probe_field_list, ARRAY_SIZE(probe_field_list)};

void read_probe(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	*probe = (struct probe){
		.period_s = 10, .timeout_s = 1, .success_threshold = 1, .failure_threshold = 3};
	loader_read_map(loader, node, &probe_fields, probe);
	if (probe->kind == PROBE_NONE)
		loader_error(loader, node, "httpGet, tcpSocket, exec or grpc",
			     "the probe says nothing to ask");
	if (probe->period_s == 0)
		probe->period_s = 10;
	if (probe->timeout_s == 0)
		probe->timeout_s = 1;
	if (probe->success_threshold == 0)
		probe->success_threshold = 1;
	if (probe->failure_threshold == 0)
		probe->failure_threshold = 3;
}

static void read_sleep(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {{"seconds", FIELD_USED, read_u32, 0, NULL, NULL}};
	static const struct field_set set = {"sleep", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

/* A hook is a probe without times; read as one and carried over. */
struct hook_reader {
	struct probe probe;
	uint32_t sleep_s;
	bool is_sleep;
};

static void read_hook_sleep(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct hook_reader *reader = target;
	reader->is_sleep = true;
	read_sleep(loader, node, &reader->sleep_s);
}

void read_hook(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct lifecycle_hook *hook = target;
	struct hook_reader reader = {0};
	static const struct field fields[] = {{"exec", FIELD_USED, read_exec, 0, NULL, NULL},
					      {"httpGet", FIELD_USED, read_http, 0, NULL, NULL},
					      {"sleep", FIELD_USED, read_hook_sleep, 0, NULL, NULL},
					      {"tcpSocket", FIELD_USED, read_tcp, 0, NULL, NULL}};
	static const struct field_set set = {"lifecycle hook", fields, ARRAY_SIZE(fields)};
	static const enum hook_kind kinds[] = {[PROBE_NONE] = HOOK_NONE,
					       [PROBE_EXEC] = HOOK_EXEC,
					       [PROBE_HTTP] = HOOK_HTTP,
					       [PROBE_TCP] = HOOK_TCP};

	loader_read_map(loader, node, &set, &reader);
	struct probe *probe = &reader.probe;
	hook->kind = reader.is_sleep ? HOOK_SLEEP : kinds[probe->kind];
	hook->command = probe->command;
	hook->host = probe->host;
	hook->path = probe->path;
	hook->is_https = probe->is_https;
	hook->headers = probe->headers;
	hook->header_count = probe->header_count;
	hook->port = probe->port;
	hook->port_name = probe->port_name;
	hook->sleep_s = reader.sleep_s;
	if (hook->kind == HOOK_NONE)
		loader_error(loader, node, "exec, httpGet, tcpSocket or sleep",
			     "the hook does nothing");
}
