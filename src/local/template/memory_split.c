/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/memory_split.h"

#include <string.h>

#define FILE_MAGIC	"QEVM\0\0\0\3"
#define FILE_MAGIC_SIZE 8
/* Of a section: its name with its length before it, instance 0, version 4. */
#define RAM_HEADER	"\3ram\0\0\0\0\0\0\0\4"
#define RAM_HEADER_SIZE 12
/* The machine's name and the like come before: some 60 bytes. */
#define MOST_BEFORE 4096

/* Kinds of sections. */
enum {
	SECTION_START = 1,
	SECTION_PART = 2,
	SECTION_END = 3,
	SECTION_COMMAND = 8,
	SECTION_FOOTER = 0x7e
};
/* In the low bits of a page's address. */
enum { FLAG_ZERO = 0x02, FLAG_SIZE = 0x04, FLAG_PAGE = 0x08, FLAG_EOS = 0x10, FLAG_SAME = 0x20 };
#define FLAGS ((uint64_t)MEMORY_PAGE_SIZE - 1)

struct splitter {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	bool is_bad;		/* it ended too soon, or is something else */
	const uint8_t *section; /* the four bytes of its number */
	const uint8_t *name;	/* of the block whose pages come; with its length before it */
	uint64_t memory_bytes;
	const struct memory_sink *sink;
	struct strbuf *rest;
	struct strbuf others; /* pages of other blocks */
	struct error *err;
};

/* NULL: there are not as many. */
static const uint8_t *take(struct splitter *split, size_t count)
{
	const uint8_t *from = split->bytes + split->at;

	if (split->is_bad || split->size - split->at < count) {
		split->is_bad = true;
		return NULL;
	}
	split->at += count;
	return from;
}

static uint8_t take_u8(struct splitter *split)
{
	const uint8_t *from = take(split, 1);

	return from != NULL ? *from : 0;
}

static uint64_t take_u64(struct splitter *split)
{
	const uint8_t *from = take(split, 8);
	uint64_t value = 0;

	for (size_t i = 0; from != NULL && i < 8; i++)
		value = value << 8 | from[i];
	return value;
}

static void put_u64(struct strbuf *out, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		strbuf_append_char(out, (char)(value >> shift & 0xff));
}

/* A name with its length before it. */
static const uint8_t *take_name(struct splitter *split)
{
	const uint8_t *from = take(split, 1);

	return from != NULL && take(split, *from) != NULL ? from : NULL;
}

static bool is_memory(const uint8_t *name)
{
	return name[0] == strlen(MEMORY_BLOCK) && memcmp(name + 1, MEMORY_BLOCK, name[0]) == 0;
}

static void put_name(struct strbuf *out, const uint8_t *name)
{
	if (is_memory(name))
		strbuf_appendf(out, "%c" MEMORY_FILE_BLOCK, (char)name[0]);
	else
		strbuf_append_bytes(out, name, (size_t)name[0] + 1);
}

/* What ends each section. */
static void take_footer(struct splitter *split)
{
	const uint8_t *footer = take(split, 5);

	if (footer != NULL &&
	    (footer[0] != SECTION_FOOTER || memcmp(footer + 1, split->section, 4) != 0))
		split->is_bad = true;
}

static void put_end(struct splitter *split)
{
	put_u64(split->rest, FLAG_EOS);
	strbuf_append_char(split->rest, SECTION_FOOTER);
	strbuf_append_bytes(split->rest, split->section, 4);
}

/* Up to and with the header of section "ram". */
static void split_head(struct splitter *split)
{
	size_t most = split->size < MOST_BEFORE ? split->size : MOST_BEFORE;
	const uint8_t *found =
		most > FILE_MAGIC_SIZE + 5
			? memmem(split->bytes + FILE_MAGIC_SIZE + 5, most - FILE_MAGIC_SIZE - 5,
				 RAM_HEADER, RAM_HEADER_SIZE)
			: NULL;

	if (found == NULL || memcmp(split->bytes, FILE_MAGIC, FILE_MAGIC_SIZE) != 0 ||
	    found[-5] != SECTION_START) {
		split->is_bad = true;
		return;
	}
	split->section = found - 4;
	split->at = (size_t)(found - split->bytes) + RAM_HEADER_SIZE;
	strbuf_append_bytes(split->rest, split->bytes, split->at);
}

