/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/probe.h"
#include "manifest/quantity.h"
#include "manifest/read_value.h"
#include "manifest/security.h"
#include "manifest/yaml_node.h"

#define AT(member) offsetof(struct container_port, member)
static const struct field ports_list[] = {
	{"containerPort", FIELD_USED, read_port_number, AT(port), NULL,
	 "where the container listens"},
	{"hostIP", FIELD_USED, read_text, AT(host_ip), NULL,
	 "its host port is bound there alone; default: up --bind"},
	{"hostPort", FIELD_USED, read_port_number, AT(host_port), NULL,
	 "published on the developer's machine"},
	{"name", FIELD_USED, read_text, AT(name), NULL, "Services and probes may refer to it"},
	{"protocol", FIELD_USED, read_choice, AT(protocol), NULL, "default TCP",
	 .choices = "TCP|UDP"},
};
#undef AT
static const struct field_set ports_fields = {"container port", ports_list, ARRAY_SIZE(ports_list)};

static void check_port_name(struct loader *loader, const struct yaml_node *node,
			    const struct container_spec *container, const char *name)
{
	if (!port_name_is_valid(name))
		loader_error(loader, node, "a-z, 0-9 and '-', a letter, at most 15 characters",
			     "'%.80s' is not a valid name of a port", name);
	for (size_t i = 0; i + 1 < container->port_count; i++) {
		const char *other = container->ports[i].name;
		if (other != NULL && strcmp(other, name) == 0)
			loader_error_as(loader, PROBLEM_DUPLICATE, node, "rename one of them",
					"two ports of the container are called '%.80s'", name);
	}
}

static void read_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct container_port *port = ARRAY_APPEND(container->ports, container->port_count);
		port->mark = loader_mark_of(loader, item, "containerPort");
		if (item->kind == YAML_SCALAR) {
			AUTO_FREE char *hint = xasprintf("- containerPort: %.20s", item->text);
			loader_error_as(loader, PROBLEM_WRONG_TYPE, item, hint,
					"ports: a map is wanted here, not %s", yaml_describe(item));
			continue;
		}
		loader_read_map(loader, item, &ports_fields, port);
		if (port->port == 0)
			loader_missing(loader, item, "containerPort", "containerPort: 8080");
		if (port->name != NULL && port->name[0] != '\0')
			check_port_name(loader, yaml_get(item, "name"), container, port->name);
	}
}

void read_field_version(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (!yaml_is_text(node, "v1") && !yaml_is_text(node, ""))
		loader_error(loader, node, "apiVersion: v1",
			     "apiVersion: '%.60s' is not known here",
			     node->text ? node->text : yaml_describe(node));
}

void check_divisor(struct loader *loader, const struct yaml_node *node, const char *resource,
		   const char *divisor)
{
	if (divisor != NULL && !divisor_is_valid(resource ? resource : "", divisor))
		loader_error(loader, yaml_get(node, "divisor"),
			     "1m or 1 of processors; 1, 1k, 1Mi … of bytes",
			     "divisor: '%.40s' is not one", divisor);
}

#define AT(member) offsetof(struct env_var, member)
static const struct field key_ref_list[] = {{"key", FIELD_USED, read_text, AT(ref_key), NULL, NULL},
					    {"name", FIELD_USED, read_text, AT(ref_name), NULL,
					     "of a ConfigMap or Secret in the manifests"},
					    {"optional", FIELD_USED, read_bool, AT(is_optional),
					     NULL,
					     "true: without the key, the variable is left out"}};
static const struct field_set key_ref_fields = {"key reference", key_ref_list,
						ARRAY_SIZE(key_ref_list)};
static const struct field field_ref_list[] = {
	{"apiVersion", FIELD_USED, read_field_version, 0, NULL, NULL, .takes = "v1"},
	{"fieldPath", FIELD_USED, read_text, AT(ref_name), NULL,
	 "metadata.name, .namespace, .uid, .labels['KEY'], .annotations['KEY']; spec.nodeName; "
	 "status.podIP, .hostIP"}};
static const struct field_set field_ref_fields = {"fieldRef", field_ref_list,
						  ARRAY_SIZE(field_ref_list)};
static const struct field resource_ref_list[] = {
	{"containerName", FIELD_USED, read_text, AT(container), NULL, "default: this container"},
	{"divisor", FIELD_USED, read_scalar, AT(ref_key), NULL, "default 1"},
	{"resource", FIELD_USED, read_text, AT(ref_name), NULL, "limits.memory, requests.cpu …"}};
