/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/loader.h"

static void read_main(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	read_containers(loader, node, &pod->containers, &pod->container_count, false);
}

static void read_init(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	read_containers(loader, node, &pod->init_containers, &pod->init_container_count, true);
}

static void read_pod_volumes(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	read_volumes(loader, node, &pod->volumes, &pod->volume_count);
}

static void read_restart(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const names[] = {"Always", "OnFailure", "Never"};
	for (size_t i = 0; node->kind == YAML_SCALAR && i < ARRAY_SIZE(names); i++) {
		if (strcmp(node->text, names[i]) == 0) {
			*(enum restart_policy *)target = (enum restart_policy)i;
			return;
		}
	}
	loader_error(loader, node, NULL, "restartPolicy is Always, OnFailure or Never");
}

static void read_aliases(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	static const struct field fields[] = {
		{"hostnames", FIELD_USED, read_text_list, offsetof(struct host_alias, names), NULL,
		 NULL},
		{"ip", FIELD_USED, read_text, offsetof(struct host_alias, ip), NULL, NULL}};
	static const struct field_set set = {"hostAlias", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct host_alias *alias = ARRAY_APPEND(pod->host_aliases, pod->host_alias_count);
		loader_read_map(loader, node->items[i], &set, alias);
		if (alias->ip == NULL) {
			loader_error(loader, node->items[i], NULL, "a hostAlias needs an ip");
			alias->ip = xstrdup("");
		}
	}
}

static void read_dns_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	static const struct field fields[] = {
		{"name", FIELD_USED, read_text, offsetof(struct key_value, key), NULL, NULL},
		{"value", FIELD_USED, read_text, offsetof(struct key_value, value), NULL, NULL}};
	static const struct field_set set = {"dns option", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct key_value pair = {0};
		loader_read_map(loader, node->items[i], &set, &pair);
		AUTO_FREE char *key = pair.key;
		AUTO_FREE char *value = pair.value;
		string_list_addf(&pod->dns_options, "%s%s%s", key ? key : "", value ? ":" : "",
				 value ? value : "");
	}
}

