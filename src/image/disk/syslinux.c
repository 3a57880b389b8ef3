/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/syslinux.h"

#include <string.h>

#include "base/bytes.h"
#include "image/disk/gpt.h"

#define PATCH_MAGIC  0x3eb202feu
#define MAGIC_SEARCH 512u
#define ADV_SECTORS  2u	   /* the auxiliary data vector behind the program, part of the file */
#define CODE_OFFSET  0x5au /* behind the fields of FAT32, the larger ones */
#define CODE_END     0x1feu
#define EXTENT_SIZE  10u

/* Offsets in the patch area. */
enum { PATCH_DATA_SECTORS = 8, PATCH_DWORDS = 12, PATCH_CHECKSUM = 16, PATCH_EXTENDED = 22 };
/* Offsets in the extended patch area, each of a 16-bit offset into the program or boot sector. */
enum {
	EXTENDED_ADV = 0,
	EXTENDED_EXTENTS = 10,
	EXTENDED_EXTENT_COUNT = 12,
	EXTENDED_SECTOR_LOW = 14,
	EXTENDED_SECTOR_HIGH = 16,
	EXTENDED_SIZE = 20,
};

static bool find_patch_area(const uint8_t *ldlinux, size_t size, size_t *ret)
{
	for (size_t at = 0; at + 24 <= size && at < MAGIC_SEARCH; at += 4) {
		if (bytes_get_u32(ldlinux + at) == PATCH_MAGIC) {
			*ret = at;
			return true;
		}
	}
	return false;
}

static bool check_extended(const uint8_t *extended, size_t program_size)
{
	return bytes_get_u16(extended + EXTENDED_ADV) + 16u <= program_size &&
	       bytes_get_u16(extended + EXTENDED_EXTENT_COUNT) >= 1 &&
	       bytes_get_u16(extended + EXTENDED_EXTENTS) +
			       (size_t)bytes_get_u16(extended + EXTENDED_EXTENT_COUNT) *
				       EXTENT_SIZE <=
		       program_size &&
	       bytes_get_u16(extended + EXTENDED_SECTOR_LOW) + 4u <= SECTOR_SIZE &&
	       bytes_get_u16(extended + EXTENDED_SECTOR_HIGH) + 4u <= SECTOR_SIZE;
}

static void patch_program(uint8_t *ldlinux, size_t patch, const uint8_t *extended, uint64_t sector,
			  uint32_t program_sectors)
{
	uint8_t *extents = ldlinux + bytes_get_u16(extended + EXTENDED_EXTENTS);
	uint8_t *adv = ldlinux + bytes_get_u16(extended + EXTENDED_ADV);
	memset(extents, 0, (size_t)bytes_get_u16(extended + EXTENDED_EXTENT_COUNT) * EXTENT_SIZE);
	bytes_put_u64(extents, sector + 1);
	bytes_put_u16(extents + 8, (uint16_t)(program_sectors - 1));
	bytes_put_u64(adv, sector + program_sectors);
	bytes_put_u64(adv + 8, sector + program_sectors + 1);
	bytes_put_u16(ldlinux + patch + PATCH_DATA_SECTORS, (uint16_t)program_sectors);

	uint32_t sum = PATCH_MAGIC;
	bytes_put_u32(ldlinux + patch + PATCH_CHECKSUM, 0);
	uint32_t dwords = bytes_get_u32(ldlinux + patch + PATCH_DWORDS);
	for (uint32_t i = 0; i < dwords; i++)
		sum -= bytes_get_u32(ldlinux + 4 * (size_t)i);
	bytes_put_u32(ldlinux + patch + PATCH_CHECKSUM, sum);
}

bool syslinux_install(uint8_t sector[512], const uint8_t boot_code[512], uint8_t *ldlinux,
		      size_t ldlinux_size, uint64_t ldlinux_offset, struct error *err)
{
	size_t patch, extended_at;
	if (ldlinux_size % SECTOR_SIZE != 0 || ldlinux_size / SECTOR_SIZE <= ADV_SECTORS + 1 ||
	    ldlinux_size / SECTOR_SIZE > UINT16_MAX || ldlinux_offset % SECTOR_SIZE != 0 ||
	    !find_patch_area(ldlinux, ldlinux_size, &patch))
		return error_set(err, ERROR_INVALID, "the base's ldlinux.sys is not syslinux 6");
	uint32_t program_sectors = (uint32_t)(ldlinux_size / SECTOR_SIZE) - ADV_SECTORS;
	size_t program_size = program_sectors * (size_t)SECTOR_SIZE;
	extended_at = bytes_get_u16(ldlinux + patch + PATCH_EXTENDED);
	if (extended_at + EXTENDED_SIZE > program_size ||
	    !check_extended(ldlinux + extended_at, program_size) ||
	    bytes_get_u32(ldlinux + patch + PATCH_DWORDS) > program_size / 4)
		return error_set(err, ERROR_INVALID, "the base's ldlinux.sys is damaged");
	const uint8_t *extended = ldlinux + extended_at;
	uint64_t first = ldlinux_offset / SECTOR_SIZE;
	memcpy(sector, boot_code, 11);
	memcpy(sector + CODE_OFFSET, boot_code + CODE_OFFSET, CODE_END - CODE_OFFSET);
	bytes_put_u32(sector + bytes_get_u16(extended + EXTENDED_SECTOR_LOW), (uint32_t)first);
	bytes_put_u32(sector + bytes_get_u16(extended + EXTENDED_SECTOR_HIGH),
		      (uint32_t)(first >> 32));
	patch_program(ldlinux, patch, extended, first, program_sectors);
	return true;
}
