/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/tar_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum { BLOCK_SIZE = 512, BUFFER_SIZE = 256 << 10, ENTRIES_MAX = 2000000 };
#define OCTAL_7_MAX  UINT64_C(07777777)
#define OCTAL_11_MAX UINT64_C(077777777777)

struct tar_writer {
	const struct store *store;
	int fd;
	struct strbuf buffer;
	uint64_t offset; /* of the end of buffer, in the file */
	uint64_t left;	 /* bytes of data still due */
	struct tar_place *places;
	size_t place_count;
};

struct tar_writer *tar_writer_new(const struct store *store, int fd)
{
	struct tar_writer *writer = xcalloc(1, sizeof(*writer));
	writer->store = store;
	writer->fd = fd;
	return writer;
}

void tar_writer_free(struct tar_writer *writer)
{
	if (writer == NULL)
		return;
	for (size_t i = 0; i < writer->place_count; i++) {
		free(writer->places[i].name);
		free(writer->places[i].link);
	}
	free(writer->places);
	strbuf_clear(&writer->buffer);
	free(writer);
}

static bool flush(struct tar_writer *writer, struct error *err)
{
	if (writer->buffer.size == 0)
		return true;
	if (!store_write(writer->store, writer->fd, writer->buffer.data, writer->buffer.size, err))
		return false;
	strbuf_reset(&writer->buffer);
	return true;
}

static bool put(struct tar_writer *writer, const void *bytes, size_t size, struct error *err)
{
	writer->offset += size;
	if (size >= BUFFER_SIZE)
		return flush(writer, err) &&
		       store_write(writer->store, writer->fd, bytes, size, err);
	strbuf_append_bytes(&writer->buffer, bytes, size);
	return writer->buffer.size < BUFFER_SIZE || flush(writer, err);
}

static bool pad(struct tar_writer *writer, struct error *err)
{
	static const char zeros[BLOCK_SIZE];
	size_t over = (size_t)(writer->offset % BLOCK_SIZE);
	return over == 0 || put(writer, zeros, BLOCK_SIZE - over, err);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static void append_record(struct strbuf *text, const char *key, const void *value, size_t size)
{
	size_t rest = strlen(key) + size + 3; /* space, = and newline */
	size_t length = rest + 1;
	while ((size_t)snprintf(NULL, 0, "%zu", length) + rest != length)
		length = (size_t)snprintf(NULL, 0, "%zu", length) + rest;
	strbuf_appendf(text, "%zu %s=", length, key);
	strbuf_append_bytes(text, value, size);
	strbuf_append_char(text, '\n');
}

static void append_text_record(struct strbuf *text, const char *key, const char *value)
{
	append_record(text, key, value, strlen(value));
}

static void append_number_record(struct strbuf *text, const char *key, uint64_t value)
{
	AUTO_FREE char *digits = xasprintf("%llu", (unsigned long long)value);
	append_text_record(text, key, digits);
}

static bool fits(const char *text, size_t room)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80)
			return false;
	}
	return strlen(text) <= room;
}

static void make_records(const struct tar_entry *entry, struct strbuf *text)
{
	enum { NAME_ROOM = 100 };
	if (!fits(entry->name, NAME_ROOM))
		append_text_record(text, "path", entry->name);
	if (entry->link != NULL && !fits(entry->link, NAME_ROOM))
		append_text_record(text, "linkpath", entry->link);
	if (entry->size_bytes > OCTAL_11_MAX)
		append_number_record(text, "size", entry->size_bytes);
	if (entry->uid > OCTAL_7_MAX)
		append_number_record(text, "uid", entry->uid);
	if (entry->gid > OCTAL_7_MAX)
		append_number_record(text, "gid", entry->gid);
	if (entry->mtime_ns != 0 || entry->mtime_s < 0) {
		/* -0.3 s is one second before, and 0.7 after that. */
		bool is_odd = entry->mtime_s < 0 && entry->mtime_ns != 0;
		AUTO_FREE char *when =
			xasprintf("%s%lld.%09u", is_odd && entry->mtime_s == -1 ? "-" : "",
				  (long long)(is_odd ? entry->mtime_s + 1 : entry->mtime_s),
				  is_odd ? 1000000000u - entry->mtime_ns : entry->mtime_ns);
		append_text_record(text, "mtime", when);
	}
	for (size_t i = 0; i < entry->record_count; i++)
		append_record(text, entry->records[i].key, entry->records[i].value,
			      entry->records[i].size);
}

