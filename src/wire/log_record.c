/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/log_record.h"

#include <string.h>

#include "wire/bytes.h"

#define FLAG_PARTIAL 1U

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
	header[21] = record->is_partial ? FLAG_PARTIAL : 0;
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

bool wire_log_next(const void *bytes, size_t size, size_t *offset, struct wire_log_record *ret,
		   struct error *err)
{
	if (*offset >= size)
		return false;
	const uint8_t *at = (const uint8_t *)bytes + *offset;
	size_t rest = size - *offset;
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
		.container = (const char *)at + WIRE_LOG_HEADER_SIZE,
		.container_size = name_size,
		.text = (const char *)at + WIRE_LOG_HEADER_SIZE + name_size,
		.text_size = body - name_size,
	};
	*offset += 4 + (size_t)record_size;
	return true;
}
