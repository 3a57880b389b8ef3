/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <linux/random.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/string_list.h"
#include "guest/channel/say.h"
#include "guest/machine/number_file.h"

#define MAX_ALIAS_BYTES ((size_t)4 << 20)
#define RESERVE_BYTES	((uint64_t)6 << 20)

struct mount_entry {
	const char *source;
	const char *target;
	const char *type;
	unsigned long flags;
	const char *options;
};

static const struct mount_entry entries[] = {
	{"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
	{"proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666"},
};

static bool open_null(struct error *err)
{
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 2)
		fd = dup(fd);
	if (fd < 0)
		return error_set_errno(err, errno, "/dev/null");
	if (fd > 2)
		(void)close(fd);
	return true;
}

bool machine_mount(struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct mount_entry *entry = &entries[i];
		(void)mkdir(entry->target, 0755);
		/* The kernel may have mounted /dev itself. */
		if (mount(entry->source, entry->target, entry->type, entry->flags, entry->options) <
			    0 &&
		    errno != EBUSY)
			return error_set_errno(err, errno, "mounting %s", entry->target);
	}
	(void)!symlink("/proc/self/fd", "/dev/fd");
	return open_null(err);
}

static bool load_module(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	return syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST;
}

void machine_load_modules(void)
{
	AUTO_FREE char *text = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!file_read("/etc/i2kit/modules", 65536, &text, NULL, &err)) {
		say("%s", err.message);
		return;
	}
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	string_list_split(&paths, text, '\n');
	for (size_t i = 0; i < paths.count; i++) {
		if (paths.items[i][0] != '\0' && !load_module(paths.items[i]))
			say("module %s: %s", paths.items[i], strerror(errno));
	}
}

/* The files of one "PATTERN FILE…" line. */
static bool load_line(const char *root, const char *files)
{
	bool is_ok = true;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	string_list_split(&names, files, ' ');
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xasprintf("%s/lib/modules/%s", root, names.items[i]);
		/* What is not here was in the initial root, and is loaded. */
		if (path_exists(path) && !load_module(path)) {
			say("module %s: %s", path, strerror(errno));
			is_ok = false;
		}
	}
	return is_ok;
}

static bool read_aliases(const char *root, struct string_list *ret)
{
	AUTO_FREE char *path = path_join(root, "etc/i2kit/modules.alias");
	AUTO_FREE char *text = NULL;
	if (!file_read(path, MAX_ALIAS_BYTES, &text, NULL, NULL))
		return false;
	string_list_split(ret, text, '\n');
	return true;
}

static bool load_matching(const char *root, struct string_list *lines, const char *wanted)
{
	bool is_ok = false;
	for (size_t i = 0; i < lines->count; i++) {
		char *space = strchr(lines->items[i], ' ');
		if (space == NULL)
			continue;
		*space = '\0';
		bool is_match = fnmatch(lines->items[i], wanted, 0) == 0;
		*space = ' ';
		if (is_match)
			is_ok = load_line(root, space + 1) || is_ok;
	}
	return is_ok;
}

bool machine_load_by_name(const char *root, const char *name)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	return read_aliases(root, &lines) && load_matching(root, &lines, name);
}

static void load_for_bus(const char *root, const char *bus, struct string_list *lines)
{
	AUTO_FREE char *folder = xasprintf("/sys/bus/%s/devices", bus);
	AUTO(string_list_clear) struct string_list devices = STRING_LIST_INIT;
	if (!folder_list(folder, &devices, NULL))
		return;
	for (size_t i = 0; i < devices.count; i++) {
		AUTO_FREE char *driver = xasprintf("%s/%s/driver", folder, devices.items[i]);
		AUTO_FREE char *alias = xasprintf("%s/%s/modalias", folder, devices.items[i]);
		AUTO_FREE char *text = NULL;
		if (path_exists(driver) || !file_read(alias, 4096, &text, NULL, NULL))
			continue;
		text[strcspn(text, "\n")] = '\0';
		(void)load_matching(root, lines, text);
	}
}

