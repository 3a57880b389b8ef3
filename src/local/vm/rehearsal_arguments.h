/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_REHEARSAL_ARGUMENTS_H
#define I2KIT_LOCAL_VM_REHEARSAL_ARGUMENTS_H

/* QEMU's command line for a rehearsal. Pure. */

#include <stdint.h>

struct rehearsal_vm;
struct string_list;

/* QEMU's arguments, with all files in `folder`. Pure. */
void rehearsal_vm_arguments(const struct rehearsal_vm *vm, const char *folder,
			    struct string_list *ret);
/* What EC2 would make of the disk's size. */
uint64_t rehearsal_volume_bytes(uint64_t disk_bytes);

#endif
