/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

/* A probe or hook asks in one way. */
static void set_kind(struct loader *loader, const struct yaml_node *node, struct probe *probe,
		     enum check_kind kind)
{
	if (probe->check.type != CHECK_NONE)
		loader_error(loader, node, "keep one of them", "%s: it asks in another way already",
			     loader->current->name);
	probe->check.type = kind;
}

static const struct field exec_list[] = {
	{"command", FIELD_USED, read_text_list, offsetof(struct probe, check.command), NULL,
	 "argv, run inside the container; not a shell line", .is_list = true}};
static const struct field_set exec_fields = {"exec", exec_list, ARRAY_SIZE(exec_list)};

static void read_exec(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	set_kind(loader, node, probe, CHECK_EXEC);
	loader_read_map(loader, node, &exec_fields, probe);
	const struct yaml_node *command = yaml_get(node, "command");
	if (command != NULL && command->kind == YAML_LIST && command->item_count == 0)
		loader_error(loader, command, "command: [\"cat\", \"/tmp/healthy\"]",
			     "the command has no words");
	else if (probe->check.command.count == 0 && node->kind == YAML_MAP)
		loader_missing(loader, node, "command", "command: [\"cat\", \"/tmp/healthy\"]");
}

/* A number, or a name that pod_complete() looks up. */
static void read_port(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	probe->port_mark = loader_mark(loader, node);
	if (node->kind != YAML_SCALAR) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, NULL,
				"port: a number or a name is wanted here, not %s",
				yaml_describe(node));
		return;
	}
	if (node->type == YAML_INTEGER) {
		read_port_number(loader, node, &probe->check.port);
		return;
	}
	if (node->type != YAML_TEXT || !port_name_is_valid(node->text)) {
		bool is_quoted = parse_port(node->text, &probe->check.port);
		loader_error(loader, node,
			     is_quoted ? "without quotes"
				       : "1 to 65535, or the name of a port of the container",
			     "port: '%.40s' is neither a port number nor a name", node->text);
		return;
	}
	free(probe->port_name);
	probe->port_name = xstrdup(node->text);
}

static const struct field headers_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct key_value, key), NULL, NULL},
	{"value", FIELD_USED, read_text, offsetof(struct key_value, value), NULL, NULL}};
static const struct field_set headers_fields = {"httpHeader", headers_list,
						ARRAY_SIZE(headers_list)};

/* What ends a line would begin another header, or another request. */
static void check_header(struct loader *loader, const struct yaml_node *node,
			 const struct key_value *header)
{
	static const char token[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	if (header->key != NULL && header->key[strspn(header->key, token)] != '\0')
		loader_error(loader, yaml_get(node, "name"), "letters, digits and '-'",
			     "'%.80s' is not a valid name of a header", header->key);
	for (const char *at = header->value; at != NULL && *at != '\0'; at++) {
		if ((unsigned char)*at >= ' ' || *at == '\t')
			continue;
		loader_error(loader, yaml_get(node, "value"), "a value of one line",
			     "the header's value has a control character");
		return;
	}
}

static void read_headers(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct key_value header = {0};
		loader_read_map(loader, node->items[i], &headers_fields, &header);
		if (loader_wants_text(loader, node->items[i], "name", "name: X-Probe"))
			check_header(loader, node->items[i], &header);
		string_list_addf(&probe->check.headers, "%s: %s", header.key ? header.key : "",
				 header.value ? header.value : "");
		free(header.key);
		free(header.value);
	}
}

static void read_scheme(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned choice = 0;
	read_choice(loader, node, &choice);
	*(bool *)target = choice == 1;
}

static void want_port(struct loader *loader, const struct yaml_node *node)
{
	if (node->kind == YAML_MAP && yaml_is_null(yaml_get(node, "port")))
		loader_missing(loader, node, "port", "port: 8080");
}

static const struct field http_list[] = {
	{"host", FIELD_USED, read_text, offsetof(struct probe, check.host), NULL,
	 "default: the pod"},
	{"httpHeaders", FIELD_USED, read_headers, 0, &headers_fields, NULL, .is_list = true},
	{"path", FIELD_USED, read_text, offsetof(struct probe, check.path), NULL, "default: /"},
	{"port", FIELD_USED, read_port, 0, NULL, "number or name", .takes = "port or name"},
	{"scheme", FIELD_USED, read_scheme, offsetof(struct probe, check.is_https), NULL,
	 "default HTTP", .choices = "HTTP|HTTPS"}};
static const struct field_set http_fields = {"httpGet", http_list, ARRAY_SIZE(http_list)};

