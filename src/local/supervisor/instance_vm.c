/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/instance_vm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/network_filter.h"
#include "local/vm/scratch_file.h"
#include "local/vm/slirp_guard.h"
#include "local/vm/vm_identity.h"
#include "local/vm/volume_disk.h"

static struct vm_disk scratch_disk(const struct instance *instance, const struct pod_plan *pod)
{
	struct vm_disk disk = {
		.path = scratch_file_path(instance->supervisor->project, instance->status.name),
		.size_bytes = pod->scratch_bytes,
		.is_scratch = true,
		.has_quota = pod->has_scratch_quota};

	vm_serial_make("/scratch", disk.serial);
	return disk;
}

static void add_volumes(const struct instance *instance, const struct pod_plan *pod,
			struct vm_plan *vm)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume_plan *volume = &pod->volumes[i];
		if (volume_plan_is_disk(volume)) {
			*ARRAY_APPEND(vm->disks, vm->disk_count) = volume_disk_make(
				&instance->supervisor->plan, pod, volume, instance->status.replica);
		} else if (!volume_plan_is_pushed(volume, vm->is_session)) {
			struct vm_mount *mount = ARRAY_APPEND(vm->mounts, vm->mount_count);
			mount->path = xstrdup(volume->host_path);
			mount->tag = xcalloc(1, SERIAL_SIZE);
			vm_serial_make(volume->name, mount->tag);
			mount->is_read_only = volume->is_read_only;
			AUTO_FREE char *socket = xasprintf("vm/%.13s-%zu.fs", vm->uuid, i);
			mount->socket = path_folder(PATH_RUNTIME, socket);
		}
	}
	if (pod->scratch_bytes > 0)
		*ARRAY_APPEND(vm->disks, vm->disk_count) = scratch_disk(instance, pod);
}

enum vm_firmware instance_firmware(const char *name)
{
	if (name != NULL && strcmp(name, "bios") == 0)
		return FIRMWARE_BIOS;
	return name != NULL && strcmp(name, "uefi") == 0 ? FIRMWARE_UEFI : FIRMWARE_DIRECT;
}

/*
 * The group QEMU runs as in system mode. libvirt keeps what it makes for a VM (keys, sockets) below
 * a folder that Debian opens to its own user and group alone, and QEMU runs as the user whose files
 * it reads: so with that folder's group. Everybody may see whose the folder is.
 */
static gid_t libvirt_group(void)
{
	struct stat st;

	if (geteuid() == 0 || stat("/var/lib/libvirt/qemu", &st) < 0 || (st.st_mode & S_IXOTH) != 0)
		return getegid();
	return st.st_gid;
}

/* For slirp_policy.h; names are led through the agent, and checked there (services_tunnel). */
char *instance_egress_text(const struct pod_plan *pod)
{
	const struct egress_policy *egress = &pod->egress;
	const struct traffic_policy *outgoing = &pod->outgoing;
	struct strbuf text = STRBUF_INIT;
	bool is_any = !egress->is_restricted && !outgoing->is_isolated;

	for (size_t i = 0; outgoing->is_isolated && i < outgoing->item_count; i++)
		is_any = is_any ||
			 (outgoing->items[i].pod == NULL && outgoing->items[i].cidr == NULL);
	strbuf_append(&text, is_any ? "any" : "none");
	for (size_t i = 0; outgoing->is_isolated && i < outgoing->item_count; i++) {
		if (outgoing->items[i].cidr != NULL)
			strbuf_appendf(&text, " %s", outgoing->items[i].cidr);
	}
	if (egress->has_internet)
		strbuf_append(&text, " internet");
	if (egress->has_host)
		strbuf_append(&text, " host");
	for (size_t i = 0; i < egress->cidrs.count; i++)
		strbuf_appendf(&text, " %s", egress->cidrs.items[i]);
	return strbuf_take(&text);
}

void instance_vm_plan(const struct instance *instance, const struct pod_plan *pod,
		      struct vm_plan *ret)
{
	const struct supervisor *supervisor = instance->supervisor;
	const struct instance_status *status = &instance->status;
	struct vm_plan vm = {
		.replica = status->replica,
		.grace_s = pod->grace_s,
		.is_kvm = supervisor->accel.is_kvm,
		.is_dirty = pod->is_dirty,
		.memory_bytes = pod->memory_bytes,
		.scratch_bytes = pod->scratch_bytes,
		.cpu_count = pod->cpu_count,
		.firmware = instance->firmware,
		.is_session = supervisor->is_session,
		.owner_uid = geteuid(),
		.owner_gid = libvirt_group(),
	};
	AUTO_FREE char *console =
		xasprintf("projects/%s/console/%s.log", supervisor->project, status->name);

	vm.domain = xasprintf("i2kit-%s.%s", supervisor->scope, status->name);
	vm.project = xstrdup(supervisor->project);
	vm.project_id = xstrdup(supervisor->identity.id);
	vm.project_folder = xstrdup(supervisor->identity.folder);
	vm.pod = xstrdup(pod->name);
	vm.instance = xstrdup(status->name);
	memcpy(vm.uuid, status->uuid, UUID_SIZE);
	vm.release = pod->release;
	vm.kernel_path = xstrdup(pod->kernel_path);
	vm.initrd_path = xstrdup(pod->initrd_path);
	vm.cmdline = xstrdup(pod->cmdline);
	vm.disk_path = xstrdup(pod->image_path);
	vm.network = xstrdup_or_null(supervisor->network.name);
	vm.address = xstrdup_or_null(status->address);
	if (supervisor->guard != NULL)
		network_filter_tap(supervisor->network.bridge, status->address, vm.tap);
	else if (supervisor->has_clean_traffic)
		vm.filter = xstrdup(CLEAN_TRAFFIC);
	if (supervisor->is_session) {
		vm.fence = slirp_guard_path();
		vm.egress = instance_egress_text(pod);
	}
	vm_mac_make(vm.uuid, vm.mac);
	vm.agent_socket = xstrdup(instance->agent_socket);
	vm.console_log = path_folder(PATH_STATE, console);
	add_volumes(instance, pod, &vm);
	*ret = vm;
}