static const struct field_set resource_ref_fields = {"resourceFieldRef", resource_ref_list,
						     ARRAY_SIZE(resource_ref_list)};
#undef AT

static void read_key_ref(struct loader *loader, const struct yaml_node *node, struct env_var *env,
			 enum env_kind source)
{
	env->source = source;
	env->name_mark = loader_mark_of(loader, node, "name");
	env->key_mark = loader_mark_of(loader, node, "key");
	loader_read_map(loader, node, &key_ref_fields, env);
	if (node->kind != YAML_MAP)
		return;
	bool is_secret = source == ENV_SECRET;
	loader_wants_text(loader, node, "name",
			  is_secret ? "name: of a Secret" : "name: of a ConfigMap");
	loader_wants_text(loader, node, "key", "key: which of its keys");
}

static void read_config_map_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_key_ref(loader, node, target, ENV_CONFIG_MAP);
}

static void read_secret_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_key_ref(loader, node, target, ENV_SECRET);
}

static void read_field_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct env_var *env = target;
	env->source = ENV_FIELD;
	loader_read_map(loader, node, &field_ref_fields, env);
	if (env->ref_name == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "fieldPath", "fieldPath: metadata.name");
	else if (env->ref_name != NULL && !field_path_is_known(env->ref_name))
		loader_error(loader, yaml_get(node, "fieldPath"),
			     "metadata.name, status.podIP, metadata.labels['app'] …",
			     "fieldPath: '%.80s' is not known", env->ref_name);
}

static void read_resource_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct env_var *env = target;
	env->source = ENV_RESOURCE;
	env->name_mark = loader_mark_of(loader, node, "resource");
	env->key_mark = loader_mark_of(loader, node, "containerName");
	loader_read_map(loader, node, &resource_ref_fields, env);
	if (env->ref_name == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "resource", "resource: limits.memory");
	check_divisor(loader, node, env->ref_name, env->ref_key);
}

static const struct field value_from_list[] = {
	{"configMapKeyRef", FIELD_USED, read_config_map_ref, 0, &key_ref_fields, NULL},
	{"fieldRef", FIELD_USED, read_field_ref, 0, &field_ref_fields, NULL},
	{"resourceFieldRef", FIELD_USED, read_resource_ref, 0, &resource_ref_fields, NULL},
	{"secretKeyRef", FIELD_USED, read_secret_ref, 0, &key_ref_fields, NULL}};
static const struct field_set value_from_fields = {"valueFrom", value_from_list,
						   ARRAY_SIZE(value_from_list)};

static void read_value_from(struct loader *loader, const struct yaml_node *node, void *target)
{
	size_t count = 0;
	loader_read_map(loader, node, &value_from_fields, target);
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++)
		count += yaml_is_null(node->pairs[i].value) ? 0 : 1;
	if (count == 0)
		loader_error(loader, node,
			     "configMapKeyRef, secretKeyRef, fieldRef or resourceFieldRef",
			     "valueFrom does not say where the value comes from");
	if (count > 1)
		loader_error(loader, node, "keep one of them", "valueFrom names two sources");
}

static const struct field env_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct env_var, name), NULL, NULL},
	{"value", FIELD_USED, read_text, offsetof(struct env_var, value), NULL,
	 "$(NAME) is expanded"},
	{"valueFrom", FIELD_USED, read_value_from, 0, &value_from_fields, NULL}};
const struct field_set env_fields = {"env variable", env_list, ARRAY_SIZE(env_list)};

void read_env(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct env_var *env = ARRAY_APPEND(container->env, container->env_count);
		env->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &env_fields, env);
		loader_wants_text(loader, node->items[i], "name", "- name: KEY");
		if (env->name == NULL)
			env->name = xstrdup("");
		if (env->source != ENV_VALUE && env->value != NULL)
			loader_error(loader, node->items[i], "keep one of them",
				     "'%.80s' has both value and valueFrom", env->name);
		if (env->source == ENV_VALUE && env->value == NULL)
			env->value = xstrdup("");
	}
}

static const struct field source_ref_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct env_from, ref_name), NULL, NULL},
	{"optional", FIELD_USED, read_bool, offsetof(struct env_from, is_optional), NULL, NULL}};
static const struct field_set source_ref_fields = {"reference", source_ref_list,
						   ARRAY_SIZE(source_ref_list)};

static void read_source_ref(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct env_from *from = target;
	from->mark = loader_mark_of(loader, node, "name");
	loader_read_map(loader, node, &source_ref_fields, from);
}

static void read_from_secret(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct env_from *)target)->is_secret = true;
	read_source_ref(loader, node, target);
}