static void read_http(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	set_kind(loader, node, probe, CHECK_HTTP);
	loader_read_map(loader, node, &http_fields, probe);
	if (probe->check.path == NULL)
		probe->check.path = xstrdup("/");
	want_port(loader, node);
}

static const struct field tcp_list[] = {
	{"host", FIELD_USED, read_text, offsetof(struct probe, check.host), NULL,
	 "default: the pod"},
	{"port", FIELD_USED, read_port, 0, NULL, "number or name", .takes = "port or name"}};
static const struct field_set tcp_fields = {"tcpSocket", tcp_list, ARRAY_SIZE(tcp_list)};

static void read_tcp(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	set_kind(loader, node, probe, CHECK_TCP);
	loader_read_map(loader, node, &tcp_fields, probe);
	want_port(loader, node);
}

static const struct field grpc_list[] = {
	{"port", FIELD_USED, read_port, 0, NULL, NULL, .takes = "port or name"},
	{"service", FIELD_USED, read_text, offsetof(struct probe, check.service), NULL, NULL}};
static const struct field_set grpc_fields = {"grpc", grpc_list, ARRAY_SIZE(grpc_list)};

static void read_grpc(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	set_kind(loader, node, probe, CHECK_GRPC);
	loader_read_map(loader, node, &grpc_fields, probe);
	want_port(loader, node);
}

#define AT(member) offsetof(struct probe, member)
static const struct field probe_field_list[] = {
	{"exec", FIELD_USED, read_exec, 0, &exec_fields, "run a command in the container"},
	{"failureThreshold", FIELD_USED, read_u32, AT(failure_threshold), NULL, "default 3"},
	{"grpc", FIELD_USED, read_grpc, 0, &grpc_fields, "gRPC health check"},
	{"httpGet", FIELD_USED, read_http, 0, &http_fields, "status 200 to 399 is success"},
	{"initialDelaySeconds", FIELD_USED, read_u32, AT(initial_delay_s), NULL, "default 0"},
	{"periodSeconds", FIELD_USED, read_u32, AT(period_s), NULL,
	 "default 10; until the first success it is asked more often"},
	{"successThreshold", FIELD_USED, read_u32, AT(success_threshold), NULL, "default 1"},
	{"tcpSocket", FIELD_USED, read_tcp, 0, &tcp_fields, "a connection is success"},
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
	/* Kubernetes has them at 1; nothing else would mean anything. */
	bool is_readiness = strcmp(loader->current->name, "readinessProbe") == 0;
	if (!is_readiness && probe->success_threshold > 1)
		loader_error(loader, yaml_get(node, "successThreshold"), "successThreshold: 1",
			     "one success is enough for a %s", loader->current->name);
	if (probe->check.type == CHECK_NONE && node->kind == YAML_MAP)
		loader_error(loader, node, "httpGet, tcpSocket, exec or grpc",
			     "the probe does not say what to ask");
	if (probe->period_s == 0)
		probe->period_s = 10;
	if (probe->timeout_s == 0)
		probe->timeout_s = 1;
	if (probe->success_threshold == 0)
		probe->success_threshold = 1;
	if (probe->failure_threshold == 0)
		probe->failure_threshold = 3;
}

static const struct field sleep_list[] = {{"seconds", FIELD_USED, read_u32, 0, NULL, NULL}};
static const struct field_set sleep_fields = {"sleep", sleep_list, ARRAY_SIZE(sleep_list)};

static void read_sleep(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *hook = target;
	uint32_t seconds = 0;
	set_kind(loader, node, hook, CHECK_SLEEP);
	loader_read_map(loader, node, &sleep_fields, &seconds);
	hook->check.sleep_ms = seconds * UINT64_C(1000);
}

static const struct field hook_list[] = {{"exec", FIELD_USED, read_exec, 0, &exec_fields, NULL},
					 {"httpGet", FIELD_USED, read_http, 0, &http_fields, NULL},
					 {"sleep", FIELD_USED, read_sleep, 0, &sleep_fields, NULL},
					 {"tcpSocket", FIELD_USED, read_tcp, 0, &tcp_fields, NULL}};
const struct field_set hook_fields = {"lifecycle hook", hook_list, ARRAY_SIZE(hook_list)};

void read_hook(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *hook = target;
	loader_read_map(loader, node, &hook_fields, hook);
	if (hook->check.type == CHECK_NONE)
		loader_error(loader, node, "exec, httpGet, tcpSocket or sleep",
			     "the hook does nothing");
}
