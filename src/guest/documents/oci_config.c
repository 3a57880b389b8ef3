/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/oci_config.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "guest/documents/environment.h"
#include "guest/documents/oci_seccomp.h"

#define MAX_FILES 1048576U

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

static void write_strings(struct json_writer *json, const char *key, const char *const *texts,
			  size_t count)
{
	json_open_list(json, key);
	for (size_t i = 0; i < count; i++)
		json_write_text(json, NULL, texts[i]);
	json_close(json);
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

static void write_capabilities(struct json_writer *json, const char *key,
			       const struct container_security *security, bool is_empty)
{
	json_open_list(json, key);
	for (size_t i = 0; i < ARRAY_SIZE(all_capabilities) && !is_empty; i++) {
		AUTO_FREE char *name = xasprintf("CAP_%s", all_capabilities[i]);
		if (container_has_capability(security, all_capabilities[i]))
			json_write_text(json, NULL, name);
	}
	json_close(json);
}

/* Each number once. */
static void write_group(struct json_writer *json, uint32_t gid, struct string_list *written)
{
	AUTO_FREE char *text = xasprintf("%u", (unsigned)gid);
	if (string_list_has(written, text))
		return;
	string_list_add(written, text);
	json_write_unsigned(json, NULL, gid);
}

static void write_user(struct json_writer *json, const struct image_user *user,
		       const struct pod_image *pod)
{
	AUTO(string_list_clear) struct string_list written = STRING_LIST_INIT;
	json_open_object(json, "user");
	json_write_unsigned(json, "uid", user->uid);
	json_write_unsigned(json, "gid", user->gid);
	json_open_list(json, "additionalGids");
	for (size_t i = 0; i < user->group_count; i++)
		write_group(json, user->groups[i], &written);
	for (size_t i = 0; i < pod->supplemental_group_count; i++)
		write_group(json, pod->supplemental_groups[i], &written);
	if (pod->fs_group >= 0)
		write_group(json, (uint32_t)pod->fs_group, &written);
	json_close_if_filled(json);
	json_close(json);
}

static void write_console(struct json_writer *json, const struct oci_process *from)
{
	json_write_bool(json, "terminal", from->has_tty);
	if (!from->has_tty || from->rows == 0)
		return;
	json_open_object(json, "consoleSize");
	json_write_unsigned(json, "height", from->rows);
	json_write_unsigned(json, "width", from->columns);
	json_close(json);
}

/* A variable may hold any bytes of a Secret; JSON cannot, and has U+FFFD in their place. */
static void write_environment(struct json_writer *json, const struct oci_process *from)
{
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	bool is_bad_text = json->is_bad_text;
	string_list_copy(&environment, from->environment);
	if (env_list_find(&environment, "HOME") == NULL)
		string_list_addf(&environment, "HOME=%s", from->user->home);
	json_write_texts(json, "env", &environment);
	json->is_bad_text = is_bad_text;
}

static void write_rlimit(struct json_writer *json, const struct rlimit_entry *limit)
{
	AUTO_FREE char *name = xasprintf("RLIMIT_%s", rlimit_words[limit->kind]);
	json_open_object(json, NULL);
	json_write_text(json, "type", name);
	json_write_unsigned(json, "hard", limit->hard);
	json_write_unsigned(json, "soft", limit->soft);
	json_close(json);
}

/* Files are many unless it says how many; what it does not name is as the kernel begins with. */
static void write_rlimits(struct json_writer *json, const struct container_image *container)
{
	static const char files[] = "NOFILE";
	struct rlimit_entry most = {0, MAX_FILES, MAX_FILES};
	bool has_files = false;
	json_open_list(json, "rlimits");
	for (size_t i = 0; i < container->rlimit_count; i++) {
		write_rlimit(json, &container->rlimits[i]);
		has_files =
			has_files || strcmp(rlimit_words[container->rlimits[i].kind], files) == 0;
	}
	while (strcmp(rlimit_words[most.kind], files) != 0)
		most.kind++;
	if (!has_files)
		write_rlimit(json, &most);
	json_close(json);
}

/* None is beyond the kernel's reach when memory ends: the VM would hang instead. */
static int oom_score_adjustment(const struct container_image *container)
{
	enum { LEAST = -998 }; /* Kubernetes' own, of what it keeps longest */
	int wanted = container->oom_score_adjustment;
	return wanted < LEAST ? LEAST : wanted;
}

static void write_process(struct json_writer *json, const char *key, const struct oci_process *from)
{
	const struct container_security *security = &from->container->security;
	bool is_root = from->user->uid == 0;
	json_open_object(json, key);
	write_console(json, from);
	write_user(json, from->user, from->pod);
	json_write_texts(json, "args", from->argv);
	write_environment(json, from);
	json_write_text(json, "cwd", from->cwd);
	/* Without root, nothing is effective; a set-uid program may gain what the bound allows. */
	json_open_object(json, "capabilities");
	write_capabilities(json, "bounding", security, false);
	write_capabilities(json, "effective", security, !is_root);
	write_capabilities(json, "permitted", security, !is_root);
	json_close(json);
	write_rlimits(json, from->container);
	if (from->container->oom_score_adjustment != 0)
		json_write_number(json, "oomScoreAdj", oom_score_adjustment(from->container));
	json_write_bool(json, "noNewPrivileges",
			security->has_no_new_privileges && !security->is_privileged);
	json_close(json);
}

char *oci_process_make(const struct oci_process *process)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	struct oci_process checked = *process;
	if (checked.cwd == NULL)
		checked.cwd = container_working_dir(process->container);
	write_process(&json, NULL, &checked);
	return strbuf_take(&out);
}