static const struct field env_from_list[] = {
	{"configMapRef", FIELD_USED, read_source_ref, 0, &source_ref_fields, NULL},
	{"prefix", FIELD_USED, read_text, offsetof(struct env_from, prefix), NULL, NULL},
	{"secretRef", FIELD_USED, read_from_secret, 0, &source_ref_fields, NULL}};
static const struct field_set env_from_fields = {"envFrom", env_from_list,
						 ARRAY_SIZE(env_from_list)};

static void read_env_from(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct env_from *from =
			ARRAY_APPEND(container->env_from, container->env_from_count);
		from->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &env_from_fields, from);
		if (from->ref_name == NULL) {
			loader_error(loader, node->items[i], "configMapRef: {name: …}",
				     "envFrom: neither configMapRef nor secretRef");
			from->ref_name = xstrdup("");
		}
	}
}

#define AT(member) offsetof(struct volume_mount, member)
static const struct field mounts_list[] = {
	{"mountPath", FIELD_USED, read_text, AT(mount_path), NULL,
	 "absolute; where in the container"},
	{"mountPropagation", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has its own kernel"},
	{"name", FIELD_USED, read_text, AT(volume), NULL, NULL},
	{"readOnly", FIELD_USED, read_bool, AT(is_read_only), NULL, NULL},
	{"recursiveReadOnly", FIELD_NO_EFFECT, NULL, 0, NULL, "readOnly covers what lies below"},
	{"subPath", FIELD_USED, read_text, AT(sub_path), NULL, "below the volume's root; no .."},
	{"subPathExpr", FIELD_USED, read_text, AT(sub_path_expr), NULL, "with $(VAR)"}};
#undef AT
static const struct field_set mounts_fields = {"volumeMount", mounts_list, ARRAY_SIZE(mounts_list),
					       .type = "VolumeMount"};

static void read_mounts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume_mount *mount =
			ARRAY_APPEND(container->mounts, container->mount_count);
		mount->mark = loader_mark_of(loader, node->items[i], "name");
		mount->path_mark = loader_mark_of(loader, node->items[i], "mountPath");
		loader_read_map(loader, node->items[i], &mounts_fields, mount);
		loader_wants_text(loader, node->items[i], "name", "the name of a volume");
		if (mount->volume == NULL)
			mount->volume = xstrdup("");
		if (mount->mount_path == NULL) {
			loader_missing(loader, node->items[i], "mountPath", "mountPath: /data");
			mount->mount_path = xstrdup("/");
		}
	}
}

struct resource_amounts {
	uint64_t cpu_millis;
	uint64_t memory_bytes;
	uint64_t ephemeral_bytes;
};

#define AT(member) offsetof(struct resource_amounts, member)
static const char no_devices[] = "VMs get no devices of the host; remove the line";

static const struct field amounts_list[] = {
	{"cpu", FIELD_USED, read_millis, AT(cpu_millis), NULL,
	 "vCPUs of the VM, cgroup limit in it"},
	{"ephemeral-storage", FIELD_USED, read_bytes, AT(ephemeral_bytes), NULL,
	 "the disk that containers write to, 10Gi without; a limit of 0 keeps that in memory"},
	{"amd.com/gpu", FIELD_REFUSED, NULL, 0, NULL, no_devices},
	{"hugepages-1Gi", FIELD_NO_EFFECT, NULL, 0, NULL, "the VM has none"},
	{"hugepages-2Mi", FIELD_NO_EFFECT, NULL, 0, NULL, "the VM has none"},
	{"nvidia.com/gpu", FIELD_REFUSED, NULL, 0, NULL, no_devices},
	{"memory", FIELD_USED, read_bytes, AT(memory_bytes), NULL,
	 "memory of the VM, cgroup limit in it"}};
#undef AT
static const struct field_set amounts_fields = {"resource list", amounts_list,
						ARRAY_SIZE(amounts_list), NULL, no_devices};

static void read_amounts(struct loader *loader, const struct yaml_node *node,
			 struct resource_amounts *amounts)
{
	loader_read_map(loader, node, &amounts_fields, amounts);
}

