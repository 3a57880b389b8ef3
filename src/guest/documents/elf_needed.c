/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/elf_needed.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define MOST_SEGMENTS 64
#define MOST_NEEDED   128
#define MOST_NAME     255

struct image {
	const uint8_t *bytes;
	size_t size;
	Elf64_Phdr segments[MOST_SEGMENTS];
	size_t count;
};

static bool has_range(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static bool read_segments(struct image *image)
{
	Elf64_Ehdr header;
	if (image->size < sizeof(header))
		return false;
	memcpy(&header, image->bytes, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > MOST_SEGMENTS ||
	    !has_range(image, header.e_phoff, (uint64_t)header.e_phnum * sizeof(Elf64_Phdr)))
		return false;
	image->count = header.e_phnum;
	memcpy(image->segments, image->bytes + header.e_phoff, image->count * sizeof(Elf64_Phdr));
	return true;
}

/* A name that ends within `most` bytes, or nothing. */
static void add_name(const uint8_t *at, size_t most, struct string_list *ret)
{
	size_t size = strnlen((const char *)at, most < MOST_NAME ? most : MOST_NAME);
	if (size == 0 || size == most || size == MOST_NAME)
		return;
	AUTO_FREE char *name = xstrndup((const char *)at, size);
	if (!string_list_has(ret, name))
		string_list_add(ret, name);
}

/* Where an address of memory is in the file; false: nowhere. */
static bool find_address(const struct image *image, uint64_t address, uint64_t *ret)
{
	for (size_t i = 0; i < image->count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz)
			continue;
		uint64_t within = address - segment->p_vaddr;
		if (!has_range(image, segment->p_offset, within + 1))
			return false;
		*ret = segment->p_offset + within;
		return true;
	}
	return false;
}

static void read_dynamic(const struct image *image, const Elf64_Phdr *segment,
			 struct string_list *ret)
{
	uint64_t needed[MOST_NEEDED];
	size_t count = 0;
	uint64_t table = 0;
	for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment->p_filesz;
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;
		memcpy(&entry, image->bytes + segment->p_offset + at, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_STRTAB)
			table = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_NEEDED && count < MOST_NEEDED)
			needed[count++] = entry.d_un.d_val;
	}
	if (!find_address(image, table, &table))
		return;
	for (size_t i = 0; i < count; i++) {
		if (needed[i] < image->size - table)
			add_name(image->bytes + table + needed[i],
				 (size_t)(image->size - table - needed[i]), ret);
	}
}

/* "#!/bin/sh -e" */
static void add_script(const uint8_t *bytes, size_t size, struct string_list *ret)
{
	size_t most = size < MOST_NAME ? size : MOST_NAME;
	size_t begin = 2;
	while (begin < most && (bytes[begin] == ' ' || bytes[begin] == '\t'))
		begin++;
	size_t end = begin;
	while (end < most && bytes[end] > ' ' && bytes[end] < 0x7f)
		end++;
	if (begin < end && bytes[begin] == '/')
		string_list_take(ret, xstrndup((const char *)bytes + begin, end - begin));
}

void elf_needed_add(const uint8_t *bytes, size_t size, struct string_list *ret)
{
	struct image image = {.bytes = bytes, .size = size};
	if (size > 2 && bytes[0] == '#' && bytes[1] == '!') {
		add_script(bytes, size, ret);
		return;
	}
	if (!read_segments(&image))
		return;
	for (size_t i = 0; i < image.count; i++) {
		const Elf64_Phdr *segment = &image.segments[i];
		if (!has_range(&image, segment->p_offset, segment->p_filesz))
			continue;
		if (segment->p_type == PT_INTERP)
			add_name(bytes + segment->p_offset, (size_t)segment->p_filesz, ret);
		else if (segment->p_type == PT_DYNAMIC)
			read_dynamic(&image, segment, ret);
	}
}
