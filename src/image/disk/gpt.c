/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/gpt.h"

#include <string.h>

#include "base/bytes.h"
#include "base/parse.h"

#define ENTRY_SIZE	 128u
#define ENTRIES_USUAL	 128u
#define ENTRIES_MANY	 256u
#define HEADER_SIZE	 92u
#define ENTRIES_LBA	 2u
#define ATTRIBUTE_BIOS	 4u /* bit 2: legacy BIOS bootable */
#define NAME_OFFSET	 56u
#define NAME_CHARACTERS	 36u
#define PROTECTIVE_TYPE	 0xee
#define PROTECTIVE_ENTRY 446u
#define SIGNATURE	 "EFI PART"
#define REVISION	 0x00010000u

static const char type_efi[UUID_SIZE] = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
static const char type_linux[UUID_SIZE] = "0fc63daf-8483-4772-8e79-3d69d8477de4";

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
	}
	return ~crc;
}

/* The text's byte order is not the disk's: the first three fields are little-endian there. */
static const uint8_t guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static void format_uuid(const uint8_t bytes[16], char out[UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		out[at++] = digits[bytes[i] >> 4];
		out[at++] = digits[bytes[i] & 15];
	}
	out[at] = '\0';
}

static uint8_t hex_value(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put_guid(uint8_t *at, const char *uuid)
{
	uint8_t bytes[16];
	for (size_t i = 0; i < 16; i++) {
		if (*uuid == '-')
			uuid++;
		bytes[i] = (uint8_t)(hex_value(uuid[0]) << 4 | hex_value(uuid[1]));
		uuid += 2;
	}
	for (size_t i = 0; i < 16; i++)
		at[i] = bytes[guid_order[i]];
}

static void get_guid(const uint8_t *at, char out[UUID_SIZE])
{
	uint8_t bytes[16];
	for (size_t i = 0; i < 16; i++)
		bytes[guid_order[i]] = at[i];
	format_uuid(bytes, out);
}

static uint32_t entry_count(const struct gpt_table *table)
{
	return table->partition_count > ENTRIES_USUAL ? ENTRIES_MANY : ENTRIES_USUAL;
}

/* As many sectors are kept at the end: entries and header. */
static uint64_t first_usable(uint32_t entries)
{
	return ENTRIES_LBA + entries * ENTRY_SIZE / SECTOR_SIZE;
}

static void put_entry(uint8_t *at, const struct gpt_partition *partition)
{
	put_guid(at, partition->type == GPT_EFI_SYSTEM ? type_efi : type_linux);
	put_guid(at + 16, partition->uuid);
	bytes_put_u64(at + 32, partition->offset / SECTOR_SIZE);
	bytes_put_u64(at + 40, (partition->offset + partition->size) / SECTOR_SIZE - 1);
	bytes_put_u64(at + 48, partition->is_bios_bootable ? ATTRIBUTE_BIOS : 0);
	for (size_t i = 0; partition->name[i] != '\0' && i < NAME_CHARACTERS; i++)
		at[NAME_OFFSET + 2 * i] = (uint8_t)partition->name[i];
}

static void put_header(uint8_t *at, const struct gpt_table *table, bool is_backup,
		       const uint8_t *entries)
{
	uint64_t sectors = table->disk_size / SECTOR_SIZE;
	uint32_t count = entry_count(table);
	memcpy(at, SIGNATURE, strlen(SIGNATURE));
	bytes_put_u32(at + 8, REVISION);
	bytes_put_u32(at + 12, HEADER_SIZE);
	bytes_put_u64(at + 24, is_backup ? sectors - 1 : 1);
	bytes_put_u64(at + 32, is_backup ? 1 : sectors - 1);
	bytes_put_u64(at + 40, first_usable(count));
	bytes_put_u64(at + 48, sectors - first_usable(count));
	put_guid(at + 56, table->disk_uuid);
	bytes_put_u64(at + 72, is_backup ? sectors - first_usable(count) + 1 : ENTRIES_LBA);
	bytes_put_u32(at + 80, count);
	bytes_put_u32(at + 84, ENTRY_SIZE);
	bytes_put_u32(at + 88, crc32(entries, (size_t)count * ENTRY_SIZE));
	bytes_put_u32(at + 16, crc32(at, HEADER_SIZE));
}

static void put_mbr(uint8_t *at, const struct gpt_table *table, const uint8_t *boot_code)
{
	uint64_t sectors = table->disk_size / SECTOR_SIZE - 1;
	uint8_t *entry = at + PROTECTIVE_ENTRY;
	if (boot_code != NULL)
		memcpy(at, boot_code, GPT_BOOT_CODE_SIZE);
	entry[2] = 2; /* CHS of sector 1 … */
	entry[4] = PROTECTIVE_TYPE;
	memset(entry + 5, 0xff, 3); /* … to beyond what CHS can say */
	bytes_put_u32(entry + 8, 1);
	bytes_put_u32(entry + 12, sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors);
	at[510] = 0x55;
	at[511] = 0xaa;
}

void gpt_make(const struct gpt_table *table, const uint8_t *boot_code, uint8_t head[GPT_HEAD_SIZE],
	      uint8_t tail[GPT_TAIL_SIZE])
{
	uint8_t *entries = head + (size_t)ENTRIES_LBA * SECTOR_SIZE;
	size_t entries_size = (size_t)entry_count(table) * ENTRY_SIZE;
	uint8_t *backup = tail + GPT_TAIL_SIZE - SECTOR_SIZE;
	memset(head, 0, GPT_HEAD_SIZE);
	memset(tail, 0, GPT_TAIL_SIZE);
	for (size_t i = 0; i < table->partition_count; i++)
		put_entry(entries + i * ENTRY_SIZE, &table->partitions[i]);
	put_mbr(head, table, boot_code);
	put_header(head + SECTOR_SIZE, table, false, entries);
	memcpy(backup - entries_size, entries, entries_size);
	put_header(backup, table, true, entries);
}

static bool parse_entry(const uint8_t *at, uint64_t first_lba, uint64_t disk_size,
			struct gpt_partition *partition, struct error *err)
{
	char type[UUID_SIZE];
	uint64_t first = bytes_get_u64(at + 32), last = bytes_get_u64(at + 40);
	get_guid(at, type);
	get_guid(at + 16, partition->uuid);
	partition->type = strcmp(type, type_efi) == 0	  ? GPT_EFI_SYSTEM
			  : strcmp(type, type_linux) == 0 ? GPT_LINUX
							  : GPT_OTHER;
	if (first < first_lba || last < first || last >= disk_size / SECTOR_SIZE)
		return error_set(err, ERROR_CORRUPT, "a partition lies outside the disk");
	partition->offset = first * SECTOR_SIZE;
	partition->size = (last - first + 1) * SECTOR_SIZE;
	partition->is_bios_bootable = (bytes_get_u64(at + 48) & ATTRIBUTE_BIOS) != 0;
	for (size_t i = 0; i < NAME_CHARACTERS; i++) {
		uint16_t unit = bytes_get_u16(at + NAME_OFFSET + 2 * i);
		if (unit == 0)
			break;
		partition->name[i] = unit >= 0x20 && unit < 0x7f ? (char)unit : '?';
	}
	return true;
}

static bool check_header(const uint8_t *head, size_t size, struct error *err)
{
	const uint8_t *header = head + SECTOR_SIZE;
	uint8_t copy[HEADER_SIZE];
	uint32_t count;
	if (size >= 4 && memcmp(head, "QFI\xfb", 4) == 0) {
		(void)error_set(err, ERROR_INVALID, "a qcow2 file; this reads raw disks");
		return error_hint(err, "qemu-img convert -O raw FILE disk.img; the digest is "
				       "the raw disk's");
	}
	if (size < GPT_HEAD_SIZE || memcmp(header, SIGNATURE, strlen(SIGNATURE)) != 0)
		return error_set(err, ERROR_INVALID, "no GUID partition table: not an i2kit disk");
	memcpy(copy, header, HEADER_SIZE);
	bytes_put_u32(copy + 16, 0);
	count = bytes_get_u32(header + 80);
	if (bytes_get_u32(header + 12) != HEADER_SIZE ||
	    bytes_get_u64(header + 72) != ENTRIES_LBA ||
	    (count != ENTRIES_USUAL && count != ENTRIES_MANY) ||
	    bytes_get_u32(header + 84) != ENTRY_SIZE)
		return error_set(err, ERROR_UNSUPPORTED, "a partition table not made by i2kit");
	if (crc32(copy, HEADER_SIZE) != bytes_get_u32(header + 16) ||
	    crc32(head + (size_t)ENTRIES_LBA * SECTOR_SIZE, (size_t)count * ENTRY_SIZE) !=
		    bytes_get_u32(header + 88))
		return error_set(err, ERROR_CORRUPT, "the partition table's checksum is wrong");
	return true;
}

bool gpt_parse(const uint8_t *head, size_t size, uint64_t disk_size, struct gpt_table *ret,
	       struct error *err)
{
	static const uint8_t nothing[16];
	if (!check_header(head, size, err))
		return false;
	*ret = (struct gpt_table){.disk_size = disk_size};
	get_guid(head + SECTOR_SIZE + 56, ret->disk_uuid);
	uint32_t count = bytes_get_u32(head + SECTOR_SIZE + 80);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = head + (size_t)ENTRIES_LBA * SECTOR_SIZE + i * ENTRY_SIZE;
		if (memcmp(at, nothing, sizeof(nothing)) == 0)
			continue;
		if (ret->partition_count == GPT_PARTITIONS_MAX)
			return error_set(err, ERROR_UNSUPPORTED, "more than %u partitions",
					 GPT_PARTITIONS_MAX);
		if (!parse_entry(at, first_usable(count), disk_size,
				 &ret->partitions[ret->partition_count], err))
			return false;
		ret->partition_count++;
	}
	return true;
}