static void write_rule(struct json_writer *json, const struct seccomp_rule *rule)
{
	json_open_object(json, NULL);
	write_strings(json, "names", &rule->call, 1);
	json_write_text(json, "action", "SCMP_ACT_ERRNO");
	json_write_number(json, "errnoRet", rule->error);
	if (rule->operator!= NULL) {
		json_open_list(json, "args");
		json_open_object(json, NULL);
		json_write_unsigned(json, "index", rule->argument);
		json_write_unsigned(json, "value", rule->value);
		json_write_unsigned(json, "valueTwo", rule->value_two);
		json_write_text(json, "op", rule->operator);
		json_close(json);
		json_close(json);
	}
	json_close(json);
}

static void write_seccomp(struct json_writer *json, const struct container_security *security)
{
	static const char *const architectures[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
	json_open_object(json, "seccomp");
	json_write_text(json, "defaultAction", "SCMP_ACT_ALLOW");
	write_strings(json, "architectures", architectures, ARRAY_SIZE(architectures));
	json_open_list(json, "syscalls");
	for (size_t i = 0; i < seccomp_fence_rule_count && !security->has_metadata; i++)
		write_rule(json, &seccomp_fence_rules[i]);
	for (size_t i = 0; i < seccomp_rule_count && !security->is_seccomp_off; i++) {
		const struct seccomp_rule *rule = &seccomp_rules[i];
		if (rule->unless_capability == NULL ||
		    !container_has_capability(security, rule->unless_capability))
			write_rule(json, rule);
	}
	json_close(json);
	json_close(json);
}

static void write_mount(struct json_writer *json, const char *destination, const char *type,
			const char *source, const struct string_list *options)
{
	json_open_object(json, NULL);
	json_write_text(json, "destination", destination);
	json_write_text(json, "type", type);
	json_write_text(json, "source", source);
	json_write_texts(json, "options", options);
	json_close(json);
}

static void write_mounts(struct json_writer *json, const struct oci_plan *plan)
{
	json_open_list(json, "mounts");
	for (size_t i = 0; i < ARRAY_SIZE(system_mounts); i++) {
		const struct system_mount *mount = &system_mounts[i];
		AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
		bool is_writable = plan->container->security.is_privileged &&
				   strncmp(mount->destination, "/sys", 4) == 0;
		string_list_split(&options, mount->options, ',');
		if (is_writable) /* without the last one, "ro" */
			free(options.items[--options.count]);
		write_mount(json, mount->destination, mount->type, mount->source, &options);
	}
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct oci_mount *mount = &plan->mounts[i];
		AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
		string_list_add(&options, "rbind");
		string_list_add(&options, "rprivate");
		string_list_add(&options, mount->is_read_only ? "ro" : "rw");
		if (mount->is_noexec)
			string_list_split(&options, "noexec,nosuid,nodev", ',');
		write_mount(json, mount->destination, "bind", mount->source, &options);
	}
	json_close(json);
}