/* A number in `room` bytes: octal digits and a NUL; what does not fit is in a PAX record. */
static void put_octal(char *field, size_t room, uint64_t value)
{
	uint64_t max = room >= 12 ? OCTAL_11_MAX : OCTAL_7_MAX;
	if (value > max)
		value = 0;
	for (size_t i = room - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
	field[room - 1] = '\0';
}

static void put_text(char *field, size_t room, const char *text)
{
	size_t length = strlen(text);
	memcpy(field, text, length < room ? length : room);
}

static void make_header(char block[BLOCK_SIZE], const struct tar_entry *entry, char type,
			uint64_t size)
{
	unsigned sum = 0;
	memset(block, 0, BLOCK_SIZE);
	put_text(block, 100, entry->name);
	put_octal(block + 100, 8, entry->mode);
	put_octal(block + 108, 8, entry->uid);
	put_octal(block + 116, 8, entry->gid);
	put_octal(block + 124, 12, size);
	put_octal(block + 136, 12, entry->mtime_s > 0 ? (uint64_t)entry->mtime_s : 0);
	memset(block + 148, ' ', 8);
	block[156] = type;
	if (entry->link != NULL)
		put_text(block + 157, 100, entry->link);
	memcpy(block + 257, "ustar\00000", 8);
	put_octal(block + 329, 8, entry->device_major);
	put_octal(block + 337, 8, entry->device_minor);
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		sum += (unsigned char)block[i];
	put_octal(block + 148, 7, sum);
	block[155] = ' ';
}

static void remember(struct tar_writer *writer, const struct tar_entry *entry)
{
	size_t order = writer->place_count;
	struct tar_place *place = ARRAY_APPEND(writer->places, writer->place_count);
	*place = (struct tar_place){.name = xstrdup(entry->name),
				    .link = xstrdup_or_null(entry->link),
				    .type = entry->type,
				    .mode = entry->mode,
				    .uid = entry->uid,
				    .gid = entry->gid,
				    .mtime_s = entry->mtime_s,
				    .size_bytes = entry->size_bytes,
				    .data_offset = writer->offset,
				    .device_major = entry->device_major,
				    .device_minor = entry->device_minor,
				    .order = order};
}

bool tar_writer_begin(struct tar_writer *writer, const struct tar_entry *entry, struct error *err)
{
	char block[BLOCK_SIZE];
	AUTO(strbuf_clear) struct strbuf records = STRBUF_INIT;
	if (writer->place_count >= ENTRIES_MAX)
		return error_set(err, ERROR_INVALID, "more than %d files", ENTRIES_MAX);
	make_records(entry, &records);
	if (records.size > 0) {
		const struct tar_entry extra = {.name = "PaxHeaders.0", .mode = 0644};
		make_header(block, &extra, 'x', records.size);
		if (!put(writer, block, BLOCK_SIZE, err) ||
		    !put(writer, records.data, records.size, err) || !pad(writer, err))
			return false;
	}
	make_header(block, entry, (char)entry->type, entry->size_bytes);
	if (!put(writer, block, BLOCK_SIZE, err))
		return false;
	remember(writer, entry);
	writer->left = entry->size_bytes;
	return true;
}

bool tar_writer_data(struct tar_writer *writer, const void *bytes, size_t size, struct error *err)
{
	if (size > writer->left)
		return error_set(err, ERROR_INVALID, "a file is longer than it said");
	writer->left -= size;
	return put(writer, bytes, size, err) && (writer->left > 0 || pad(writer, err));
}

bool tar_writer_add(struct tar_writer *writer, const struct tar_entry *entry, const void *bytes,
		    struct error *err)
{
	return tar_writer_begin(writer, entry, err) &&
	       (entry->size_bytes == 0 ||
		tar_writer_data(writer, bytes, (size_t)entry->size_bytes, err));
}

bool tar_writer_finish(struct tar_writer *writer, struct error *err)
{
	static const char zeros[2 * BLOCK_SIZE];
	if (writer->left > 0)
		return error_set(err, ERROR_INVALID, "a file is shorter than it said");
	return put(writer, zeros, sizeof(zeros), err) && flush(writer, err);
}

static int by_name_and_order(const void *a, const void *b)
{
	const struct tar_place *one = a;
	const struct tar_place *two = b;
	int order = strcmp(one->name, two->name);
	if (order != 0)
		return order;
	return one->order < two->order ? -1 : 1;
}

const struct tar_place *tar_writer_places(struct tar_writer *writer, size_t *ret_count)
{
	size_t kept = 0;
	if (writer->place_count > 1)
		qsort(writer->places, writer->place_count, sizeof(writer->places[0]),
		      by_name_and_order);
	for (size_t i = 0; i < writer->place_count; i++) {
		struct tar_place *place = &writer->places[i];
		bool is_last = i + 1 == writer->place_count ||
			       strcmp(place->name, writer->places[i + 1].name) != 0;
		if (!is_last) {
			free(place->name);
			free(place->link);
			continue;
		}
		writer->places[kept++] = *place;
	}
	writer->place_count = kept;
	*ret_count = kept;
	return writer->places;
}
