/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/channel/say.h"
#include "guest/machine/ebs_name.h"
#include "guest/machine/gpt_entry.h"
#include "guest/machine/rootfs.h"

#define WAIT_MS	      30000U
#define FIRST_NAP_MS  1
#define LAST_NAP_MS   50
#define VIRTIO_SERIAL 20
#define UUID_LENGTH   36

/* The value of KEY= in a device's uevent; owned, or NULL. */
static char *uevent_value(const char *device, const char *key)
{
	AUTO_FREE char *path = xasprintf("/sys/class/block/%s/uevent", device);
	AUTO_FREE char *text = NULL;
	if (!file_read(path, 16384, &text, NULL, NULL))
		return NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	string_list_split(&lines, text, '\n');
	size_t size = strlen(key);
	for (size_t i = 0; i < lines.count; i++) {
		if (strncmp(lines.items[i], key, size) == 0 && lines.items[i][size] == '=')
			return xstrdup(lines.items[i] + size + 1);
	}
	return NULL;
}

struct partition {
	char *device; /* "vda3" */
	char *name;   /* of the GPT entry */
};

struct partition_list {
	struct partition *items;
	size_t count;
};

static void clear_partitions(struct partition_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].device);
		free(list->items[i].name);
	}
	free(list->items);
	*list = (struct partition_list){0};
}

static void list_partitions(struct partition_list *ret)
{
	AUTO(string_list_clear) struct string_list devices = STRING_LIST_INIT;
	if (!folder_list("/sys/class/block", &devices, NULL))
		return;
	string_list_sort(&devices);
	for (size_t i = 0; i < devices.count; i++) {
		char *name = uevent_value(devices.items[i], "PARTNAME");
		if (name == NULL)
			continue;
		struct partition *partition = ARRAY_APPEND(ret->items, ret->count);
		partition->device = xstrdup(devices.items[i]);
		partition->name = name;
	}
}

/*
 * Two disks may carry the same names (an older image attached as data): the GUID decides. A pod
 * document without GUIDs takes the first.
 */
static const char *find_partition(const struct partition_list *list, const char *name,
				  const char *uuid)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct partition *partition = &list->items[i];
		if (strcmp(partition->name, name) != 0)
			continue;
		if (uuid == NULL || gpt_partition_has_uuid(partition->device, uuid))
			return partition->device;
	}
	return NULL;
}

/* NULL when all are there, else the name of one that is missing. */
static const char *try_find(const struct pod_image *pod, struct string_list *ret)
{
	AUTO(clear_partitions) struct partition_list list = {0};
	list_partitions(&list);
	string_list_clear(ret);
	const char *device = find_partition(&list, pod->base_name, pod->base_uuid);
	if (device == NULL)
		return pod->base_name;
	string_list_addf(ret, "/dev/%s", device);
	for (size_t i = 0; i < pod->layer_count; i++) {
		device = find_partition(&list, pod->layers[i].name, pod->layers[i].uuid);
		if (device == NULL)
			return pod->layers[i].name;
		string_list_addf(ret, "/dev/%s", device);
	}
	return NULL;
}

/* Sleeps a little longer each time; false when the time is over. */
static bool nap(uint64_t deadline_ms, int *nap_ms)
{
	if (clock_monotonic_ms() >= deadline_ms)
		return false;
	(void)poll(NULL, 0, *nap_ms);
	if (*nap_ms < LAST_NAP_MS)
		*nap_ms *= 2;
	return true;
}

bool disks_find_partitions(const struct pod_image *pod, struct string_list *ret_devices,
			   struct error *err)
{
	uint64_t deadline = clock_monotonic_ms() + WAIT_MS;
	int nap_ms = FIRST_NAP_MS;
	const char *missing;
	while ((missing = try_find(pod, ret_devices)) != NULL) {
		if (!nap(deadline, &nap_ms))
			return error_set(err, ERROR_NOT_FOUND,
					 "no partition named '%s' with the GUID the pod document "
					 "says, on any disk",
					 missing);
	}
	return true;
}

static bool is_volume_id(const char *text, const char *serial)
{
	return strncmp(serial, "vol-", 4) == 0 && strncmp(text, "vol", 3) == 0 &&
	       strcmp(text + 3, serial + 4) == 0;
}

/* virtio has room for 20 characters: OpenStack's volumes have the first ones of their UUID. */
static bool is_cut_off(const char *text, const char *serial)
{
	return strlen(text) == VIRTIO_SERIAL && strlen(serial) == UUID_LENGTH &&
	       strncmp(text, serial, VIRTIO_SERIAL) == 0;
}

