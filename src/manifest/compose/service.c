/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/service_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/compose/units.h"
#include "manifest/develop_form.h"
#include "manifest/pod.h"
#include "manifest/read_value.h"
#include "manifest/security.h"
#include "manifest/service_reference.h"

char *compose_plain_name(const char *name)
{
	enum { LABEL_MAX = 63 };
	char *plain = xcalloc(LABEL_MAX + 1, 1);
	size_t length = 0;

	for (const char *at = name; *at != '\0' && length < LABEL_MAX; at++) {
		char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
		bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (is_good || length > 0)
			plain[length++] = is_good ? c : '-';
	}
	while (length > 0 && plain[length - 1] == '-')
		plain[--length] = '\0';
	return plain;
}

const char *compose_container_owner(const struct yaml_node *model, const char *name)
{
	const struct yaml_node *services = yaml_get(model, "services");

	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		const struct yaml_node *said = yaml_get(services->pairs[i].value, "container_name");
		if (said != NULL && yaml_is_text(said, name))
			return services->pairs[i].key->text;
	}
	return NULL;
}

/* service:X, or container:X where X is a container_name; NULL: neither. */
static const char *partner_of(const struct yaml_node *model, const struct yaml_node *node)
{
	const char *text = node != NULL && node->kind == YAML_SCALAR ? node->text : "";

	if (strncmp(text, COMPOSE_CONTAINER, strlen(COMPOSE_CONTAINER)) == 0)
		return compose_container_owner(model, text + strlen(COMPOSE_CONTAINER));
	return service_reference(text);
}

const char *compose_network_partner(const struct yaml_node *model, const struct yaml_node *service)
{
	return partner_of(model, yaml_get(service, "network_mode"));
}

char *compose_pod_of(const struct yaml_node *model, const char *service)
{
	enum { STEPS = 32 };
	const struct yaml_node *services = yaml_get(model, "services");
	for (unsigned i = 0; i < STEPS; i++) {
		const struct yaml_node *node = yaml_get(services, service);
		const struct yaml_node *pod = yaml_get(yaml_get(node, "x-i2kit"), "pod");
		const char *partner = compose_network_partner(model, node);
		if (pod != NULL && pod->kind == YAML_SCALAR)
			return compose_plain_name(pod->text);
		if (partner == NULL)
			break;
		service = partner;
	}
	return compose_plain_name(service);
}

static void read_user(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	if (node->text[0] == '\0')
		return;
	if (node->size > 256 || strpbrk(node->text, " \t\n") != NULL)
		loader_error(loader, node, "1000, 1000:1000, or a name of the image",
			     "user: '%.60s' is not one", node->text);
	free(service->container.user);
	service->container.user = xstrdup(node->text);
}

static void read_working_dir(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct compose_service *)target)->container.working_dir);
}

static void read_image(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	service->container.image_mark = loader_mark(loader, node);
	if (node->text[0] != '\0')
		read_text(loader, node, &service->container.image);
}

static void read_hostname(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	/* Docker takes what it is given: "my_db", "web.example.com". */
	AUTO_FREE char *first = xstrndup(node->text, strcspn(node->text, "."));
	AUTO_FREE char *plain = compose_plain_name(first);

	if (!service->is_first || node->text[0] == '\0')
		return;
	if (plain[0] == '\0') {
		read_name(loader, node, &service->pod->hostname);
		return;
	}
	if (strcmp(plain, node->text) != 0)
		loader_note(loader, node,
			    "hostname: '%.60s' is '%s' here: a host's name is one label",
			    node->text, plain);
	free(service->pod->hostname);
	service->pod->hostname = TAKE_PTR(plain);
}

static void read_annotations(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	(void)loader;
	for (size_t i = 0; i < node->pair_count && pod->annotation_count < LIST_MAX; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		struct key_value *pair = ARRAY_APPEND(pod->annotations, pod->annotation_count);
		pair->key = xstrdup(node->pairs[i].key->text);
		pair->value = xstrdup(value->kind == YAML_SCALAR ? value->text : "");
	}
}

static void read_cap_add(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	read_capability_list(loader, node, &service->container.security.capabilities_add);
}

static void read_cap_drop(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	read_capability_list(loader, node, &service->container.security.capabilities_drop);
}

static void read_privileged(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node,
		  &((struct compose_service *)target)->container.security.is_privileged);
}

