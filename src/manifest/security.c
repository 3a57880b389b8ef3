/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/security.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void read_user(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct security_context *security = target;
	security->has_user = true;
	read_u32(loader, node, &security->run_as_user);
}

static void read_group(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct security_context *security = target;
	security->has_group = true;
	read_u32(loader, node, &security->run_as_group);
}

static void read_seccomp_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (yaml_is_text(node, "Localhost"))
		loader_error_as(
			loader, PROBLEM_UNSUPPORTED, node, "type: RuntimeDefault",
			"type: Localhost is not supported: its profile is a file of a node");
	else
		read_choice(loader, node, target);
}

static const struct field seccomp_list[] = {
	{"localhostProfile", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "it goes with type: Localhost, which is not supported"},
	{"type", FIELD_USED, read_seccomp_type, 0, NULL, "default RuntimeDefault",
	 .choices = "RuntimeDefault|Unconfined"}};
static const struct field_set seccomp_fields = {"seccompProfile", seccomp_list,
						ARRAY_SIZE(seccomp_list), .type = "SeccompProfile"};

static void read_seccomp(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &seccomp_fields, target);
	if (node->kind == YAML_MAP)
		loader_wants_text(loader, node, "type", "type: RuntimeDefault");
}

static const char *const capabilities[] = {"ALL",
					   "AUDIT_CONTROL",
					   "AUDIT_READ",
					   "AUDIT_WRITE",
					   "BLOCK_SUSPEND",
					   "BPF",
					   "CHECKPOINT_RESTORE",
					   "CHOWN",
					   "DAC_OVERRIDE",
					   "DAC_READ_SEARCH",
					   "FOWNER",
					   "FSETID",
					   "IPC_LOCK",
					   "IPC_OWNER",
					   "KILL",
					   "LEASE",
					   "LINUX_IMMUTABLE",
					   "MAC_ADMIN",
					   "MAC_OVERRIDE",
					   "MKNOD",
					   "NET_ADMIN",
					   "NET_BIND_SERVICE",
					   "NET_BROADCAST",
					   "NET_RAW",
					   "PERFMON",
					   "SETFCAP",
					   "SETGID",
					   "SETPCAP",
					   "SETUID",
					   "SYSLOG",
					   "SYS_ADMIN",
					   "SYS_BOOT",
					   "SYS_CHROOT",
					   "SYS_MODULE",
					   "SYS_NICE",
					   "SYS_PACCT",
					   "SYS_PTRACE",
					   "SYS_RAWIO",
					   "SYS_RESOURCE",
					   "SYS_TIME",
					   "SYS_TTY_CONFIG",
					   "WAKE_ALARM"};

/* Runtimes take CAP_NET_ADMIN, net_admin and NET_ADMIN; this is the last of them. */
void read_capability_list(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		string_list_add(&known, capabilities[i]);
	read_text_list(loader, node, &names);
	for (size_t i = 0; i < names.count; i++) {
		char *name = names.items[i];
		for (char *at = name; *at != '\0'; at++)
			*at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
		name += strncmp(name, "CAP_", 4) == 0 ? 4 : 0;
		string_list_add(target, name);
		if (string_list_has(&known, name))
			continue;
		const char *nearest = suggest_nearest(name, &known);
		AUTO_FREE char *hint = nearest ? xasprintf("did you mean %s?", nearest) : NULL;
		loader_error(loader, node, hint, "capabilities: '%.60s' is not known", name);
	}
}

static const struct field capabilities_list[] = {
	{"add", FIELD_USED, read_capability_list,
	 offsetof(struct security_context, capabilities_add), NULL, "as in NET_ADMIN",
	 .is_list = true},
	{"drop", FIELD_USED, read_capability_list,
	 offsetof(struct security_context, capabilities_drop), NULL, "as in ALL", .is_list = true}};
static const struct field_set capabilities_fields = {"capabilities", capabilities_list,
						     ARRAY_SIZE(capabilities_list)};

static void read_capabilities(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &capabilities_fields, target);
}

#define AT(member) offsetof(struct security_context, member)
static const struct field security_field_list[] = {
	{"allowPrivilegeEscalation", FIELD_USED, read_tristate, AT(allow_privilege_escalation),
	 NULL, "false sets no_new_privs"},
	{"appArmorProfile", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"capabilities", FIELD_USED, read_capabilities, 0, &capabilities_fields,
	 "Docker's default set, add and drop"},
	{"privileged", FIELD_USED, read_bool, AT(is_privileged), NULL, "inside the pod's VM only"},
	{"procMount", FIELD_NO_EFFECT, NULL, 0, NULL, "paths of /proc are masked as by default"},
	{"readOnlyRootFilesystem", FIELD_USED, read_bool, AT(is_read_only_root), NULL, NULL},
	{"runAsGroup", FIELD_USED, read_group, 0, NULL, "number; default: the image's",
	 .takes = "number"},
	{"runAsNonRoot", FIELD_USED, read_tristate, AT(run_as_non_root), NULL,
	 "checked before start"},
	{"runAsUser", FIELD_USED, read_user, 0, NULL, "number; default: the image's",
	 .takes = "number"},
	{"seLinuxOptions", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"seccompProfile", FIELD_USED, read_seccomp, AT(seccomp), &seccomp_fields, NULL},
	{"windowsOptions", FIELD_REFUSED, NULL, 0, NULL, "pods are Linux; take it out"},
};
#undef AT
const struct field_set security_fields = {"securityContext", security_field_list,
					  ARRAY_SIZE(security_field_list),
					  .type = "SecurityContext"};

