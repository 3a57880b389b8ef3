/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/log_record.h"

#include <string.h>

#include "base/bytes.h"

#define FLAG_PARTIAL 1U
#define FLAG_RAW     2U

void wire_log_append(struct strbuf *out, const struct wire_log_record *record)
{
	size_t whole = WIRE_LOG_HEADER_SIZE + record->container_size + record->text_size;
	uint8_t *header = (uint8_t *)strbuf_reserve(out, whole);
	if (header == NULL)
		return; /* out has a ceiling, and says so in is_cut */
	bytes_put_u32(header, (uint32_t)(whole - 4));
	bytes_put_u64(header + 4, record->sequence);
	bytes_put_u64(header + 12, (uint64_t)record->wall_ns);
	header[20] = (uint8_t)record->source;
	header[21] = (uint8_t)((record->is_partial ? FLAG_PARTIAL : 0) |
			       (record->is_raw ? FLAG_RAW : 0));
	header[22] = record->container_size;
	uint8_t *at = header + WIRE_LOG_HEADER_SIZE;
	if (record->container_size > 0)
		memcpy(at, record->container, record->container_size);
	if (record->text_size > 0)
		memcpy(at + record->container_size, record->text, record->text_size);
	out->size += whole;
	out->data[out->size] = '\0';
}

static bool malformed(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "agent channel: LOG record %s", what);
}

static bool read_record(struct wire_log_reader *reader, struct wire_log_record *ret,
			struct error *err)
{
	const uint8_t *at = reader->bytes + reader->offset;
	size_t rest = reader->size - reader->offset;
	if (rest < WIRE_LOG_HEADER_SIZE)
		return malformed(err, "is cut off");
	uint32_t record_size = bytes_get_u32(at);
	if (record_size > rest - 4 || record_size < WIRE_LOG_HEADER_SIZE - 4)
		return malformed(err, "has a wrong size");
	if (at[20] > WIRE_LOG_INIT)
		return malformed(err, "has an unknown source");
	uint8_t name_size = at[22];
	size_t body = record_size - (WIRE_LOG_HEADER_SIZE - 4);
	if (name_size > body)
		return malformed(err, "has a wrong name length");
	*ret = (struct wire_log_record){
		.sequence = bytes_get_u64(at + 4),
		.wall_ns = (int64_t)bytes_get_u64(at + 12),
		.source = (enum wire_log_source)at[20],
		.is_partial = (at[21] & FLAG_PARTIAL) != 0,
		.is_raw = (at[21] & FLAG_RAW) != 0,
		.container = (const char *)at + WIRE_LOG_HEADER_SIZE,
		.container_size = name_size,
		.text = (const char *)at + WIRE_LOG_HEADER_SIZE + name_size,
		.text_size = body - name_size,
	};
	reader->offset += 4 + (size_t)record_size;
	return true;
}

static bool raw_is_sound(const struct wire_log_record *raw)
{
	return raw->text_size > 0 && raw->sequence >= raw->text_size &&
	       (raw->is_partial || raw->text[raw->text_size - 1] == '\n');
}

/* The first line of raw output, and what is left of it. */
static void cut_line(struct wire_log_record *raw, struct wire_log_record *ret)
{
	size_t limit = raw->text_size <= WIRE_LOG_PIECE ? raw->text_size : WIRE_LOG_PIECE + 1;
	const char *end = memchr(raw->text, '\n', limit);
	size_t piece = limit <= WIRE_LOG_PIECE ? limit : WIRE_LOG_PIECE;
	size_t used = end != NULL ? (size_t)(end - raw->text) + 1 : piece;
	*ret = *raw;
	ret->is_raw = false;
	ret->is_partial = end == NULL;
	ret->text_size = end != NULL ? used - 1 : used;
	raw->text += used;
	raw->text_size -= used;
	ret->sequence = raw->sequence - raw->text_size;
}

bool wire_log_next(struct wire_log_reader *reader, struct wire_log_record *ret, struct error *err)
{
	if (reader->rest.text_size == 0) {
		struct wire_log_record record;
		if (reader->offset >= reader->size || !read_record(reader, &record, err))
			return false;
		if (!record.is_raw) {
			*ret = record;
			return true;
		}
		if (!raw_is_sound(&record))
			return malformed(err, "has raw output without an end");
		reader->rest = record;
	}
	cut_line(&reader->rest, ret);
	return true;
}