static void read_read_only(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	read_bool(loader, node, &service->container.security.is_read_only_root);
}

static void read_stdin(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct compose_service *)target)->container.has_stdin);
}

static void read_tty(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct compose_service *)target)->container.has_tty);
}

static void read_security_opt(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct security_context *security = &((struct compose_service *)target)->container.security;
	for (size_t i = 0; i < node->item_count; i++) {
		const char *text = node->items[i]->text;
		bool is_no_new = strncmp(text, "no-new-privileges", 17) == 0;
		if (is_no_new)
			security->allow_privilege_escalation =
				strstr(text, "false") != NULL ? TRI_UNSET : TRI_FALSE;
		else if (strcmp(text, "seccomp:unconfined") == 0 ||
			 strcmp(text, "seccomp=unconfined") == 0)
			security->seccomp = SECCOMP_UNCONFINED;
		else if (strncmp(text, "seccomp", 7) == 0)
			loader_error(
				loader, node->items[i], "seccomp:unconfined, or leave it out",
				"security_opt: a seccomp profile of one's own is not supported");
		else
			loader_note(
				loader, node->items[i],
				"security_opt: '%.60s' has no effect here: a pod has a kernel of "
				"its own",
				text);
	}
}

static void read_group_add(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	for (size_t i = 0; i < node->item_count; i++) {
		uint64_t number = 0;
		if (parse_u64(node->items[i]->text, 0, INT32_MAX, &number))
			string_list_add(&service->pod->supplemental_groups, node->items[i]->text);
		else
			loader_error(loader, node->items[i], "the group's number",
				     "group_add: '%.60s' is not a number", node->items[i]->text);
	}
}

static void read_sysctls(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	for (size_t i = 0; i < node->pair_count && i < PAIRS_MAX; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		if (!sysctl_name_is_valid(key->text))
			loader_error(loader, key, "as in net.core.somaxconn",
				     "'%.80s' is not a valid name of a sysctl", key->text);
		struct key_value *pair = ARRAY_APPEND(pod->sysctls, pod->sysctl_count);
		pair->key = xstrdup(key->text);
		pair->value = xstrdup(node->pairs[i].value->kind == YAML_SCALAR
					      ? node->pairs[i].value->text
					      : "");
	}
}

static void read_grace(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	uint64_t ms = 0;
	if (!compose_duration_ms(node->text, &ms) || ms / 1000 > UINT32_MAX) {
		loader_error(loader, node, "10s, 1m30s", "stop_grace_period: '%.40s' is no time",
			     node->text);
		return;
	}
	uint32_t seconds = (uint32_t)((ms + 999) / 1000);
	pod->termination_grace_s =
		seconds > pod->termination_grace_s || ((struct compose_service *)target)->is_first
			? seconds
			: pod->termination_grace_s;
}

static void read_stop_signal(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	if (node->size > 32 ||
	    strspn(node->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") != node->size)
		loader_error(loader, node, "SIGTERM, SIGQUIT …", "stop_signal: '%.40s' is none",
			     node->text);
	free(service->container.stop_signal);
	service->container.stop_signal = xstrdup(node->text);
}

static void read_dns(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct compose_service *)target)->pod->dns_servers);
}

static void read_dns_search(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct compose_service *)target)->pod->dns_searches);
}

static void read_dns_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct compose_service *)target)->pod->dns_options);
}

/* pid, ipc, uts and the like: another's, or the machine's. */
static void read_namespace(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	bool is_private = node->kind != YAML_SCALAR || node->text[0] == '\0' ||
			  strcmp(node->text, "private") == 0 ||
			  strcmp(node->text, "shareable") == 0 || strcmp(node->text, "none") == 0;
	if (!is_private)
		loader_error(loader, node, "each container of a VM has its own; take it out",
			     "%s: '%.60s' is not supported", loader->current->name, node->text);
}

/* All containers of the pod share then: one cannot join another's alone. */
static void read_pid(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct compose_service *service = target;
	const char *partner = partner_of(service->model, node);
	if (partner == NULL) {
		read_namespace(loader, node, target);
		return;
	}
	AUTO_FREE char *pod = compose_pod_of(service->model, partner);
	if (strcmp(pod, service->pod->name) == 0)
		service->pod->shares_processes = true;
	else
		loader_error(loader, node,
			     "x-i2kit: {pod: NAME} in both, or network_mode: service:NAME, puts "
			     "them into one",
			     "pid: '%.60s' is in another pod, and so in another VM", node->text);
}