void machine_load_for_devices(const char *root)
{
	static const char *const buses[] = {"pci", "virtio", "xen", "acpi"};
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	if (!read_aliases(root, &lines))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(buses); i++)
		load_for_bus(root, buses[i], &lines);
}

bool machine_write(const char *path, const char *text, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return error_set_errno(err, errno, "%s", path);
	return true;
}

void machine_set_defaults(void)
{
	static const struct {
		const char *path;
		const char *text;
	} settings[] = {
		{"/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"},
		{"/proc/sys/net/ipv4/ping_group_range", "0 2147483647"},
		{"/proc/sys/net/core/somaxconn", "4096"},
		/* The address may have been another machine's a moment ago. */
		{"/proc/sys/net/ipv4/conf/all/arp_notify", "1"},
		{"/proc/sys/vm/overcommit_memory", "1"},
		{"/proc/sys/vm/max_map_count", "262144"},
		{"/proc/sys/kernel/panic", "1"},
		{"/proc/sys/fs/inotify/max_user_instances", "8192"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		(void)!machine_write(settings[i].path, settings[i].text, NULL);
	struct rlimit files = {1048576, 1048576};
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)!machine_write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +memory +io +pids",
			     NULL);
	(void)mkdir("/sys/fs/cgroup/i2kit", 0755);
	(void)!machine_write("/sys/fs/cgroup/i2kit/cgroup.subtree_control",
			     "+cpu +memory +io +pids", NULL);
	(void)umask(0022);
}

uint64_t machine_free_bytes(void)
{
	return number_file_read("/proc/meminfo", "MemFree:") * 1024;
}

uint64_t machine_available_bytes(void)
{
	return number_file_read("/proc/meminfo", "MemAvailable:") * 1024;
}

static uint64_t most_threads(void)
{
	return number_file_read("/proc/sys/kernel/threads-max", "");
}

uint64_t machine_task_limit(void)
{
	return most_threads() / 8 * 5;
}

void machine_keep_reserve(bool is_memory_limited)
{
	uint64_t available = machine_available_bytes();
	uint64_t kept = RESERVE_BYTES + machine_memory_bytes() / 32; /* and what logs may take */
	uint64_t threads = most_threads();
	if (!is_memory_limited && available > 2 * kept) {
		AUTO_FREE char *limit = xasprintf("%" PRIu64, available - kept);
		(void)!machine_write("/sys/fs/cgroup/i2kit/memory.max", limit, NULL);
	}
	if (threads > 0) {
		AUTO_FREE char *limit = xasprintf("%" PRIu64, threads / 8 * 7);
		(void)!machine_write("/sys/fs/cgroup/i2kit/pids.max", limit, NULL);
	}
}

void machine_set_wall_ns(int64_t wall_ns)
{
	struct timespec time = {.tv_sec = wall_ns / INT64_C(1000000000),
				.tv_nsec = (long)(wall_ns % INT64_C(1000000000))};
	if (wall_ns > 0 && clock_settime(CLOCK_REALTIME, &time) < 0)
		say("setting the clock: %s", strerror(errno));
}

bool machine_add_entropy(const void *bytes, size_t size, struct error *err)
{
	AUTO_CLOSE int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || size == 0 || size > 65536)
		return error_set(err, ERROR_INVALID, "%zu bytes of entropy cannot be taken", size);
	AUTO_FREE struct rand_pool_info *pool = xcalloc(1, sizeof(*pool) + size + 4);
	pool->entropy_count = (int)size * 8;
	pool->buf_size = (int)size;
	memcpy(pool->buf, bytes, size);
	bool is_good = ioctl(fd, RNDADDENTROPY, pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
	int code = errno;
	explicit_bzero(pool, sizeof(*pool) + size);
	return is_good || error_set_errno(err, code, "the host's entropy");
}

uint64_t machine_memory_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void machine_power_off(void)
{
	sync();
	if (getpid() == 1)
		(void)reboot(RB_POWER_OFF);
}
