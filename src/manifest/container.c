/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"

static void read_protocol(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum protocol *protocol = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "UDP") == 0)
		*protocol = PROTOCOL_UDP;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "TCP") != 0)
		loader_error(loader, node, NULL, "protocol is TCP or UDP");
}

static void read_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
#define AT(member) offsetof(struct container_port, member)
	static const struct field fields[] = {
		{"containerPort", FIELD_USED, read_port_number, AT(port), NULL, NULL},
		{"hostIP", FIELD_USED, read_text, AT(host_ip), NULL,
		 "where the host port is bound"},
		{"hostPort", FIELD_USED, read_port_number, AT(host_port), NULL,
		 "published on the developer's machine"},
		{"name", FIELD_USED, read_text, AT(name), NULL,
		 "Services and probes may refer to it"},
		{"protocol", FIELD_USED, read_protocol, AT(protocol), NULL, NULL},
	};
#undef AT
	static const struct field_set set = {"container port", fields, ARRAY_SIZE(fields)};
	if (node->kind != YAML_LIST) {
		loader_error(loader, node, NULL, "ports is a list");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct container_port *port = ARRAY_APPEND(container->ports, container->port_count);
		loader_read_map(loader, node->items[i], &set, port);
		if (port->port == 0)
			loader_error(loader, node->items[i], NULL, "containerPort is missing");
	}
}

static void read_selector(struct loader *loader, const struct yaml_node *node, struct env_var *env,
			  enum env_source source)
{
#define AT(member) offsetof(struct env_var, member)
	static const struct field key_fields[] = {
		{"key", FIELD_USED, read_text, AT(ref_key), NULL, NULL},
		{"name", FIELD_USED, read_text, AT(ref_name), NULL, NULL},
		{"optional", FIELD_USED, read_bool, AT(is_optional), NULL, NULL}};
	static const struct field field_fields[] = {
		{"apiVersion", FIELD_USED, read_ignored, 0, NULL, NULL},
		{"fieldPath", FIELD_USED, read_text, AT(ref_name), NULL, NULL}};
	static const struct field resource_fields[] = {
		{"containerName", FIELD_USED, read_text, AT(container), NULL, NULL},
		{"divisor", FIELD_USED, read_text, AT(ref_key), NULL, NULL},
		{"resource", FIELD_USED, read_text, AT(ref_name), NULL, NULL}};
#undef AT
	static const struct field_set sets[] = {
		[ENV_CONFIG_MAP_KEY] = {"configMapKeyRef", key_fields, ARRAY_SIZE(key_fields)},
		[ENV_SECRET_KEY] = {"secretKeyRef", key_fields, ARRAY_SIZE(key_fields)},
		[ENV_FIELD] = {"fieldRef", field_fields, ARRAY_SIZE(field_fields)},
		[ENV_RESOURCE] = {"resourceFieldRef", resource_fields,
				  ARRAY_SIZE(resource_fields)}};

	env->source = source;
	loader_read_map(loader, node, &sets[source], env);
	if (env->ref_name == NULL ||
	    (env->ref_key == NULL && (source == ENV_CONFIG_MAP_KEY || source == ENV_SECRET_KEY)))
		loader_error(loader, node, NULL, "%s is not complete", sets[source].name);
}

static void read_config_map_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_selector(loader, node, target, ENV_CONFIG_MAP_KEY);
}

static void read_secret_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_selector(loader, node, target, ENV_SECRET_KEY);
}

static void read_field_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_selector(loader, node, target, ENV_FIELD);
}

static void read_resource_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_selector(loader, node, target, ENV_RESOURCE);
}

static void read_value_from(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"configMapKeyRef", FIELD_USED, read_config_map_ref, 0, NULL, NULL},
		{"fieldRef", FIELD_USED, read_field_ref, 0, NULL, NULL},
		{"resourceFieldRef", FIELD_USED, read_resource_ref, 0, NULL, NULL},
		{"secretKeyRef", FIELD_USED, read_secret_ref, 0, NULL, NULL}};
	static const struct field_set set = {"valueFrom", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

void read_env(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	static const struct field fields[] = {
		{"name", FIELD_USED, read_text, offsetof(struct env_var, name), NULL, NULL},
		{"value", FIELD_USED, read_text, offsetof(struct env_var, value), NULL,
		 "$(NAME) is expanded"},
		{"valueFrom", FIELD_USED, read_value_from, 0, NULL, NULL}};
	static const struct field_set set = {"env variable", fields, ARRAY_SIZE(fields)};
	if (node->kind != YAML_LIST) {
		loader_error(loader, node, "- name: KEY, value: text", "env is a list");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct env_var *env = ARRAY_APPEND(container->env, container->env_count);
		env->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &set, env);
		if (env->name == NULL) {
			loader_error(loader, node->items[i], NULL, "an env variable needs a name");
			env->name = xstrdup("");
		}
		if (env->source == ENV_VALUE && env->value == NULL)
			env->value = xstrdup("");
	}
}