void read_security(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct security_context *)target)->mark = loader_mark(loader, node);
	loader_read_map(loader, node, &security_fields, target);
}

static void read_fs_group(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	pod->has_fs_group = true;
	read_u32(loader, node, &pod->fs_group);
}

static const struct field sysctls_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct key_value, key), NULL, NULL},
	{"value", FIELD_USED, read_text, offsetof(struct key_value, value), NULL, NULL}};
static const struct field_set sysctls_fields = {"sysctl", sysctls_list, ARRAY_SIZE(sysctls_list)};

/* Parts between dots or slashes, of a-z, 0-9, '-' and '_', which stand inside only. */
bool sysctl_name_is_valid(const char *name)
{
	enum { NAME_MAX_LENGTH = 253 };
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	if (strlen(name) > NAME_MAX_LENGTH)
		return false;
	for (;; name++) {
		size_t length = strspn(name, inner);
		if (length == 0 || strchr("-_", name[0]) != NULL ||
		    strchr("-_", name[length - 1]) != NULL)
			return false;
		name += length;
		if (*name == '\0')
			return true;
		if (*name != '.' && *name != '/')
			return false;
	}
}

static void check_sysctl(struct loader *loader, const struct yaml_node *node,
			 const struct pod_spec *pod, const char *name)
{
	if (!sysctl_name_is_valid(name))
		loader_error(loader, yaml_get(node, "name"), "as in net.core.somaxconn",
			     "'%.80s' is not a valid name of a sysctl", name);
	for (size_t i = 0; i + 1 < pod->sysctl_count && pod->sysctl_count <= PAIRS_MAX; i++) {
		if (strcmp(pod->sysctls[i].key, name) == 0)
			loader_error_as(loader, PROBLEM_DUPLICATE, yaml_get(node, "name"),
					"remove one of them", "the sysctl '%.80s' is set twice",
					name);
	}
}

static void read_sysctls(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct key_value *pair = ARRAY_APPEND(pod->sysctls, pod->sysctl_count);
		loader_read_map(loader, node->items[i], &sysctls_fields, pair);
		if (pair->key == NULL || pair->value == NULL)
			loader_error(loader, node->items[i], NULL, "a sysctl needs name and value");
		else
			check_sysctl(loader, node->items[i], pod, pair->key);
		pair->key = pair->key ? pair->key : xstrdup("");
		pair->value = pair->value ? pair->value : xstrdup("");
	}
}

/* The pod's own values stand in pod->defaults until pod_complete() spreads them. */
#define POD(member) offsetof(struct pod_spec, member)
#define AT(member)  (offsetof(struct pod_spec, defaults) + offsetof(struct security_context, member))
static const struct field pod_security_field_list[] = {
	{"appArmorProfile", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"fsGroup", FIELD_USED, read_fs_group, 0, NULL, "owner group of the pod's volumes",
	 .takes = "number"},
	{"fsGroupChangePolicy", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "a volume that has the group already is left as it is"},
	{"runAsGroup", FIELD_USED, read_group, offsetof(struct pod_spec, defaults), NULL, NULL,
	 .takes = "number"},
	{"runAsNonRoot", FIELD_USED, read_tristate, AT(run_as_non_root), NULL, NULL},
	{"runAsUser", FIELD_USED, read_user, offsetof(struct pod_spec, defaults), NULL, NULL,
	 .takes = "number"},
	{"seLinuxChangePolicy", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"seLinuxOptions", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"},
	{"seccompProfile", FIELD_USED, read_seccomp, AT(seccomp), &seccomp_fields, NULL},
	{"supplementalGroups", FIELD_USED, read_number_list, POD(supplemental_groups), NULL, NULL,
	 .is_list = true},
	{"supplementalGroupsPolicy", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "groups of the image are merged"},
	{"sysctls", FIELD_USED, read_sysctls, 0, &sysctls_fields,
	 "any: the kernel is the pod's own", .is_list = true},
	{"windowsOptions", FIELD_REFUSED, NULL, 0, NULL, "pods are Linux; take it out"},
};
const struct field_set pod_security_fields = {"pod securityContext", pod_security_field_list,
					      ARRAY_SIZE(pod_security_field_list),
					      .type = "PodSecurityContext"};

void read_pod_security(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &pod_security_fields, target);
}
