/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/oci_config.h"

#include <ctype.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "guest/documents/environment.h"
#include "guest/documents/oci_seccomp.h"

/* Docker's fourteen. */
static const char *const default_capabilities[] = {
	"AUDIT_WRITE",	    "CHOWN",   "DAC_OVERRIDE", "FOWNER", "FSETID",  "KILL",   "MKNOD",
	"NET_BIND_SERVICE", "NET_RAW", "SETFCAP",      "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};

static const char *const all_capabilities[] = {
	"AUDIT_CONTROL",   "AUDIT_READ",   "AUDIT_WRITE",
	"BLOCK_SUSPEND",   "BPF",	   "CHECKPOINT_RESTORE",
	"CHOWN",	   "DAC_OVERRIDE", "DAC_READ_SEARCH",
	"FOWNER",	   "FSETID",	   "IPC_LOCK",
	"IPC_OWNER",	   "KILL",	   "LEASE",
	"LINUX_IMMUTABLE", "MAC_ADMIN",	   "MAC_OVERRIDE",
	"MKNOD",	   "NET_ADMIN",	   "NET_BIND_SERVICE",
	"NET_BROADCAST",   "NET_RAW",	   "PERFMON",
	"SETFCAP",	   "SETGID",	   "SETPCAP",
	"SETUID",	   "SYSLOG",	   "SYS_ADMIN",
	"SYS_BOOT",	   "SYS_CHROOT",   "SYS_MODULE",
	"SYS_NICE",	   "SYS_PACCT",	   "SYS_PTRACE",
	"SYS_RAWIO",	   "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG",  "WAKE_ALARM"};

static const char *const masked_paths[] = {"/proc/asound",
					   "/proc/acpi",
					   "/proc/kcore",
					   "/proc/keys",
					   "/proc/latency_stats",
					   "/proc/timer_list",
					   "/proc/timer_stats",
					   "/proc/sched_debug",
					   "/proc/scsi",
					   "/sys/firmware",
					   "/sys/devices/virtual/powercap"};

static const char *const read_only_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					      "/proc/sysrq-trigger"};

struct system_mount {
	const char *destination;
	const char *type;
	const char *source;
	const char *options; /* separated by commas */
};

static const struct system_mount system_mounts[] = {
	{"/proc", "proc", "proc", "nosuid,noexec,nodev"},
	{"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
	{"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
};

static json_t *strings_of(const char *const *texts, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(texts[i]));
	return list;
}

/* JSON cannot carry a text that is not UTF-8: it becomes empty rather than shifting the others. */
static json_t *texts_of(const struct string_list *texts)
{
	json_t *list = json_array();
	for (size_t i = 0; i < texts->count; i++) {
		json_t *text = json_string(texts->items[i]);
		(void)json_array_append_new(list, text != NULL ? text : json_string(""));
	}
	return list;
}

static json_t *split_options(const char *options)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, options, ',');
	return texts_of(&parts);
}

static const char *plain_capability(const char *name)
{
	return strncmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

static bool names_capability(const struct string_list *list, const char *capability)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = plain_capability(list->items[i]);
		if (strcmp(name, capability) == 0 || strcmp(name, "ALL") == 0)
			return true;
	}
	return false;
}

static bool names_exactly(const struct string_list *list, const char *capability)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(plain_capability(list->items[i]), capability) == 0)
			return true;
	}
	return false;
}

/* Kubernetes: what is added by name survives drop ALL, and what is dropped by name add ALL. */
bool container_has_capability(const struct container_security *security, const char *capability)
{
	if (security->is_privileged)
		return true;
	if (names_exactly(&security->drop, capability))
		return false;
	if (names_exactly(&security->add, capability))
		return true;
	if (names_capability(&security->drop, capability))
		return false;
	if (names_capability(&security->add, capability))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(default_capabilities); i++) {
		if (strcmp(default_capabilities[i], capability) == 0)
			return true;
	}
	return false;
}