static void read_source_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct env_from *from = target;
	static const struct field fields[] = {
		{"name", FIELD_USED, read_text, offsetof(struct env_from, ref_name), NULL, NULL},
		{"optional", FIELD_USED, read_bool, offsetof(struct env_from, is_optional), NULL,
		 NULL}};
	static const struct field_set set = {"reference", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, from);
}

static void read_from_secret(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct env_from *)target)->is_secret = true;
	read_source_ref(loader, node, target);
}

static void read_env_from(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	static const struct field fields[] = {
		{"configMapRef", FIELD_USED, read_source_ref, 0, NULL, NULL},
		{"prefix", FIELD_USED, read_text, offsetof(struct env_from, prefix), NULL, NULL},
		{"secretRef", FIELD_USED, read_from_secret, 0, NULL, NULL}};
	static const struct field_set set = {"envFrom", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct env_from *from =
			ARRAY_APPEND(container->env_from, container->env_from_count);
		from->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &set, from);
		if (from->ref_name == NULL) {
			loader_error(loader, node->items[i], NULL,
				     "envFrom names no configMapRef or secretRef");
			from->ref_name = xstrdup("");
		}
	}
}

static void read_mounts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
#define AT(member) offsetof(struct volume_mount, member)
	static const struct field fields[] = {
		{"mountPath", FIELD_USED, read_text, AT(mount_path), NULL, NULL},
		{"mountPropagation", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has its own kernel"},
		{"name", FIELD_USED, read_text, AT(volume), NULL, NULL},
		{"readOnly", FIELD_USED, read_bool, AT(is_read_only), NULL, NULL},
		{"subPath", FIELD_USED, read_text, AT(sub_path), NULL, NULL},
		{"subPathExpr", FIELD_USED, read_text, AT(sub_path_expr), NULL, NULL}};
#undef AT
	static const struct field_set set = {"volumeMount", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct volume_mount *mount =
			ARRAY_APPEND(container->mounts, container->mount_count);
		mount->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &set, mount);
		if (mount->volume == NULL || mount->mount_path == NULL)
			loader_error(loader, node->items[i], NULL,
				     "a volumeMount needs name and mountPath");
		if (mount->volume == NULL)
			mount->volume = xstrdup("");
		if (mount->mount_path == NULL)
			mount->mount_path = xstrdup("/");
	}
}

struct resource_amounts {
	uint64_t cpu_millis;
	uint64_t memory_bytes;
	uint64_t ephemeral_bytes;
};

static void read_amounts(struct loader *loader, const struct yaml_node *node,
			 struct resource_amounts *amounts)
{
#define AT(member) offsetof(struct resource_amounts, member)
	static const struct field fields[] = {
		{"cpu", FIELD_USED, read_millis, AT(cpu_millis), NULL,
		 "vCPUs of the VM, cgroup limit in it"},
		{"ephemeral-storage", FIELD_USED, read_bytes, AT(ephemeral_bytes), NULL,
		 "a scratch disk under the containers' writable layer"},
		{"hugepages-2Mi", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
		{"memory", FIELD_USED, read_bytes, AT(memory_bytes), NULL,
		 "memory of the VM, cgroup limit in it"}};
#undef AT
	static const struct field_set set = {"resource list", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, amounts);
}

static void read_limits(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct resources *resources = target;
	struct resource_amounts amounts = {0};
	read_amounts(loader, node, &amounts);
	resources->cpu_limit_millis = amounts.cpu_millis;
	resources->memory_limit_bytes = amounts.memory_bytes;
	resources->ephemeral_limit_bytes = amounts.ephemeral_bytes;
}

static void read_requests(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct resources *resources = target;
	struct resource_amounts amounts = {0};
	read_amounts(loader, node, &amounts);
	resources->cpu_request_millis = amounts.cpu_millis;
	resources->memory_request_bytes = amounts.memory_bytes;
	resources->ephemeral_request_bytes = amounts.ephemeral_bytes;
}

static void read_resources(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"claims", FIELD_REFUSED, NULL, 0, NULL, "devices cannot be claimed; take it out"},
		{"limits", FIELD_USED, read_limits, 0, NULL, NULL},
		{"requests", FIELD_USED, read_requests, 0, NULL, NULL}};
	static const struct field_set set = {"resources", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

static void read_command(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	container->has_command = true;
	read_text_list(loader, node, &container->command);
}

static void read_args(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	container->has_args = true;
	read_text_list(loader, node, &container->args);
}

static void read_pull_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const names[] = {"IfNotPresent", "Always", "Never"};
	for (size_t i = 0; node->kind == YAML_SCALAR && i < ARRAY_SIZE(names); i++) {
		if (strcmp(node->text, names[i]) == 0) {
			*(enum pull_policy *)target = (enum pull_policy)i;
			return;
		}
	}
	loader_error(loader, node, NULL, "imagePullPolicy is Always, IfNotPresent or Never");
}