static bool has_serial(const char *device, const char *serial)
{
	static const char *const places[] = {"serial", "device/serial"}; /* virtio, NVMe */
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		AUTO_FREE char *path = xasprintf("/sys/class/block/%s/%s", device, places[i]);
		AUTO_FREE char *text = NULL;
		if (!file_read(path, 4096, &text, NULL, NULL))
			continue;
		text[strcspn(text, " \n")] = '\0';
		/* EBS volumes show vol-0123 as vol0123. */
		if (strcmp(text, serial) == 0 || is_volume_id(text, serial) ||
		    is_cut_off(text, serial))
			return true;
	}
	/* The name by which EC2 attached it, for a volume whose id nobody knew before. */
	return strncmp(serial, "/dev/", 5) == 0 && ebs_name_is(device, serial);
}

static char *find_serial_now(const char *serial)
{
	AUTO(string_list_clear) struct string_list devices = STRING_LIST_INIT;
	if (!folder_list("/sys/class/block", &devices, NULL))
		return NULL;
	for (size_t i = 0; i < devices.count; i++) {
		if (has_serial(devices.items[i], serial))
			return xasprintf("/dev/%s", devices.items[i]);
	}
	return NULL;
}

char *disks_find_serial(const char *serial, unsigned timeout_ms, struct error *err)
{
	uint64_t deadline = clock_monotonic_ms() + timeout_ms;
	int nap_ms = FIRST_NAP_MS;
	char *device;
	while ((device = find_serial_now(serial)) == NULL) {
		if (!nap(deadline, &nap_ms)) {
			(void)error_set(err, ERROR_NOT_FOUND, "no disk with serial '%s'", serial);
			return NULL;
		}
	}
	return device;
}

/* Volume labels of ISO 9660 (at 32808) and FAT16/FAT32 (at 43, 71), padded with spaces. */
static bool has_label(const char *device, const char *label)
{
	static const off_t places[] = {32768 + 40, 43, 71};
	AUTO_CLOSE int fd = open(device, O_RDONLY | O_CLOEXEC);
	size_t size = strlen(label);
	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(places); i++) {
		char text[12] = "";
		if (pread(fd, text, 11, places[i]) == 11 && strncasecmp(text, label, size) == 0 &&
		    (size == 11 || text[size] == ' ' || text[size] == '\0'))
			return true;
	}
	return false;
}

char *disks_find_label(const char *label)
{
	AUTO(string_list_clear) struct string_list devices = STRING_LIST_INIT;
	if (!folder_list("/sys/class/block", &devices, NULL))
		return NULL;
	for (size_t i = 0; i < devices.count; i++) {
		AUTO_FREE char *device = xasprintf("/dev/%s", devices.items[i]);
		if (strncmp(devices.items[i], "loop", 4) != 0 && has_label(device, label))
			return TAKE_PTR(device);
	}
	return NULL;
}

static bool mount_squashfs(const char *device, const char *folder, struct error *err)
{
	if (!path_make_folders(folder, 0755, err))
		return false;
	if (mount(device, folder, "squashfs", MS_RDONLY | MS_NOATIME, NULL) < 0)
		return error_set_errno(err, errno, "mounting %s", device);
	return true;
}

bool disks_enter_base(const char *device, struct error *err)
{
	static const char *const moved[] = {"/dev", "/proc", "/sys", "/run"};
	static const char root[] = "/newroot";
	if (!mount_squashfs(device, root, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		AUTO_FREE char *target = xasprintf("%s%s", root, moved[i]);
		if (mount(moved[i], target, NULL, MS_MOVE, NULL) < 0)
			return error_set_errno(err, errno, "the base has no usable %s", moved[i]);
	}
	/* Modules are in the kernel now: their files would only take memory. */
	(void)!path_remove_tree("/lib/modules", NULL);
	if (chdir(root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return error_set_errno(err, errno, "making the base the root");
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return error_set_errno(err, errno, "sharing mounts");
	return true;
}

bool disks_mount_layers(const struct string_list *devices, struct error *err)
{
	for (size_t i = 1; i < devices->count; i++) {
		AUTO_FREE char *folder = xasprintf(ROOTFS_LAYERS "/%zu", i - 1);
		if (!mount_squashfs(devices->items[i], folder, err))
			return error_prefix(err, "layer %zu", i - 1);
	}
	return true;
}
