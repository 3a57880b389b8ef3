/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/kernel_unpack.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

#include <lz4.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#define SETUP_SECTORS	  0x1f1u
#define HEADER_MAGIC	  0x202u
#define PROTOCOL_VERSION  0x206u
#define PAYLOAD_OFFSET	  0x248u
#define PAYLOAD_LENGTH	  0x24cu
#define HEADER_END	  0x250u
#define PROTOCOL_PAYLOAD  0x0208u /* since 2.08 it says where the payload is */
#define LZ4_LEGACY_MAGIC  0x184c2102u
#define LZ4_LEGACY_BLOCK  ((size_t)8 << 20)
#define ZSTD_MAGIC	  0xfd2fb528u
#define NOTE_PHYS32_ENTRY 18u /* of "Xen" */

/* The payload's last four bytes are its size when unpacked. */
static bool find_payload(const uint8_t *bzimage, size_t size, const uint8_t **ret, size_t *ret_size)
{
	if (size < HEADER_END || memcmp(bzimage + HEADER_MAGIC, "HdrS", 4) != 0 ||
	    bytes_get_u16(bzimage + PROTOCOL_VERSION) < PROTOCOL_PAYLOAD)
		return false;
	size_t setup = bzimage[SETUP_SECTORS] == 0 ? 4 : bzimage[SETUP_SECTORS];
	uint64_t offset = (setup + 1) * 512 + (uint64_t)bytes_get_u32(bzimage + PAYLOAD_OFFSET);
	uint64_t length = bytes_get_u32(bzimage + PAYLOAD_LENGTH);
	if (offset > size || length > size - offset || length < 12)
		return false;
	*ret = bzimage + offset;
	*ret_size = (size_t)length;
	return true;
}

/* Magic, then blocks of a compressed size and at most 8 MiB of content each. */
static bool unpack_lz4(const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size)
{
	size_t at = 4, done = 0;
	while (done < to_size) {
		if (from_size - at < 4)
			return false;
		size_t block = bytes_get_u32(from + at);
		size_t room = to_size - done < LZ4_LEGACY_BLOCK ? to_size - done : LZ4_LEGACY_BLOCK;
		at += 4;
		if (block > from_size - at || block > INT_MAX)
			return false;
		int count = LZ4_decompress_safe((const char *)from + at, (char *)to + done,
						(int)block, (int)room);
		if (count <= 0)
			return false;
		at += block;
		done += (size_t)count;
	}
	return true;
}

static bool unpack_zstd(const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size)
{
	size_t frame = ZSTD_findFrameCompressedSize(from, from_size);
	return !ZSTD_isError(frame) && ZSTD_decompress(to, to_size, from, frame) == to_size;
}

uint8_t *kernel_unpack(const uint8_t *bzimage, size_t size, size_t *ret_size)
{
	const uint8_t *payload;
	size_t payload_size;
	if (!find_payload(bzimage, size, &payload, &payload_size))
		return NULL;
	size_t unpacked = bytes_get_u32(payload + payload_size - 4);
	payload_size -= 4;
	if (unpacked == 0 || unpacked > KERNEL_UNPACKED_MAX)
		return NULL;
	AUTO_FREE uint8_t *elf = xmalloc(unpacked);
	uint32_t magic = bytes_get_u32(payload);
	bool is_good = magic == LZ4_LEGACY_MAGIC ? unpack_lz4(payload, payload_size, elf, unpacked)
		       : magic == ZSTD_MAGIC	 ? unpack_zstd(payload, payload_size, elf, unpacked)
						 : false;
	if (!is_good || !kernel_has_pvh_note(elf, unpacked))
		return NULL;
	*ret_size = unpacked;
	return TAKE_PTR(elf);
}

static size_t align4(size_t size)
{
	return (size + 3) / 4 * 4;
}

static bool notes_have_pvh(const uint8_t *notes, size_t size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		size_t name_size = bytes_get_u32(notes), content_size = bytes_get_u32(notes + 4);
		uint32_t type = bytes_get_u32(notes + 8);
		notes += sizeof(Elf64_Nhdr);
		size -= sizeof(Elf64_Nhdr);
		if (name_size > size || content_size > size ||
		    align4(name_size) + align4(content_size) > size)
			return false;
		if (type == NOTE_PHYS32_ENTRY && name_size == 4 && memcmp(notes, "Xen", 4) == 0)
			return true;
		notes += align4(name_size) + align4(content_size);
		size -= align4(name_size) + align4(content_size);
	}
	return false;
}

bool kernel_has_pvh_note(const uint8_t *elf, size_t size)
{
	Elf64_Ehdr header;
	if (size < sizeof(header))
		return false;
	memcpy(&header, elf, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		if (header.e_phoff > size ||
		    (i + 1) * sizeof(segment) > size - (size_t)header.e_phoff)
			return false;
		memcpy(&segment, elf + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_NOTE && segment.p_offset <= size &&
		    segment.p_filesz <= size - segment.p_offset &&
		    notes_have_pvh(elf + segment.p_offset, (size_t)segment.p_filesz))
			return true;
	}
	return false;
}