static void read_platform(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const good[] = {"linux/amd64",    "linux",	       "linux/x86_64",
					   "linux/amd64/v1", "linux/amd64/v2", "linux/amd64/v3"};
	(void)target;
	bool is_good = node->text[0] == '\0';
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		is_good = is_good || strcmp(node->text, good[i]) == 0;
	if (!is_good)
		loader_error(loader, node, "linux/amd64, or leave it out",
			     "platform: VMs run linux/amd64 here, not %.60s", node->text);
}

static void read_public(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct compose_service *)target)->pod->is_public);
}

static const struct field own_list[] = {
	{"pod", FIELD_USED, read_ignored, 0, NULL,
	 "the pod, and so the VM, that its container goes into; services that name one share it",
	 .takes = "text"},
	{"public", FIELD_USED, read_public, 0, NULL, "no effect locally",
	 "its ports are reachable from outside", .takes = "true or false"}};
static const struct field_set own_fields = {"x-i2kit", own_list, ARRAY_SIZE(own_list)};

static void read_own(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct yaml_node *pod = yaml_get(node, "pod");
	loader_read_map(loader, node, &own_fields, target);
	AUTO_FREE char *plain = pod != NULL && pod->kind == YAML_SCALAR
					? compose_plain_name(pod->text)
					: xstrdup("");
	if (pod != NULL && plain[0] == '\0')
		loader_error(loader, pod, "pod: backend",
			     "x-i2kit: the name of a pod is wanted here");
}

static const char own_kernel[] = "the VM is its own machine: it is limited as a whole";
static const char own_logs[] = "i2kit logs keeps and shows them";