static json_t *capability_list(const struct container_security *security)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(all_capabilities); i++) {
		AUTO_FREE char *name = xasprintf("CAP_%s", all_capabilities[i]);
		if (container_has_capability(security, all_capabilities[i]))
			(void)json_array_append_new(list, json_string(name));
	}
	return list;
}

/* Without root, nothing is effective; a set-uid program may still gain what the bound allows. */
static json_t *capabilities_of(const struct container_security *security, bool is_root)
{
	json_t *sets = json_object();
	(void)json_object_set_new(sets, "bounding", capability_list(security));
	(void)json_object_set_new(sets, "effective",
				  is_root ? capability_list(security) : json_array());
	(void)json_object_set_new(sets, "permitted",
				  is_root ? capability_list(security) : json_array());
	return sets;
}

static void add_group(json_t *groups, uint32_t gid)
{
	for (size_t i = 0; i < json_array_size(groups); i++) {
		if (json_integer_value(json_array_get(groups, i)) == (json_int_t)gid)
			return;
	}
	(void)json_array_append_new(groups, json_integer(gid));
}

static json_t *user_of(const struct image_user *user, const struct pod_image *pod)
{
	json_t *groups = json_array();
	for (size_t i = 0; i < user->group_count; i++)
		add_group(groups, user->groups[i]);
	for (size_t i = 0; i < pod->supplemental_group_count; i++)
		add_group(groups, pod->supplemental_groups[i]);
	if (pod->fs_group >= 0)
		add_group(groups, (uint32_t)pod->fs_group);
	json_t *json = json_object();
	(void)json_object_set_new(json, "uid", json_integer(user->uid));
	(void)json_object_set_new(json, "gid", json_integer(user->gid));
	if (json_array_size(groups) > 0)
		(void)json_object_set(json, "additionalGids", groups);
	json_decref(groups);
	return json;
}

static json_t *process_json(const struct oci_process *from)
{
	const struct container_security *security = &from->container->security;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	string_list_copy(&environment, from->environment);
	if (environment_find(&environment, "HOME") == NULL)
		string_list_addf(&environment, "HOME=%s", from->user->home);
	json_t *json = json_object();
	(void)json_object_set_new(json, "terminal", json_boolean(from->has_tty));
	if (from->has_tty && from->rows > 0)
		(void)json_object_set_new(json, "consoleSize",
					  json_pack("{s:i,s:i}", "height", (int)from->rows, "width",
						    (int)from->columns));
	(void)json_object_set_new(json, "user", user_of(from->user, from->pod));
	(void)json_object_set_new(json, "args", texts_of(from->argv));
	(void)json_object_set_new(json, "env", texts_of(&environment));
	(void)json_object_set_new(json, "cwd", json_string(from->cwd));
	(void)json_object_set_new(json, "capabilities",
				  capabilities_of(security, from->user->uid == 0));
	(void)json_object_set_new(json, "rlimits",
				  json_pack("[{s:s,s:I,s:I}]", "type", "RLIMIT_NOFILE", "hard",
					    (json_int_t)1048576, "soft", (json_int_t)1048576));
	(void)json_object_set_new(
		json, "noNewPrivileges",
		json_boolean(security->has_no_new_privileges && !security->is_privileged));
	return json;
}