static void read_dns_config(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"nameservers", FIELD_USED, read_text_list, offsetof(struct pod_spec, dns_servers),
		 NULL, NULL},
		{"options", FIELD_USED, read_dns_options, 0, NULL, NULL},
		{"searches", FIELD_USED, read_text_list, offsetof(struct pod_spec, dns_searches),
		 NULL, NULL}};
	static const struct field_set set = {"dnsConfig", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

static const char no_cluster[] = "there are no nodes to choose from";

#define AT(member) offsetof(struct pod_spec, member)
static const struct field pod_field_list[] = {
	{"activeDeadlineSeconds", FIELD_USED, read_u64, AT(active_deadline_s), NULL, NULL},
	{"affinity", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"automountServiceAccountToken", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"containers", FIELD_USED, read_main, 0, &container_fields, NULL},
	{"dnsConfig", FIELD_USED, read_dns_config, 0, NULL, NULL},
	{"dnsPolicy", FIELD_USED, read_text, AT(dns_policy), NULL, NULL},
	{"enableServiceLinks", FIELD_NO_EFFECT, NULL, 0, NULL, "service variables are always set"},
	{"ephemeralContainers", FIELD_REFUSED, NULL, 0, NULL, "use i2kit exec"},
	{"hostAliases", FIELD_USED, read_aliases, 0, NULL, NULL},
	{"hostIPC", FIELD_REFUSED, NULL, 0, NULL, "a pod is a VM: it shares nothing with the host"},
	{"hostNetwork", FIELD_REFUSED, NULL, 0, NULL, "publish ports instead"},
	{"hostPID", FIELD_REFUSED, NULL, 0, NULL, "a pod is a VM: it shares nothing with the host"},
	{"hostUsers", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"hostname", FIELD_USED, read_name, AT(hostname), NULL, NULL},
	{"imagePullSecrets", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "credentials come from ~/.docker/config.json"},
	{"initContainers", FIELD_USED, read_init, 0, &container_fields,
	 "in order, before the others"},
	{"nodeName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"nodeSelector", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"os", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"overhead", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"preemptionPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"priority", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"priorityClassName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"readinessGates", FIELD_REFUSED, NULL, 0, NULL, "use readinessProbe"},
	{"resourceClaims", FIELD_REFUSED, NULL, 0, NULL, "devices cannot be claimed"},
	{"restartPolicy", FIELD_USED, read_restart, AT(restart_policy), NULL, NULL},
	{"runtimeClassName", FIELD_NO_EFFECT, NULL, 0, NULL, "every pod is a VM"},
	{"schedulerName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"schedulingGates", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"securityContext", FIELD_USED, read_pod_security, 0, NULL, NULL},
	{"serviceAccount", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"serviceAccountName", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"setHostnameAsFQDN", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"shareProcessNamespace", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "containers see their own processes"},
	{"subdomain", FIELD_USED, read_name, AT(subdomain), NULL, NULL},
	{"terminationGracePeriodSeconds", FIELD_USED, read_u32, AT(termination_grace_s), NULL,
	 NULL},
	{"tolerations", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"topologySpreadConstraints", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"volumes", FIELD_USED, read_pod_volumes, 0, NULL, NULL},
};
#undef AT
const struct field_set pod_fields = {"pod spec", pod_field_list, ARRAY_SIZE(pod_field_list)};

void pod_spec_init(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node)
{
	pod->replicas = 1;
	pod->termination_grace_s = 30;
	pod->job_backoff_limit = 6;
	pod->max_surge = 1;
	pod->mark = loader_mark(loader, node);
}

static const struct container_port *find_port(const struct pod_spec *pod,
					      const struct container_spec *own, const char *name)
{
	for (size_t i = 0; i < own->port_count; i++) {
		if (own->ports[i].name != NULL && strcmp(own->ports[i].name, name) == 0)
			return &own->ports[i];
	}
	for (size_t c = 0; c < pod->container_count; c++) {
		const struct container_spec *container = &pod->containers[c];
		for (size_t i = 0; i < container->port_count; i++) {
			if (container->ports[i].name != NULL &&
			    strcmp(container->ports[i].name, name) == 0)
				return &container->ports[i];
		}
	}
	return NULL;
}

static void resolve_port(struct loader *loader, const struct pod_spec *pod,
			 const struct container_spec *container, const char *name, uint16_t *port)
{
	if (name == NULL || *port != 0)
		return;
	const struct container_port *found = find_port(pod, container, name);
	if (found != NULL)
		*port = found->port;
	else
		loader_error_at(loader, &container->mark, NULL,
				"container '%s' has no port named '%s' (a probe or hook wants it)",
				container->name, name);
}

static void merge_security(const struct security_context *defaults, struct security_context *own)
{
	if (!own->has_user && defaults->has_user) {
		own->has_user = true;
		own->run_as_user = defaults->run_as_user;
	}
	if (!own->has_group && defaults->has_group) {
		own->has_group = true;
		own->run_as_group = defaults->run_as_group;
	}
	if (own->run_as_non_root == TRI_UNSET)
		own->run_as_non_root = defaults->run_as_non_root;
	if (own->seccomp == SECCOMP_DEFAULT)
		own->seccomp = defaults->seccomp;
}

static void complete_container(struct loader *loader, struct pod_spec *pod,
			       struct container_spec *container)
{
	struct probe *probes[] = {&container->startup, &container->readiness, &container->liveness};
	struct lifecycle_hook *hooks[] = {&container->post_start, &container->pre_stop};

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		resolve_port(loader, pod, container, probes[i]->port_name, &probes[i]->port);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		resolve_port(loader, pod, container, hooks[i]->port_name, &hooks[i]->port);
	merge_security(&pod->defaults, &container->security);
}

void pod_complete(struct loader *loader, struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->init_container_count; i++)
		complete_container(loader, pod, &pod->init_containers[i]);
	for (size_t i = 0; i < pod->container_count; i++)
		complete_container(loader, pod, &pod->containers[i]);
	if (pod->container_count == 0)
		loader_error_at(loader, &pod->mark, NULL, "pod '%s' has no containers",
				pod->name ? pod->name : "");
	if (pod->namespace_name == NULL)
		pod->namespace_name = xstrdup("default");
}