/* The list of blocks. */
static void split_blocks(struct splitter *split)
{
	uint64_t total = take_u64(split);
	uint64_t left = total & ~FLAGS;

	if ((total & FLAGS) != FLAG_SIZE || left > MEMORY_MAX_BYTES)
		split->is_bad = true;
	put_u64(split->rest, total);
	while (!split->is_bad && left > 0) {
		const uint8_t *name = take_name(split);
		uint64_t bytes = take_u64(split);
		if (split->is_bad || name == NULL || bytes == 0 || bytes > left ||
		    (is_memory(name) && split->memory_bytes != 0)) {
			split->is_bad = true;
			return;
		}
		left -= bytes;
		if (is_memory(name))
			split->memory_bytes = bytes;
		put_name(split->rest, name);
		put_u64(split->rest, bytes);
	}
	if (take_u64(split) != FLAG_EOS || split->memory_bytes == 0 ||
	    split->memory_bytes % MEMORY_PAGE_SIZE != 0)
		split->is_bad = true;
	take_footer(split);
	if (!split->is_bad)
		put_end(split);
}

/* bytes: of it, or NULL for zeros. */
static bool put_page(struct splitter *split, uint64_t at, const uint8_t *bytes)
{
	if (is_memory(split->name)) {
		split->is_bad = split->is_bad || at >= split->memory_bytes;
		return split->is_bad || split->sink->page(at, bytes, split->sink->arg, split->err);
	}
	put_u64(&split->others, at | (uint64_t)(bytes != NULL ? FLAG_PAGE : FLAG_ZERO));
	strbuf_append_bytes(&split->others, split->name, (size_t)split->name[0] + 1);
	if (bytes != NULL)
		strbuf_append_bytes(&split->others, bytes, MEMORY_PAGE_SIZE);
	else
		strbuf_append_char(&split->others, '\0');
	return true;
}

/* One page, or the end of the section; false: the sink's error. */
static bool split_page(struct splitter *split, bool *ret_is_end)
{
	uint64_t word = take_u64(split);
	uint64_t flags = word & FLAGS;
	uint64_t kind = flags & ~(uint64_t)FLAG_SAME;
	const uint8_t *bytes = NULL;

	*ret_is_end = split->is_bad || flags == FLAG_EOS;
	if (*ret_is_end)
		return true;
	if ((flags & FLAG_SAME) == 0)
		split->name = take_name(split);
	if (kind == FLAG_PAGE)
		bytes = take(split, MEMORY_PAGE_SIZE);
	else if (kind != FLAG_ZERO || take_u8(split) != 0)
		split->is_bad = true;
	if (split->name == NULL)
		split->is_bad = true;
	return split->is_bad || put_page(split, word & ~FLAGS, bytes);
}

/* From QEMU 10 on one says that the VM stands still. It stays, before the section of the end. */
static void keep_command(struct splitter *split)
{
	const uint8_t *head = take(split, 4);

	if (head == NULL)
		return;
	size_t size = (size_t)head[2] << 8 | head[3];
	if (take(split, size) == NULL)
		return;
	strbuf_append_char(split->rest, SECTION_COMMAND);
	strbuf_append_bytes(split->rest, head, 4 + size);
}

/* All sections with pages; one that ends them comes in their place. */
static bool split_pages(struct splitter *split)
{
	for (uint8_t kind = 0; !split->is_bad && kind != SECTION_END;) {
		kind = take_u8(split);
		if (kind == SECTION_COMMAND) {
			keep_command(split);
			continue;
		}
		const uint8_t *section = take(split, 4);
		if (section == NULL || (kind != SECTION_PART && kind != SECTION_END) ||
		    memcmp(section, split->section, 4) != 0)
			split->is_bad = true;
		for (bool is_end = false; !split->is_bad && !is_end;) {
			if (!split_page(split, &is_end))
				return false;
		}
		take_footer(split);
	}
	if (split->is_bad)
		return true;
	strbuf_append_char(split->rest, SECTION_END);
	strbuf_append_bytes(split->rest, split->section, 4);
	strbuf_append_bytes(split->rest, strbuf_text(&split->others), split->others.size);
	put_end(split);
	return true;
}

bool memory_split(const uint8_t *stream, size_t size, const struct memory_sink *sink,
		  struct strbuf *rest, uint64_t *ret_bytes, struct error *err)
{
	struct splitter split = {
		.bytes = stream, .size = size, .sink = sink, .rest = rest, .err = err};

	split_head(&split);
	if (!split.is_bad)
		split_blocks(&split);
	bool is_good = split.is_bad || split_pages(&split);
	strbuf_clear(&split.others);
	if (!is_good)
		return false;
	if (split.is_bad)
		return error_set(err, ERROR_CORRUPT, "QEMU's saved state is not as expected");
	strbuf_append_bytes(rest, stream + split.at, size - split.at);
	*ret_bytes = split.memory_bytes;
	return true;
}
