/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/image/disk_firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SECTOR	      ((size_t)512)
#define BOOT_CODE     440
#define ENTRIES_LBA   2
#define ENTRY_SIZE    128
#define MBR_SIGNATURE "\x55\xaa"

/* C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on a disk. */
static const uint8_t efi_system[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
				       0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};

static bool has_boot_code(const uint8_t *mbr)
{
	bool is_filled = false;

	for (size_t i = 0; i < BOOT_CODE; i++)
		is_filled = is_filled || mbr[i] != 0;
	return is_filled && memcmp(mbr + SECTOR - 2, MBR_SIGNATURE, 2) == 0;
}

static bool has_efi_system(const uint8_t *head)
{
	if (memcmp(head + SECTOR, "EFI PART", 8) != 0)
		return false;
	for (size_t at = ENTRIES_LBA * SECTOR; at + ENTRY_SIZE <= DISK_FIRMWARE_HEAD;
	     at += ENTRY_SIZE)
		if (memcmp(head + at, efi_system, sizeof(efi_system)) == 0)
			return true;
	return false;
}

struct disk_firmware disk_firmware_of(const uint8_t head[DISK_FIRMWARE_HEAD])
{
	return (struct disk_firmware){.has_bios = has_boot_code(head),
				      .has_uefi = has_efi_system(head)};
}

bool disk_firmware_read(const char *path, struct disk_firmware *ret, struct error *err)
{
	uint8_t head[DISK_FIRMWARE_HEAD] = {0};
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, head, sizeof(head), 0) < 0)
		return error_set_errno(err, errno, "cannot read %s", path);
	*ret = disk_firmware_of(head);
	return ret->has_bios || ret->has_uefi ||
	       error_set(err, ERROR_INVALID, "%s: neither BIOS nor UEFI can start this disk", path);
}