/* Kubernetes' mapping: 1024 shares a CPU, at least 2; a period of 100 ms. */
static void write_cpu(struct json_writer *json, const struct container_image *container)
{
	uint64_t request = container->cpu_request_millis > 0 ? container->cpu_request_millis
							     : container->cpu_limit_millis;
	uint64_t shares = request * 1024 / 1000;
	json_open_object(json, "cpu");
	if (container->cpu_shares > 0)
		json_write_unsigned(json, "shares", container->cpu_shares);
	else if (request > 0)
		json_write_unsigned(json, "shares", shares < 2 ? 2 : shares);
	if (container->cpu_limit_millis > 0) {
		json_write_unsigned(json, "quota", container->cpu_limit_millis * 100);
		json_write_unsigned(json, "period", 100000);
	}
	json_close_if_filled(json);
}

static void write_resources(struct json_writer *json, const struct oci_plan *plan)
{
	const struct container_image *container = plan->container;
	json_open_object(json, "resources");
	json_open_list(json, "devices");
	json_open_object(json, NULL);
	json_write_bool(json, "allow", container->security.is_privileged);
	json_write_text(json, "access", "rwm");
	json_close(json);
	json_close(json);
	/* As Kubernetes: a container without one of its processes is not left half alive. */
	json_open_object(json, "unified");
	json_write_text(json, "memory.oom.group", "1");
	json_close(json);
	json_open_object(json, "memory");
	json_write_unsigned_if(json, "limit", plan->memory_limit_bytes);
	json_close_if_filled(json);
	json_open_object(json, "pids");
	json_write_unsigned_if(json, "limit", plan->task_limit);
	json_close_if_filled(json);
	write_cpu(json, container);
	json_close(json);
}

void oci_device_list_clear(struct oci_device_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct oci_device_list){0};
}

static void write_devices(struct json_writer *json, const struct oci_device_list *devices)
{
	json_open_list(json, "devices");
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_device *device = &devices->items[i];
		json_open_object(json, NULL);
		json_write_text(json, "path", device->path);
		json_write_text(json, "type", device->is_block ? "b" : "c");
		json_write_unsigned(json, "major", device->major);
		json_write_unsigned(json, "minor", device->minor);
		json_write_unsigned(json, "fileMode", device->mode);
		json_close(json);
	}
	json_close(json);
}

static void write_namespaces(struct json_writer *json, const char *process_namespace)
{
	static const char *const types[] = {"pid", "mount", "cgroup"};
	json_open_list(json, "namespaces");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		json_open_object(json, NULL);
		json_write_text(json, "type", types[i]);
		if (i == 0)
			json_write_text_if(json, "path", process_namespace);
		json_close(json);
	}
	json_close(json);
}

static void write_linux(struct json_writer *json, const struct oci_plan *plan)
{
	const struct container_security *security = &plan->container->security;
	json_open_object(json, "linux");
	json_write_text(json, "cgroupsPath", plan->cgroup_path);
	write_namespaces(json, plan->process_namespace);
	write_resources(json, plan);
	if (plan->devices != NULL)
		write_devices(json, plan->devices);
	if (!security->is_privileged) {
		write_strings(json, "maskedPaths", masked_paths, ARRAY_SIZE(masked_paths));
		write_strings(json, "readonlyPaths", read_only_paths, ARRAY_SIZE(read_only_paths));
	}
	if (!security->is_privileged && !(security->is_seccomp_off && security->has_metadata))
		write_seccomp(json, security);
	json_close(json);
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
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "ociVersion", "1.0.2");
	write_process(&json, "process", &process);
	json_open_object(&json, "root");
	json_write_text(&json, "path", plan->root_path);
	json_write_bool(&json, "readonly", container->security.is_root_read_only);
	json_close(&json);
	write_mounts(&json, plan);
	write_linux(&json, plan);
	json_close(&json);
	if (!json.is_bad_text)
		return strbuf_take(&out);
	(void)error_set(err, ERROR_INVALID, "a text of the container is not UTF-8");
	return NULL;
}
