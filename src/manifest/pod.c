/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/container.h"
#include "manifest/loader.h"
#include "manifest/metadata_access.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/security.h"
#include "manifest/volume.h"
#include "manifest/yaml_node.h"

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

/* Host names and search domains become lines of files that others read. */
static bool domain_is_valid(const char *name, bool is_search)
{
	size_t length = strlen(name);
	if (is_search && strcmp(name, ".") == 0)
		return true;
	AUTO_FREE char *copy = xstrdup(name);
	if (is_search && length > 0 && copy[length - 1] == '.')
		copy[length - 1] = '\0';
	/* Names of services have underscores: _http._tcp. */
	for (char *at = copy; is_search && *at != '\0'; at++)
		*at = *at == '_' ? 'a' : *at;
	return name_is_subdomain(copy);
}

static void read_domains(struct loader *loader, const struct yaml_node *node, void *target,
			 bool is_search)
{
	read_text_list(loader, node, target);
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		if (item->kind == YAML_SCALAR && !domain_is_valid(item->text, is_search))
			loader_error(loader, item, "a-z, 0-9, '-' and dots between (RFC 1123)",
				     "%s: '%.80s' is not a valid name", loader->current->name,
				     item->text);
	}
}

static void read_host_names(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_domains(loader, node, target, false);
}

static void read_searches(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_domains(loader, node, target, true);
}

static const struct field aliases_list[] = {
	{"hostnames", FIELD_USED, read_host_names, offsetof(struct host_alias, names), NULL, NULL,
	 .is_list = true, .takes = "list of texts"},
	{"ip", FIELD_USED, read_text, offsetof(struct host_alias, ip), NULL, NULL}};
static const struct field_set aliases_fields = {"hostAlias", aliases_list,
						ARRAY_SIZE(aliases_list)};

static bool is_address(const char *text)
{
	unsigned char raw[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static void read_aliases(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct host_alias *alias = ARRAY_APPEND(pod->host_aliases, pod->host_alias_count);
		loader_read_map(loader, node->items[i], &aliases_fields, alias);
		if (alias->ip == NULL) {
			loader_missing(loader, node->items[i], "ip", "ip: 10.0.0.1");
			alias->ip = xstrdup("");
		} else if (!is_address(alias->ip)) {
			loader_error(loader, yaml_get(node->items[i], "ip"), "as in 10.0.0.1",
				     "ip: '%.80s' is not an IP address", alias->ip);
		}
	}
}

static const struct field dns_options_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct key_value, key), NULL, NULL},
	{"value", FIELD_USED, read_text, offsetof(struct key_value, value), NULL, NULL}};
static const struct field_set dns_options_fields = {"dns option", dns_options_list,
						    ARRAY_SIZE(dns_options_list)};

static void read_dns_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct key_value pair = {0};
		loader_read_map(loader, node->items[i], &dns_options_fields, &pair);
		loader_wants_text(loader, node->items[i], "name", "name: ndots");
		AUTO_FREE char *key = pair.key;
		AUTO_FREE char *value = pair.value;
		string_list_addf(&pod->dns_options, "%s%s%s", key ? key : "", value ? ":" : "",
				 value ? value : "");
	}
}

static void read_nameservers(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, target);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		if (item->kind == YAML_SCALAR && !is_address(item->text))
			loader_error(loader, item, "as in 10.0.0.53",
				     "nameservers: '%.80s' is not an IP address", item->text);
	}
}

static const struct field dns_config_list[] = {
	{"nameservers", FIELD_USED, read_nameservers, offsetof(struct pod_spec, dns_servers), NULL,
	 NULL, .is_list = true},
	{"options", FIELD_USED, read_dns_options, 0, &dns_options_fields, NULL, .is_list = true},
	{"searches", FIELD_USED, read_searches, offsetof(struct pod_spec, dns_searches), NULL, NULL,
	 .is_list = true, .takes = "list of texts"}};
static const struct field_set dns_config_fields = {"dnsConfig", dns_config_list,
						   ARRAY_SIZE(dns_config_list)};

static void read_dns_config(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &dns_config_fields, target);
}

static void read_dns_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned choice = 0;
	read_choice(loader, node, &choice);
	read_text(loader, node, target);
}

static void read_restart(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	pod->restart_mark = loader_mark(loader, node);
	read_choice(loader, node, &pod->restart_policy);
}

void read_active_deadline(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint64_t *seconds = target;
	read_u64(loader, node, seconds);
	if (node->kind == YAML_SCALAR && node->type == YAML_INTEGER && node->integer == 0)
		loader_error(loader, node, "leave it out for no deadline",
			     "activeDeadlineSeconds: 0 would end the pod before it begins");
	else if (*seconds > INT32_MAX)
		loader_error(loader, node, "leave it out for no deadline",
			     "activeDeadlineSeconds: at most %d", INT32_MAX);
}

static const char no_cluster[] = "there are no nodes to choose from";