static const struct field service_list[] = {
	{"annotations", FIELD_USED, read_annotations, 0, NULL, "of the pod",
	 .takes = "map of texts"},
	{"attach", FIELD_NO_EFFECT, NULL, 0, NULL, "i2kit up POD… and logs choose what is shown"},
	{"blkio_config", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"build", FIELD_USED, compose_read_build, 0, &compose_build_fields,
	 "a folder, or how its image is made", .takes = "map, or text"},
	{"cap_add", FIELD_USED, read_cap_add, 0, NULL, "inside the pod's VM",
	 .takes = "list of texts"},
	{"cap_drop", FIELD_USED, read_cap_drop, 0, NULL, NULL, .takes = "list of texts"},
	{"cgroup", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"cgroup_parent", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"command", FIELD_USED, compose_read_command, 0, NULL,
	 "replaces the image's CMD; a line is split as a shell does, without one",
	 .takes = "list of texts, or text"},
	{"configs", FIELD_USED, compose_read_configs, 0, &compose_file_fields,
	 "files of the top's configs; default /NAME", .is_list = true, .is_named = true},
	{"container_name", FIELD_USED, compose_read_container_name, 0, NULL,
	 "a further name on its networks; the container is called as the service", .takes = "text"},
	{"cpu_count", FIELD_USED, compose_read_cpu_count, 0, NULL, "as cpus",
	 .takes = "number or text"},
	{"cpu_percent", FIELD_NO_EFFECT, NULL, 0, NULL, "Windows alone knows it"},
	{"cpu_period", FIELD_USED, compose_read_cpu_quota, 0, NULL, "cpu_quota in that many µs",
	 .takes = "number or text"},
	{"cpu_quota", FIELD_USED, compose_read_cpu_quota, 0, NULL,
	 "µs of processor in each cpu_period (100000); as cpus", .takes = "number or text"},
	{"cpu_rt_period", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"cpu_rt_runtime", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"cpu_shares", FIELD_USED, compose_read_cpu_shares, 0, NULL,
	 "among the containers of its pod", .takes = "number or text"},
	{"cpus", FIELD_USED, compose_read_cpus, 0, NULL, "vCPUs of the VM, cgroup limit in it",
	 .takes = "number or text"},
	{"cpuset", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"credential_spec", FIELD_REFUSED, NULL, 0, NULL, "Windows alone knows it; take it out"},
	{"depends_on", FIELD_USED, compose_read_depends_on, 0, &compose_depends_fields,
	 "holds its containers back until the other has come so far; VMs boot side by side",
	 "no effect: instances start by themselves", .is_named = true},
	{"deploy", FIELD_USED, compose_read_deploy, 0, &compose_deploy_fields, NULL},
	{"develop", FIELD_USED, compose_read_develop, 0, &develop_form_fields,
	 "what `up --watch` does when sources change", "no effect"},
	{"device_cgroup_rules", FIELD_REFUSED, NULL, 0, NULL,
	 "a VM has none of this machine's devices; take it out"},
	{"devices", FIELD_REFUSED, NULL, 0, NULL,
	 "a VM has none of this machine's devices; privileged: true for those of its own kernel"},
	{"dns", FIELD_USED, read_dns, 0, NULL, "asked beside the pod's own resolver",
	 .takes = "list of texts, or text"},
	{"dns_opt", FIELD_USED, read_dns_options, 0, NULL, "of resolv.conf",
	 .takes = "list of texts"},
	{"dns_search", FIELD_USED, read_dns_search, 0, NULL, NULL,
	 .takes = "list of texts, or text"},
	{"domainname", FIELD_NO_EFFECT, NULL, 0, NULL, "the host name stays the short one"},
	{"entrypoint", FIELD_USED, compose_read_entrypoint, 0, NULL,
	 "replaces the image's ENTRYPOINT and CMD", .takes = "list of texts, or text"},
	{"env_file", FIELD_USED, read_ignored, 0, NULL,
	 "its variables, which environment goes before; configuration, never in the image",
	 .takes = "path, or list of paths or {path, required, format}"},
	{"environment", FIELD_USED, compose_read_environment, 0, NULL,
	 "{K: V} or [K=V]; K alone has its value from outside; configuration, never in the image",
	 .takes = "map or list of texts"},
	{"expose", FIELD_USED, compose_read_expose, 0, NULL,
	 "said of the container; all ports are open to those who share a network", .takes = "list"},
	{"extends", FIELD_USED, read_ignored, 0, NULL, "another service, of this file or another",
	 .takes = "text, or {service, file}"},
	{"external_links", FIELD_REFUSED, NULL, 0, NULL, "extra_hosts: [NAME=ADDRESS]"},
	{"extra_hosts", FIELD_USED, compose_read_extra_hosts, 0, NULL,
	 "lines of /etc/hosts; host-gateway is this machine", .takes = "map or list of texts"},
	{"gpus", FIELD_REFUSED, NULL, 0, NULL,
	 "a VM has none of this machine's devices; take it out"},
	{"group_add", FIELD_USED, read_group_add, 0, NULL, "numbers of groups", .takes = "list"},
	{"healthcheck", FIELD_USED, compose_read_health, 0, &compose_health_fields,
	 "readiness; without one, the image's own HEALTHCHECK"},
	{"hostname", FIELD_USED, read_hostname, 0, NULL, "default: the instance's name, web-0",
	 .takes = "text"},
	{"image", FIELD_USED, read_image, 0, NULL,
	 "registry name, oci:DIR, oci-archive:, docker-archive: or docker-daemon:",
	 .takes = "text"},
	{"init", FIELD_USED, compose_read_init, 0, NULL,
	 "process 1 is the guest's, which takes orphans; signals go to the program",
	 .takes = "true or false, or text"},
	{"ipc", FIELD_USED, read_namespace, 0, NULL, "private; another's is refused",
	 .takes = "private"},
	{"isolation", FIELD_NO_EFFECT, NULL, 0, NULL, "every pod is a VM"},
	{"label_file", FIELD_USED, read_ignored, 0, NULL, "labels in a file",
	 .takes = "path, or list of paths"},
	{"labels", FIELD_USED, read_annotations, 0, NULL, "annotations of the pod",
	 .takes = "map or list of texts"},
	{"links", FIELD_USED, read_ignored, 0, NULL,
	 "SERVICE[:ALIAS]: depends on it, and reaches it by that name", .takes = "list of texts"},
	{"logging", FIELD_NO_EFFECT, NULL, 0, NULL, own_logs},
	{"mac_address", FIELD_NO_EFFECT, NULL, 0, NULL, "instances have addresses of their own"},
	{"mem_limit", FIELD_USED, compose_read_memory, 0, NULL,
	 "memory of the VM, cgroup limit in it", .takes = "bytes"},
	{"mem_reservation", FIELD_USED, compose_read_memory_reservation, 0, NULL,
	 "sizes the VM where no limit does", .takes = "bytes"},
	{"mem_swappiness", FIELD_NO_EFFECT, NULL, 0, NULL, "VMs do not swap"},
	{"memswap_limit", FIELD_NO_EFFECT, NULL, 0, NULL, "VMs do not swap"},
	{"models", FIELD_REFUSED, NULL, 0, NULL, "run the model as a service of its own"},
	{"network_mode", FIELD_USED, compose_read_network_mode, 0, NULL,
	 "none; bridge; service:NAME or container:CONTAINER_NAME puts both containers into one pod",
	 .takes = "text"},
	{"networks", FIELD_USED, compose_read_networks, 0, &compose_service_network_fields,
	 "services that share none neither resolve nor reach one another", .is_named = true},
	{"oom_kill_disable", FIELD_NO_EFFECT, NULL, 0, NULL, own_kernel},
	{"oom_score_adj", FIELD_USED, compose_read_oom_score, 0, NULL,
	 "which process the VM's kernel ends first; not below -998", .takes = "number or text"},
	{"pid", FIELD_USED, read_pid, 0, NULL,
	 "service:NAME or container:CONTAINER_NAME of the same pod: all its containers see one "
	 "another's processes; host is refused",
	 .takes = "text"},
	{"pids_limit", FIELD_USED, compose_read_pids, 0, NULL,
	 "processes and threads; default, and at most: its share of the VM's",
	 .takes = "number or text"},
	{"platform", FIELD_USED, read_platform, 0, NULL, "linux/amd64", .takes = "text"},
	{"ports", FIELD_USED, compose_read_ports, 0, &compose_port_fields,
	 "published on 127.0.0.1, or where up --bind says; an address of its own is kept; a port "
	 "without a published one has its own number",
	 "reachable for the other pods", .is_list = true, .is_named = true},
	{"post_start", FIELD_USED, compose_read_post_start, 0, &compose_hook_fields,
	 "commands, one after the other, in the container", .is_list = true},
	{"pre_start", FIELD_REFUSED, NULL, 0, NULL,
	 "a service of its own, and depends_on with service_completed_successfully"},
	{"pre_stop", FIELD_USED, compose_read_pre_stop, 0, &compose_hook_fields,
	 "commands, one after the other, in the container", .is_list = true},
	{"privileged", FIELD_USED, read_privileged, 0, NULL, "inside the pod's VM only",
	 .takes = "true or false, or text"},
	{"profiles", FIELD_USED, read_ignored, 0, NULL,
	 "left out unless --profile or COMPOSE_PROFILES names one", .takes = "list of texts"},
	{"provider", FIELD_REFUSED, NULL, 0, NULL,
	 "start it by itself, and name it in extra_hosts"},
	{"pull_policy", FIELD_USED, compose_read_pull_policy, 0, NULL,
	 "always, never, missing, build; daily, weekly and every_… ask each time",
	 "not asked: the image is in the disk", .takes = "text"},
	{"pull_refresh_after", FIELD_NO_EFFECT, NULL, 0, NULL, "up --pull asks again"},
	{"read_only", FIELD_USED, read_read_only, 0, NULL, NULL, .takes = "true or false, or text"},
	{"restart", FIELD_USED, compose_read_restart, 0, NULL,
	 "no (the default): it ends; on-failure, on-failure:3, always, unless-stopped",
	 "only services that run for ever can be promoted", .takes = "text"},
	{"runtime", FIELD_NO_EFFECT, NULL, 0, NULL, "every pod is a VM"},
	{"scale", FIELD_USED, compose_read_scale, 0, NULL, "as deploy.replicas",
	 .takes = "number or text"},
	{"secrets", FIELD_USED, compose_read_secrets, 0, &compose_file_fields,
	 "files of the top's secrets; default /run/secrets/NAME", .is_list = true,
	 .is_named = true},
	{"security_opt", FIELD_USED, read_security_opt, 0, NULL,
	 "no-new-privileges, seccomp:unconfined", .takes = "list of texts"},
	{"shm_size", FIELD_USED, compose_read_shm_size, 0, NULL, "of /dev/shm", .takes = "bytes"},
	{"stdin_open", FIELD_USED, read_stdin, 0, NULL, "kept open: reading waits",
	 .takes = "true or false, or text"},
	{"stop_grace_period", FIELD_USED, read_grace, 0, NULL, "default 10s", .takes = "time"},
	{"stop_signal", FIELD_USED, read_stop_signal, 0, NULL, "default: the image's, or SIGTERM",
	 .takes = "text"},
	{"storage_opt", FIELD_USED, compose_read_storage, 0, &compose_storage_fields,
	 "room for what the container writes"},
	{"sysctls", FIELD_USED, read_sysctls, 0, NULL, "any: the kernel is the pod's own",
	 .takes = "map or list of texts"},
	{"tmpfs", FIELD_USED, compose_read_tmpfs, 0, NULL, "PATH[:size=64m]: in memory",
	 .takes = "list of texts, or text"},
	{"tty", FIELD_USED, read_tty, 0, NULL, "a terminal for attach and exec",
	 .takes = "true or false, or text"},
	{"ulimits", FIELD_USED, compose_read_ulimits, 0, NULL,
	 "NAME: number, or {soft, hard}; -1: none. nofile is 1048576 without",
	 .takes = "map of numbers or {soft, hard}"},
	{"use_api_socket", FIELD_REFUSED, NULL, 0, NULL,
	 "there is no Docker in a pod; take it out"},
	{"user", FIELD_USED, read_user, 0, NULL,
	 "number or name of the image, and a group: app:app", .takes = "text"},
	{"userns_mode", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"uts", FIELD_USED, read_namespace, 0, NULL, "private; the machine's is refused",
	 .takes = "private"},
	{"volumes", FIELD_USED, compose_read_volumes, 0, &compose_mount_fields,
	 "named: a disk that stays; ./PATH: this machine's folder; a path alone: the pod's own",
	 .is_list = true, .is_named = true},
	{"volumes_from", FIELD_USED, read_ignored, 0, NULL,
	 "SERVICE[:ro] or container:CONTAINER_NAME[:ro]: what it mounts; what has no name within "
	 "one pod alone",
	 .takes = "list of texts"},
	{"working_dir", FIELD_USED, read_working_dir, 0, NULL, "default: the image's",
	 .takes = "text"},
	{"x-i2kit", FIELD_USED, read_own, 0, &own_fields, "what Compose has no words for"}};