static void read_limits(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct resources *resources = target;
	struct resource_amounts amounts = {0};
	read_amounts(loader, node, &amounts);
	resources->cpu_limit_millis = amounts.cpu_millis;
	resources->memory_limit_bytes = amounts.memory_bytes;
	resources->ephemeral_limit_bytes = amounts.ephemeral_bytes;
	resources->has_ephemeral_limit = !yaml_is_null(yaml_get(node, "ephemeral-storage"));
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

static const struct field resources_list[] = {
	{"claims", FIELD_REFUSED, NULL, 0, NULL, "devices cannot be claimed; take it out"},
	{"limits", FIELD_USED, read_limits, 0, &amounts_fields,
	 "of the container, and of the VM for the sum"},
	{"requests", FIELD_USED, read_requests, 0, &amounts_fields,
	 "size the VM where no limit does"}};
static const struct field_set resources_fields = {"resources", resources_list,
						  ARRAY_SIZE(resources_list)};

static void check_amount(struct loader *loader, const struct yaml_node *node, const char *what,
			 uint64_t request, uint64_t limit)
{
	const struct yaml_node *asked = yaml_get(yaml_get(node, "requests"), what);
	const struct yaml_node *bound = yaml_get(yaml_get(node, "limits"), what);
	if (!yaml_is_null(bound) && bound->kind == YAML_SCALAR && request > limit && asked != NULL)
		loader_error(loader, asked, "raise the limit or lower the request",
			     "%s: %.40s is requested, more than the limit of %.40s", what,
			     asked->text, bound->text);
}

/* 512Mi of processors is a memory size on the wrong line. */
static void check_size(struct loader *loader, const struct yaml_node *node, const char *what,
		       uint64_t most, const char *hint, uint64_t request, uint64_t limit)
{
	const struct yaml_node *asked = yaml_get(yaml_get(node, "requests"), what);
	const struct yaml_node *bound = yaml_get(yaml_get(node, "limits"), what);
	if (request > most)
		loader_error(loader, asked, hint, "%s: no machine has %.40s", what, asked->text);
	if (limit > most)
		loader_error(loader, bound, hint, "%s: no machine has %.40s", what, bound->text);
}

static void read_resources(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum { LEAST_MEMORY = 4 << 20, MOST_PROCESSORS = 4096 };
	static const uint64_t most_memory = (uint64_t)64 << 40;
	const struct resources *resources = target;

	loader_read_map(loader, node, &resources_fields, target);
	check_amount(loader, node, "cpu", resources->cpu_request_millis,
		     resources->cpu_limit_millis);
	check_amount(loader, node, "memory", resources->memory_request_bytes,
		     resources->memory_limit_bytes);
	check_amount(loader, node, "ephemeral-storage", resources->ephemeral_request_bytes,
		     resources->ephemeral_limit_bytes);
	if (resources->memory_limit_bytes > 0 && resources->memory_limit_bytes < LEAST_MEMORY)
		loader_error(loader, yaml_get(yaml_get(node, "limits"), "memory"), "as in 64Mi",
			     "memory: a limit of %llu bytes lets nothing run",
			     (unsigned long long)resources->memory_limit_bytes);
	check_size(loader, node, "cpu", (uint64_t)MOST_PROCESSORS * 1000, "as in 500m or 2",
		   resources->cpu_request_millis, resources->cpu_limit_millis);
	check_size(loader, node, "memory", most_memory, "as in 512Mi",
		   resources->memory_request_bytes, resources->memory_limit_bytes);
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

static void read_container_restart(struct loader *loader, const struct yaml_node *node,
				   void *target)
{
	if (node->kind == YAML_SCALAR && strcmp(node->text, "Always") == 0)
		((struct container_spec *)target)->is_sidecar = true;
	else
		loader_error(loader, node,
			     "of all containers of the pod: write it beside containers",
			     "restartPolicy: of one container it is Always or absent");
}

static const struct field lifecycle_list[] = {
	{"postStart", FIELD_USED, read_hook, offsetof(struct container_spec, post_start),
	 &hook_fields, NULL},
	{"preStop", FIELD_USED, read_hook, offsetof(struct container_spec, pre_stop), &hook_fields,
	 NULL},
	{"stopSignal", FIELD_REFUSED, NULL, 0, NULL,
	 "the image's STOPSIGNAL is sent; a preStop hook may send another"}};
static const struct field_set lifecycle_fields = {"lifecycle", lifecycle_list,
						  ARRAY_SIZE(lifecycle_list)};

static void read_lifecycle(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &lifecycle_fields, target);
}

#define AT(member) offsetof(struct container_spec, member)
static const struct field container_field_list[] = {
	{"args", FIELD_USED, read_args, 0, NULL, "replaces the image's CMD",
	 .takes = "list of texts"},
	{"command", FIELD_USED, read_command, 0, NULL, "replaces the image's ENTRYPOINT and CMD",
	 .takes = "list of texts"},
	{"env", FIELD_USED, read_env, 0, &env_fields, "configuration: never in the image",
	 .is_list = true},
	{"envFrom", FIELD_USED, read_env_from, 0, &env_from_fields,
	 "configuration: never in the image", .is_list = true},
	{"image", FIELD_USED, read_text, AT(image), NULL,
	 "registry name, oci:DIR, oci-archive:, docker-archive: or docker-daemon:"},
	{"imagePullPolicy", FIELD_USED, read_choice, AT(pull_policy), NULL,
	 "default IfNotPresent, also for :latest: up --pull asks again",
	 "not asked: the image is in the disk", .choices = "IfNotPresent|Always|Never"},
	{"lifecycle", FIELD_USED, read_lifecycle, 0, &lifecycle_fields,
	 "hooks after the start and before the stop"},
	{"livenessProbe", FIELD_USED, read_probe, AT(liveness), &probe_fields,
	 "restarts the container"},
	{"name", FIELD_USED, read_name, AT(name), NULL, NULL},
	{"ports", FIELD_USED, read_ports, 0, &ports_fields,
	 "named ports; a Service or hostPort publishes them", .is_list = true},
	{"readinessProbe", FIELD_USED, read_probe, AT(readiness), &probe_fields,
	 "takes the pod in and out of its ports"},
	{"resizePolicy", FIELD_NO_EFFECT, NULL, 0, NULL, "limits change with the next image"},
	{"resources", FIELD_USED, read_resources, AT(resources), &resources_fields,
	 "size of the VM and limits of the container"},
	{"restartPolicy", FIELD_USED, read_container_restart, 0, NULL, "Always: a sidecar",
	 .takes = "Always"},
	{"securityContext", FIELD_USED, read_security, AT(security), &security_fields, NULL},
	{"startupProbe", FIELD_USED, read_probe, AT(startup), &probe_fields,
	 "holds the others back"},
	{"stdin", FIELD_USED, read_bool, AT(has_stdin), NULL,
	 "kept open: reading waits; without it reading ends at once"},
	{"stdinOnce", FIELD_NO_EFFECT, read_bool, AT(stdin_once), NULL,
	 "nobody attaches to a container's input"},
	{"terminationMessagePath", FIELD_USED, read_text, AT(termination_message_path), NULL,
	 "its end is shown by i2kit why"},
	{"terminationMessagePolicy", FIELD_NO_EFFECT, read_choice, 0, NULL,
	 "the last log lines are kept anyway", .choices = "File|FallbackToLogsOnError"},
	{"tty", FIELD_USED, read_bool, AT(has_tty), NULL, "a terminal for attach and exec"},
	{"volumeDevices", FIELD_REFUSED, NULL, 0, NULL,
	 "use volumeMounts: block devices are not passed on"},
	{"volumeMounts", FIELD_USED, read_mounts, 0, &mounts_fields, NULL, .is_list = true},
	{"workingDir", FIELD_USED, read_text, AT(working_dir), NULL, "default: the image's"},
};
#undef AT
const struct field_set container_fields = {"container", container_field_list,
					   ARRAY_SIZE(container_field_list), .type = "Container"};

/* What runs to its end before the others start is asked nothing and stopped by nobody. */
static void refuse_of_init(struct loader *loader, const struct yaml_node *node)
{
	static const char *const names[] = {"lifecycle", "livenessProbe", "readinessProbe",
					    "startupProbe"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct yaml_node *value = yaml_get(node, names[i]);
		if (!yaml_is_null(value))
			loader_error(loader, value, "restartPolicy: Always makes it a sidecar",
				     "an init container that ends has no %s", names[i]);
	}
}

void read_containers(struct loader *loader, const struct yaml_node *node,
		     struct container_spec **array, size_t *count, bool is_init)
{
	for (size_t i = 0; i < node->item_count; i++) {
		struct container_spec *container = ARRAY_APPEND(*array, *count);
		container->mark = loader_mark(loader, node->items[i]);
		container->image_mark = loader_mark_of(loader, node->items[i], "image");
		loader_read_map(loader, node->items[i], &container_fields, container);
		if (container->is_sidecar && !is_init)
			loader_error(loader, node->items[i], "move it to initContainers",
				     "only init containers take a restartPolicy of their own");
		loader_wants_text(loader, node->items[i], "name", "name: web");
		if (container->name == NULL) {
			container->name = xasprintf("container-%zu", i);
		}
		loader_wants_text(loader, node->items[i], "image", "image: nginx:1.25");
		if (container->image == NULL)
			container->image = xstrdup("");
		if (is_init && !container->is_sidecar)
			refuse_of_init(loader, node->items[i]);
	}
}