char *oci_process_make(const struct oci_process *process)
{
	struct oci_process checked = *process;
	if (checked.cwd == NULL)
		checked.cwd = container_working_dir(process->container);
	json_t *json = process_json(&checked);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static json_t *rule_json(const struct seccomp_rule *rule)
{
	json_t *json = json_object();
	(void)json_object_set_new(json, "names", strings_of(&rule->call, 1));
	(void)json_object_set_new(json, "action", json_string("SCMP_ACT_ERRNO"));
	(void)json_object_set_new(json, "errnoRet", json_integer(rule->error));
	if (rule->operator!= NULL)
		(void)json_object_set_new(
			json, "args",
			json_pack("[{s:i,s:I,s:I,s:s}]", "index", (int)rule->argument, "value",
				  (json_int_t)rule->value, "valueTwo", (json_int_t)rule->value_two,
				  "op", rule->operator));
	return json;
}

static json_t *seccomp_json(const struct container_security *security)
{
	static const char *const architectures[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
	json_t *calls = json_array();
	for (size_t i = 0; i < seccomp_rule_count; i++) {
		const struct seccomp_rule *rule = &seccomp_rules[i];
		if (rule->unless_capability == NULL ||
		    !container_has_capability(security, rule->unless_capability))
			(void)json_array_append_new(calls, rule_json(rule));
	}
	return json_pack("{s:s,s:o,s:o}", "defaultAction", "SCMP_ACT_ALLOW", "architectures",
			 strings_of(architectures, ARRAY_SIZE(architectures)), "syscalls", calls);
}

static json_t *bind_json(const char *source, const char *destination, bool is_read_only)
{
	return json_pack("{s:s,s:s,s:s,s:[s,s,s]}", "destination", destination, "type", "bind",
			 "source", source, "options", "rbind", "rprivate",
			 is_read_only ? "ro" : "rw");
}

static json_t *mounts_json(const struct oci_plan *plan)
{
	json_t *mounts = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(system_mounts); i++) {
		const struct system_mount *mount = &system_mounts[i];
		bool is_writable = plan->container->security.is_privileged &&
				   strncmp(mount->destination, "/sys", 4) == 0;
		json_t *options = split_options(mount->options);
		if (is_writable)
			(void)json_array_remove(options, json_array_size(options) - 1);
		(void)json_array_append_new(mounts,
					    json_pack("{s:s,s:s,s:s,s:o}", "destination",
						      mount->destination, "type", mount->type,
						      "source", mount->source, "options", options));
	}
	for (size_t i = 0; i < plan->mount_count; i++)
		(void)json_array_append_new(mounts, bind_json(plan->mounts[i].source,
							      plan->mounts[i].destination,
							      plan->mounts[i].is_read_only));
	return mounts;
}

/* Kubernetes' mapping: 1024 shares a CPU, at least 2; a period of 100 ms. */
static json_t *resources_json(const struct oci_plan *plan)
{
	const struct container_image *container = plan->container;
	json_t *json = json_object();
	json_t *devices = container->security.is_privileged
				  ? json_pack("[{s:b,s:s}]", "allow", 1, "access", "rwm")
				  : json_pack("[{s:b,s:s}]", "allow", 0, "access", "rwm");
	(void)json_object_set_new(json, "devices", devices);
	/* As Kubernetes: a container without one of its processes is not left half alive. */
	(void)json_object_set_new(json, "unified", json_pack("{s:s}", "memory.oom.group", "1"));
	if (plan->memory_limit_bytes > 0)
		(void)json_object_set_new(
			json, "memory",
			json_pack("{s:I}", "limit", (json_int_t)plan->memory_limit_bytes));
	uint64_t request = container->cpu_request_millis > 0 ? container->cpu_request_millis
							     : container->cpu_limit_millis;
	json_t *cpu = json_object();
	if (request > 0)
		(void)json_object_set_new(
			cpu, "shares",
			json_integer((json_int_t)(request * 1024 / 1000 < 2
							  ? 2
							  : request * 1024 / 1000)));
	if (container->cpu_limit_millis > 0) {
		(void)json_object_set_new(
			cpu, "quota", json_integer((json_int_t)container->cpu_limit_millis * 100));
		(void)json_object_set_new(cpu, "period", json_integer(100000));
	}
	if (json_object_size(cpu) > 0)
		(void)json_object_set(json, "cpu", cpu);
	json_decref(cpu);
	return json;
}

void oci_device_list_clear(struct oci_device_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct oci_device_list){0};
}

static json_t *devices_json(const struct oci_device_list *devices)
{
	json_t *list = json_array();
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_device *device = &devices->items[i];
		(void)json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:i,s:i,s:i}", "path", device->path, "type",
				  device->is_block ? "b" : "c", "major", (int)device->major,
				  "minor", (int)device->minor, "fileMode", (int)device->mode));
	}
	return list;
}

