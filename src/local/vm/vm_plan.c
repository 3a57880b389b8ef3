/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/vm_plan.h"

#include <stdlib.h>

const char *vm_firmware_name(enum vm_firmware firmware)
{
	static const char *const names[] = {
		[FIRMWARE_DIRECT] = "direct", [FIRMWARE_BIOS] = "bios", [FIRMWARE_UEFI] = "uefi"};
	return names[firmware];
}

void vm_plan_clear(struct vm_plan *plan)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		free(plan->disks[i].path);
		free(plan->disks[i].former_path);
	}
	for (size_t i = 0; i < plan->mount_count; i++) {
		free(plan->mounts[i].path);
		free(plan->mounts[i].tag);
		free(plan->mounts[i].socket);
	}
	free(plan->disks);
	free(plan->mounts);
	free(plan->domain);
	free(plan->project);
	free(plan->project_id);
	free(plan->project_folder);
	free(plan->pod);
	free(plan->instance);
	free(plan->kernel_path);
	free(plan->initrd_path);
	free(plan->cmdline);
	free(plan->disk_path);
	free(plan->network);
	free(plan->filter);
	free(plan->fence);
	free(plan->egress);
	free(plan->address);
	free(plan->memory_file);
	free(plan->agent_socket);
	free(plan->console_log);
	*plan = (struct vm_plan){0};
}
