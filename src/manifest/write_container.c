/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/write_container.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/yaml_writer.h"
#include "wire/kinds.h"

static void write_value_from(struct yaml_writer *writer, const struct env_var *env)
{
	static const char *const keys[] = {[ENV_CONFIG_MAP] = "configMapKeyRef",
					   [ENV_SECRET] = "secretKeyRef",
					   [ENV_FIELD] = "fieldRef",
					   [ENV_RESOURCE] = "resourceFieldRef"};
	yaml_write_map(writer, "valueFrom");
	yaml_write_map(writer, keys[env->source]);
	if (env->source == ENV_FIELD) {
		yaml_write_text(writer, "fieldPath", env->ref_name);
	} else if (env->source == ENV_RESOURCE) {
		yaml_write_text(writer, "containerName", env->container);
		yaml_write_text(writer, "resource", env->ref_name);
		yaml_write_text(writer, "divisor", env->ref_key);
	} else {
		yaml_write_text(writer, "name", env->ref_name);
		yaml_write_text(writer, "key", env->ref_key);
		if (env->is_optional)
			yaml_write_bool(writer, "optional", true);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

void write_env(struct yaml_writer *writer, const struct container_spec *container)
{
	yaml_write_map(writer, "env");
	for (size_t i = 0; i < container->env_count; i++) {
		const struct env_var *env = &container->env[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "name", env->name);
		if (env->source == ENV_VALUE)
			yaml_write_text(writer, "value", env->value);
		else
			write_value_from(writer, env);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_env_from(struct yaml_writer *writer, const struct container_spec *container)
{
	yaml_write_map(writer, "envFrom");
	for (size_t i = 0; i < container->env_from_count; i++) {
		const struct env_from *from = &container->env_from[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "prefix", from->prefix);
		yaml_write_map(writer, from->is_secret ? "secretRef" : "configMapRef");
		yaml_write_text(writer, "name", from->ref_name);
		if (from->is_optional)
			yaml_write_bool(writer, "optional", true);
		yaml_write_end(writer);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_ports(struct yaml_writer *writer, const struct container_spec *container)
{
	yaml_write_map(writer, "ports");
	for (size_t i = 0; i < container->port_count; i++) {
		const struct container_port *port = &container->ports[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "name", port->name);
		yaml_write_number(writer, "containerPort", port->port);
		if (port->protocol == PROTOCOL_UDP)
			yaml_write_text(writer, "protocol", "UDP");
		if (port->host_port != 0)
			yaml_write_number(writer, "hostPort", port->host_port);
		yaml_write_text(writer, "hostIP", port->host_ip);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_mounts(struct yaml_writer *writer, const struct container_spec *container)
{
	yaml_write_map(writer, "volumeMounts");
	for (size_t i = 0; i < container->mount_count; i++) {
		const struct volume_mount *mount = &container->mounts[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "name", mount->volume);
		yaml_write_text(writer, "mountPath", mount->mount_path);
		yaml_write_text(writer, "subPath", mount->sub_path);
		yaml_write_text(writer, "subPathExpr", mount->sub_path_expr);
		if (mount->is_read_only)
			yaml_write_bool(writer, "readOnly", true);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

void write_bytes(struct yaml_writer *writer, const char *key, uint64_t bytes)
{
	static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti"};
	size_t unit = 0;
	if (bytes == 0)
		return;
	while (bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	if (unit == 0)
		yaml_write_number(writer, key, bytes);
	else
		yaml_write_textf(writer, key, "%llu%s", (unsigned long long)bytes, units[unit]);
}

static void write_cpu(struct yaml_writer *writer, uint64_t millis)
{
	if (millis == 0)
		return;
	if (millis % 1000 == 0)
		yaml_write_number(writer, "cpu", millis / 1000);
	else
		yaml_write_textf(writer, "cpu", "%llum", (unsigned long long)millis);
}

static void write_resources(struct yaml_writer *writer, const struct resources *resources)
{
	yaml_write_map(writer, "resources");
	yaml_write_map(writer, "requests");
	write_cpu(writer, resources->cpu_request_millis);
	write_bytes(writer, "memory", resources->memory_request_bytes);
	write_bytes(writer, "ephemeral-storage", resources->ephemeral_request_bytes);
	yaml_write_end(writer);
	yaml_write_map(writer, "limits");
	write_cpu(writer, resources->cpu_limit_millis);
	write_bytes(writer, "memory", resources->memory_limit_bytes);
	if (resources->has_ephemeral_limit && resources->ephemeral_limit_bytes == 0)
		yaml_write_number(writer, "ephemeral-storage", 0);
	write_bytes(writer, "ephemeral-storage", resources->ephemeral_limit_bytes);
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_port(struct yaml_writer *writer, uint16_t port, const char *name)
{
	if (port == 0 && name != NULL)
		yaml_write_text(writer, "port", name);
	else
		yaml_write_number(writer, "port", port);
}

static void write_headers(struct yaml_writer *writer, const struct string_list *headers)
{
	yaml_write_map(writer, "httpHeaders");
	for (size_t i = 0; i < headers->count; i++) {
		const char *colon = strchr(headers->items[i], ':');
		AUTO_FREE char *name =
			xstrndup(headers->items[i], (size_t)(colon - headers->items[i]));
		yaml_write_item(writer);
		yaml_write_text(writer, "name", name);
		yaml_write_text(writer, "value", colon + strlen(": "));
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_http(struct yaml_writer *writer, const struct probe *probe)
{
	yaml_write_map(writer, "httpGet");
	yaml_write_text(writer, "host", probe->check.host);
	yaml_write_text(writer, "path", probe->check.path);
	write_port(writer, probe->check.port, probe->port_name);
	if (probe->check.is_https)
		yaml_write_text(writer, "scheme", "HTTPS");
	write_headers(writer, &probe->check.headers);
	yaml_write_end(writer);
}

/* What probes and hooks ask, below the key of its own that Kubernetes gives it. */
static void write_question(struct yaml_writer *writer, const struct probe *probe)
{
	switch (probe->check.type) {
	case CHECK_EXEC:
		yaml_write_map(writer, "exec");
		yaml_write_texts(writer, "command", &probe->check.command);
		yaml_write_end(writer);
		break;
	case CHECK_HTTP:
		write_http(writer, probe);
		break;
	case CHECK_TCP:
		yaml_write_map(writer, "tcpSocket");
		yaml_write_text(writer, "host", probe->check.host);
		write_port(writer, probe->check.port, probe->port_name);
		yaml_write_end(writer);
		break;
	case CHECK_GRPC:
		yaml_write_map(writer, "grpc");
		yaml_write_number(writer, "port", probe->check.port);
		yaml_write_text(writer, "service", probe->check.service);
		yaml_write_end(writer);
		break;
	case CHECK_SLEEP:
		yaml_write_map(writer, "sleep");
		yaml_write_number(writer, "seconds", probe->check.sleep_ms / 1000);
		yaml_write_end(writer);
		break;
	case CHECK_NONE:
		break;
	}
}

static void write_unless(struct yaml_writer *writer, const char *key, uint32_t value,
			 uint32_t otherwise)
{
	if (value != otherwise)
		yaml_write_number(writer, key, value);
}

static void write_probe(struct yaml_writer *writer, const char *key, const struct probe *probe)
{
	if (probe->check.type == CHECK_NONE)
		return;
	yaml_write_map(writer, key);
	write_question(writer, probe);
	write_unless(writer, "initialDelaySeconds", probe->initial_delay_s, 0);
	write_unless(writer, "periodSeconds", probe->period_s, 10);
	write_unless(writer, "timeoutSeconds", probe->timeout_s, 1);
	write_unless(writer, "successThreshold", probe->success_threshold, 1);
	write_unless(writer, "failureThreshold", probe->failure_threshold, 3);
	write_unless(writer, "terminationGracePeriodSeconds", probe->grace_period_s, 0);
	yaml_write_end(writer);
}

static void write_hook(struct yaml_writer *writer, const char *key, const struct probe *hook)
{
	yaml_write_map(writer, key);
	write_question(writer, hook);
	yaml_write_end(writer);
}

static void write_tristate(struct yaml_writer *writer, const char *key, enum tristate value)
{
	if (value != TRI_UNSET)
		yaml_write_bool(writer, key, value == TRI_TRUE);
}

static void write_security(struct yaml_writer *writer, const struct security_context *security)
{
	yaml_write_map(writer, "securityContext");
	if (security->has_user)
		yaml_write_number(writer, "runAsUser", security->run_as_user);
	if (security->has_group)
		yaml_write_number(writer, "runAsGroup", security->run_as_group);
	write_tristate(writer, "runAsNonRoot", security->run_as_non_root);
	write_tristate(writer, "allowPrivilegeEscalation", security->allow_privilege_escalation);
	if (security->is_read_only_root)
		yaml_write_bool(writer, "readOnlyRootFilesystem", true);
	if (security->is_privileged)
		yaml_write_bool(writer, "privileged", true);
	yaml_write_map(writer, "capabilities");
	yaml_write_texts(writer, "add", &security->capabilities_add);
	yaml_write_texts(writer, "drop", &security->capabilities_drop);
	yaml_write_end(writer);
	if (security->seccomp == SECCOMP_UNCONFINED) {
		yaml_write_map(writer, "seccompProfile");
		yaml_write_text(writer, "type", "Unconfined");
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

/* An empty list that was given means something other than none. */
static void write_argv(struct yaml_writer *writer, const char *key, bool is_given,
		       const struct string_list *argv)
{
	if (is_given && argv->count > 0)
		yaml_write_texts(writer, key, argv);
}

void write_pull_policy(struct yaml_writer *writer, const char *key, enum pull_policy policy)
{
	static const char *const policies[] = {
		[PULL_IF_NOT_PRESENT] = NULL, [PULL_ALWAYS] = "Always", [PULL_NEVER] = "Never"};

	yaml_write_text(writer, key, policies[policy]);
}

void write_container_body(struct yaml_writer *writer, const struct container_spec *container)
{
	yaml_write_text(writer, "image", container->image);
	write_pull_policy(writer, "imagePullPolicy", container->pull_policy);
	if (container->is_sidecar)
		yaml_write_text(writer, "restartPolicy", "Always");
	write_argv(writer, "command", container->has_command, &container->command);
	write_argv(writer, "args", container->has_args, &container->args);
	yaml_write_text(writer, "workingDir", container->working_dir);
	write_env_from(writer, container);
	write_resources(writer, &container->resources);
	write_mounts(writer, container);
	write_probe(writer, "startupProbe", &container->startup);
	write_probe(writer, "readinessProbe", &container->readiness);
	write_probe(writer, "livenessProbe", &container->liveness);
	yaml_write_map(writer, "lifecycle");
	write_hook(writer, "postStart", &container->post_start);
	write_hook(writer, "preStop", &container->pre_stop);
	yaml_write_end(writer);
	write_security(writer, &container->security);
	if (container->has_stdin)
		yaml_write_bool(writer, "stdin", true);
	if (container->stdin_once)
		yaml_write_bool(writer, "stdinOnce", true);
	if (container->has_tty)
		yaml_write_bool(writer, "tty", true);
	yaml_write_text(writer, "terminationMessagePath", container->termination_message_path);
}

void write_container_list(struct yaml_writer *writer, const char *key,
			  const struct container_spec *containers, size_t count)
{
	yaml_write_map(writer, key);
	for (size_t i = 0; i < count; i++) {
		yaml_write_item(writer);
		yaml_write_text(writer, "name", containers[i].name);
		write_container_body(writer, &containers[i]);
		write_ports(writer, &containers[i]);
		write_env(writer, &containers[i]);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}
