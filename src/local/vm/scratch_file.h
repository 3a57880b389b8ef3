/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SCRATCH_FILE_H
#define I2KIT_LOCAL_VM_SCRATCH_FILE_H

/*
 * The disk on which a VM's containers write what is in no volume: a raw file with holes,
 * PATH_STATE/projects/PROJECT/scratch/INSTANCE.raw, new for each VM and gone with it. It comes with
 * its file system, copied from a file of that size in PATH_CACHE/scratch which mke2fs made once: a
 * copy takes the 200 KiB that are no holes.
 */

#include <stdint.h>

#include "base/string_list.h"
#include "local/vm/vm_plan.h"

char *scratch_file_path(const char *project, const char *instance); /* owned */

/* Without mke2fs on this machine it is blank, and the guest formats it. */
MUST_CHECK bool scratch_file_provide(const struct vm_disk *disk, struct error *err);
void scratch_file_drop(const char *project, const char *instance);
/* Those of VMs that ended while nobody looked: all but the disks of these instances. */
void scratch_file_drop_others(const char *project, const struct string_list *instances);

#endif
