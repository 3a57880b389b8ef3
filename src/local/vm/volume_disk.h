/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_VOLUME_DISK_H
#define I2KIT_LOCAL_VM_VOLUME_DISK_H

/*
 * The disks of claims: PATH_DATA/volumes/PROJECT/NAME.qcow2. NAME is the claim's, and of a claim
 * template what Kubernetes calls the claim it makes of it: TEMPLATE-STATEFULSET-ORDINAL
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage).
 */

#include "local/plan/project_plan.h"
#include "local/vm/vm_plan.h"

char *volume_disk_name(const struct pod_plan *pod, const struct volume_plan *volume,
		       unsigned replica); /* owned */

/*
 * One disk of a claim, owned: where it is, where releases that left the StatefulSet out of the name
 * had it, and whether others of the plan have a right to that one too.
 */
struct vm_disk volume_disk_make(const struct project_plan *plan, const struct pod_plan *pod,
				const struct volume_plan *volume, unsigned replica);

/* That no two pods would write to one disk: `data` of `a-b` is not `data-a` of `b`. */
MUST_CHECK bool volume_disk_check(const struct project_plan *plan, struct error *err);

/*
 * The file of a disk is there afterwards: it was, or it is moved from where an older release had it
 * (copied where several have a right to it), or it is made, empty; one that is smaller than its
 * claim by now grows.
 * Blocks, for as long as a copy takes.
 */
MUST_CHECK bool volume_disk_provide(const struct vm_disk *disk, struct error *err);
/*
 * Whether a guest has had a file system on it: kept as an extended attribute of the file, so it
 * moves and goes with it. Where there are none (some tmpfs) nothing is known.
 */
bool volume_disk_is_formatted(const char *path);
void volume_disk_note_formatted(const char *path);
/* The size the guest sees, from qcow2's header; 0: it is none. */
uint64_t volume_disk_virtual_size(const char *path);

#endif