const struct field_set compose_service_fields = {"service", service_list, ARRAY_SIZE(service_list),
						 .is_open = true};

static const char *text_at(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);
	return node != NULL && node->kind == YAML_SCALAR && node->text[0] != '\0' ? node->text
										  : NULL;
}

/* What Compose calls the image of a service that is built: its `image`, else PROJECT-SERVICE. */
static bool makes_image(const struct compose_service *service, const struct yaml_pair *other,
			const char *image)
{
	const char *said = text_at(other->value, "image");
	size_t length = strlen(service->project);

	if (yaml_get(other->value, "build") == NULL)
		return false;
	if (said != NULL)
		return strcmp(said, image) == 0;
	return strncmp(image, service->project, length) == 0 && image[length] == '-' &&
	       strcmp(image + length + 1, other->key->text) == 0;
}

/* Several services of one image: one has its build, the others name it. */
static void take_build_of_another(struct loader *loader, struct compose_service *service)
{
	const struct yaml_node *services = yaml_get(service->model, "services");
	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		const struct yaml_pair *other = &services->pairs[i];
		if (!makes_image(service, other, service->container.image))
			continue;
		compose_read_build(loader, yaml_get(other->value, "build"), service);
		if (text_at(other->value, "image") == NULL) {
			free(service->container.image);
			service->container.image = compose_plain_name(other->key->text);
		}
		return;
	}
}

void compose_read_service(struct loader *loader, struct compose_service *service)
{
	struct container_spec *container = &service->container;
	container->name = compose_plain_name(service->name);
	container->mark = loader_mark(loader, service->node);
	container->image_mark = loader_mark_of(loader, service->node, "image");
	container->keeps_image_health = yaml_get(service->node, "healthcheck") == NULL;
	loader_read_map(loader, service->node, &compose_service_fields, service);
	if (container->build == NULL && container->image != NULL)
		take_build_of_another(loader, service);
	/* Compose would say PROJECT-SERVICE; the disk has this name, and is the same in any project. */
	if (container->image == NULL)
		container->image = xstrdup(container->name);
}