static json_t *linux_json(const struct oci_plan *plan)
{
	const struct container_security *security = &plan->container->security;
	json_t *json = json_pack("{s:s,s:[{s:s},{s:s},{s:s}]}", "cgroupsPath", plan->cgroup_path,
				 "namespaces", "type", "pid", "type", "mount", "type", "cgroup");
	(void)json_object_set_new(json, "resources", resources_json(plan));
	if (plan->devices != NULL)
		(void)json_object_set_new(json, "devices", devices_json(plan->devices));
	if (security->is_privileged)
		return json;
	(void)json_object_set_new(json, "maskedPaths",
				  strings_of(masked_paths, ARRAY_SIZE(masked_paths)));
	(void)json_object_set_new(json, "readonlyPaths",
				  strings_of(read_only_paths, ARRAY_SIZE(read_only_paths)));
	if (!security->is_seccomp_off)
		(void)json_object_set_new(json, "seccomp", seccomp_json(security));
	return json;
}

static void expand_all(const struct string_list *from, const struct string_list *environment,
		       struct string_list *ret)
{
	for (size_t i = 0; i < from->count; i++)
		string_list_take(ret, environment_expand(from->items[i], environment));
}

bool container_argv(const struct container_image *container, const struct string_list *environment,
		    struct string_list *ret, struct error *err)
{
	bool has_command = container->has_command && container->command.count > 0;
	if (has_command)
		expand_all(&container->command, environment, ret);
	else
		string_list_copy(ret, &container->entrypoint);
	if (container->has_args && container->args.count > 0)
		expand_all(&container->args, environment, ret);
	else if (!has_command)
		string_list_copy(ret, &container->cmd);
	if (ret->count == 0 || ret->items[0][0] == '\0')
		return error_set(err, ERROR_INVALID,
				 "neither the image nor the manifest says what to run");
	return true;
}

const char *container_working_dir(const struct container_image *container)
{
	if (container->wanted_working_dir != NULL && container->wanted_working_dir[0] != '\0')
		return container->wanted_working_dir;
	if (container->working_dir != NULL && container->working_dir[0] == '/')
		return container->working_dir;
	return "/";
}

int container_stop_signal(const struct container_image *container)
{
	const char *text = container->stop_signal;
	uint64_t number = 0;
	if (text == NULL || text[0] == '\0')
		return SIGTERM;
	if (isdigit((unsigned char)text[0]))
		return parse_u64(text, 1, 64, &number) ? (int)number : SIGTERM;
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncmp(text, "RTMIN+", 6) == 0)
		return parse_u64(text + 6, 0, 30, &number) ? SIGRTMIN + (int)number : SIGTERM;
	for (int signal = 1; signal < SIGRTMIN; signal++) {
		const char *name = sigabbrev_np(signal);
		if (name != NULL && strcmp(name, text) == 0)
			return signal;
	}
	return SIGTERM;
}

char *oci_config_make(const struct oci_plan *plan, struct error *err)
{
	const struct container_image *container = plan->container;
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	if (!container_argv(container, plan->environment, &argv, err))
		return NULL;
	if (container->security.is_non_root && plan->user->uid == 0) {
		(void)error_set(err, ERROR_DENIED,
				"runAsNonRoot is asked for, and the image's user is root");
		return NULL;
	}
	struct oci_process process = {.container = container,
				      .pod = plan->pod,
				      .environment = plan->environment,
				      .user = plan->user,
				      .argv = &argv,
				      .cwd = container_working_dir(container),
				      .has_tty = container->has_tty};
	json_t *json = json_object();
	(void)json_object_set_new(json, "ociVersion", json_string("1.0.2"));
	(void)json_object_set_new(json, "process", process_json(&process));
	(void)json_object_set_new(json, "root",
				  json_pack("{s:s,s:b}", "path", plan->root_path, "readonly",
					    (int)container->security.is_root_read_only));
	(void)json_object_set_new(json, "mounts", mounts_json(plan));
	(void)json_object_set_new(json, "linux", linux_json(plan));
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text == NULL)
		(void)error_set(err, ERROR_INVALID, "a text of the container is not UTF-8");
	return text;
}