static void read_container_restart(struct loader *loader, const struct yaml_node *node,
				   void *target)
{
	if (node->kind == YAML_SCALAR && strcmp(node->text, "Always") == 0)
		((struct container_spec *)target)->is_sidecar = true;
	else
		loader_error(loader, node, NULL,
			     "restartPolicy of an init container is Always or absent");
}

static void read_lifecycle(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"postStart", FIELD_USED, read_hook, offsetof(struct container_spec, post_start),
		 NULL, NULL},
		{"preStop", FIELD_USED, read_hook, offsetof(struct container_spec, pre_stop), NULL,
		 NULL}};
	static const struct field_set set = {"lifecycle", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

#define AT(member) offsetof(struct container_spec, member)
static const struct field container_field_list[] = {
	{"args", FIELD_USED, read_args, 0, NULL, "replaces the image's CMD"},
	{"command", FIELD_USED, read_command, 0, NULL, "replaces the image's ENTRYPOINT and CMD"},
	{"env", FIELD_USED, read_env, 0, NULL, "configuration: never in the image"},
	{"envFrom", FIELD_USED, read_env_from, 0, NULL, "configuration: never in the image"},
	{"image", FIELD_USED, read_text, AT(image), NULL,
	 "registry name, oci:DIR, oci-archive:, docker-archive: or docker-daemon:"},
	{"imagePullPolicy", FIELD_USED, read_pull_policy, AT(pull_policy), NULL, NULL},
	{"lifecycle", FIELD_USED, read_lifecycle, 0, NULL, NULL},
	{"livenessProbe", FIELD_USED, read_probe, AT(liveness), &probe_fields,
	 "restarts the container"},
	{"name", FIELD_USED, read_name, AT(name), NULL, NULL},
	{"ports", FIELD_USED, read_ports, 0, NULL, NULL},
	{"readinessProbe", FIELD_USED, read_probe, AT(readiness), &probe_fields,
	 "takes the pod in and out of its ports"},
	{"resizePolicy", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"resources", FIELD_USED, read_resources, AT(resources), NULL, NULL},
	{"restartPolicy", FIELD_USED, read_container_restart, 0, NULL, "Always: a sidecar"},
	{"securityContext", FIELD_USED, read_security, AT(security), NULL, NULL},
	{"startupProbe", FIELD_USED, read_probe, AT(startup), &probe_fields,
	 "holds the others back"},
	{"stdin", FIELD_USED, read_bool, AT(has_stdin), NULL, NULL},
	{"stdinOnce", FIELD_USED, read_bool, AT(stdin_once), NULL, NULL},
	{"terminationMessagePath", FIELD_USED, read_text, AT(termination_message_path), NULL, NULL},
	{"terminationMessagePolicy", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "the last log lines are kept anyway"},
	{"tty", FIELD_USED, read_bool, AT(has_tty), NULL, NULL},
	{"volumeDevices", FIELD_REFUSED, NULL, 0, NULL,
	 "use volumeMounts: block devices are not passed on"},
	{"volumeMounts", FIELD_USED, read_mounts, 0, NULL, NULL},
	{"workingDir", FIELD_USED, read_text, AT(working_dir), NULL, NULL},
};
#undef AT
const struct field_set container_fields = {"container", container_field_list,
					   ARRAY_SIZE(container_field_list)};

void read_containers(struct loader *loader, const struct yaml_node *node,
		     struct container_spec **array, size_t *count, bool is_init)
{
	if (node->kind != YAML_LIST) {
		loader_error(loader, node, NULL, "a list of containers is wanted here");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct container_spec *container = ARRAY_APPEND(*array, *count);
		container->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &container_fields, container);
		if (container->is_sidecar && !is_init)
			loader_error(loader, node->items[i], "move it to initContainers",
				     "only init containers take a restartPolicy of their own");
		if (container->name == NULL) {
			loader_error(loader, node->items[i], NULL, "a container needs a name");
			container->name = xasprintf("container-%zu", i);
		}
		if (container->image == NULL) {
			loader_error(loader, node->items[i], NULL, "container '%s' needs an image",
				     container->name);
			container->image = xstrdup("");
		}
	}
}
