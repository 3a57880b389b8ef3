/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_KERNEL_UNPACK_H
#define I2KIT_IMAGE_DISK_KERNEL_UNPACK_H

/*
 * The ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst), LZ4 or Zstandard. With a PVH
 * note it boots without unpacking itself, which takes a second under emulation.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_UNPACKED_MAX ((size_t)512 << 20)

/* Owned result; NULL where the kernel is of another kind, damaged, or without a PVH note. */
uint8_t *kernel_unpack(const uint8_t *bzimage, size_t size, size_t *ret_size);

/* Whether the ELF has the note that hypervisors look for. */
bool kernel_has_pvh_note(const uint8_t *elf, size_t size);

#endif