#define AT(member) offsetof(struct pod_spec, member)
static const struct field pod_field_list[] = {
	{"activeDeadlineSeconds", FIELD_USED, read_active_deadline, AT(active_deadline_s), NULL,
	 "the pod is stopped and failed after that long", .takes = "number"},
	{"affinity", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"automountServiceAccountToken", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"containers", FIELD_USED, read_main, 0, &container_fields, NULL, .is_list = true},
	{"dnsConfig", FIELD_USED, read_dns_config, 0, &dns_config_fields, NULL},
	{"dnsPolicy", FIELD_USED, read_dns_policy, AT(dns_policy), NULL,
	 "None: only what dnsConfig says",
	 .choices = "ClusterFirst|Default|None|ClusterFirstWithHostNet"},
	{"enableServiceLinks", FIELD_NO_EFFECT, NULL, 0, NULL, "service variables are always set"},
	{"ephemeralContainers", FIELD_REFUSED, NULL, 0, NULL, "use i2kit exec"},
	{"hostAliases", FIELD_USED, read_aliases, 0, &aliases_fields, NULL, .is_list = true},
	{"hostIPC", FIELD_REFUSED, NULL, 0, NULL, "a pod is a VM: it shares nothing with the host"},
	{"hostNetwork", FIELD_REFUSED, NULL, 0, NULL, "publish ports instead"},
	{"hostPID", FIELD_REFUSED, NULL, 0, NULL, "a pod is a VM: it shares nothing with the host"},
	{"hostUsers", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"hostname", FIELD_USED, read_name, AT(hostname), NULL,
	 "default: the instance's name, web-0"},
	{"imagePullSecrets", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "credentials come from ~/.docker/config.json"},
	{"initContainers", FIELD_USED, read_init, 0, &container_fields,
	 "in order, before the others", .is_list = true},
	{"nodeName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"nodeSelector", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"os", FIELD_NO_EFFECT, NULL, 0, NULL, "pods are Linux"},
	{"overhead", FIELD_NO_EFFECT, NULL, 0, NULL, "what the VM itself needs is added anyway"},
	{"preemptionPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"priority", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"priorityClassName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"readinessGates", FIELD_REFUSED, NULL, 0, NULL, "use readinessProbe"},
	{"resourceClaims", FIELD_REFUSED, NULL, 0, NULL, "devices cannot be claimed"},
	{"restartPolicy", FIELD_USED, read_restart, 0, NULL,
	 "of all containers; with back-off up to 5 minutes", .choices = "Always|OnFailure|Never"},
	{"runtimeClassName", FIELD_NO_EFFECT, NULL, 0, NULL, "every pod is a VM"},
	{"schedulerName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"schedulingGates", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"securityContext", FIELD_USED, read_pod_security, 0, &pod_security_fields, NULL},
	{"serviceAccount", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"serviceAccountName", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"setHostnameAsFQDN", FIELD_NO_EFFECT, NULL, 0, NULL, "the host name stays the short one"},
	{"shareProcessNamespace", FIELD_USED, read_bool, AT(shares_processes), NULL,
	 "containers see and signal each other's processes; process 1 is none of theirs"},
	{"subdomain", FIELD_USED, read_name, AT(subdomain), NULL,
	 "HOSTNAME.SUBDOMAIN resolves too"},
	{"terminationGracePeriodSeconds", FIELD_USED, read_u32, AT(termination_grace_s), NULL,
	 NULL},
	{"tolerations", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"topologySpreadConstraints", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"volumes", FIELD_USED, read_pod_volumes, 0, &volume_fields, NULL, .is_list = true},
};
#undef AT
const struct field_set pod_fields = {"pod spec", pod_field_list, ARRAY_SIZE(pod_field_list),
				     .type = "PodSpec"};

void pod_spec_init(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node)
{
	pod->replicas = 1;
	pod->max_unavailable = 0;
	pod->termination_grace_s = 30;
	pod->job.backoff_limit = JOB_BACKOFF_LIMIT;
	pod->max_surge = 1;
	pod->mark = loader_mark(loader, node);
	pod->replicas_mark = pod->mark;
	pod->restart_mark = pod->mark;
	pod->service_name_mark = pod->mark;
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
			 const struct container_spec *container, const char *name,
			 const struct source_mark *mark, uint16_t *port)
{
	if (name == NULL || *port != 0)
		return;
	const struct container_port *found = find_port(pod, container, name);
	if (found != NULL) {
		*port = found->port;
		return;
	}
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < container->port_count; i++) {
		if (container->ports[i].name != NULL)
			string_list_add(&known, container->ports[i].name);
	}
	AUTO_FREE char *list = string_list_join(&known, ", ");
	AUTO_FREE char *hint =
		known.count > 0 ? xasprintf("its ports are called %.200s", list)
				: xasprintf("ports: [{name: %.40s, containerPort: 8080}], or "
					    "the number instead of the name",
					    name);
	loader_error_at(loader, mark, hint, "container '%s' has no port named '%s'",
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
	struct probe *probes[] = {&container->startup, &container->readiness, &container->liveness,
				  &container->post_start, &container->pre_stop};

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		resolve_port(loader, pod, container, probes[i]->port_name, &probes[i]->port_mark,
			     &probes[i]->check.port);
	merge_security(&pod->defaults, &container->security);
}

/* "None" takes the cluster's servers away, so there must be others. */
static void check_dns(struct loader *loader, const struct pod_spec *pod)
{
	bool is_none = pod->dns_policy != NULL && strcmp(pod->dns_policy, "None") == 0;
	if (is_none && pod->dns_servers.count == 0)
		loader_error_at(loader, &pod->mark, "dnsConfig: {nameservers: [10.0.0.53]}",
				"pod '%s': dnsPolicy: None wants nameservers in dnsConfig",
				pod->name ? pod->name : "");
}

void pod_complete(struct loader *loader, struct pod_spec *pod)
{
	check_dns(loader, pod);
	complete_metadata_access(loader, pod);
	for (size_t i = 0; i < pod->init_container_count; i++)
		complete_container(loader, pod, &pod->init_containers[i]);
	for (size_t i = 0; i < pod->container_count; i++)
		complete_container(loader, pod, &pod->containers[i]);
	if (pod->namespace_name == NULL)
		pod->namespace_name = xstrdup(loader_namespace(loader));
}
