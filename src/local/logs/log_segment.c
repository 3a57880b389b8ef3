/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_segment.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

static_assert(sizeof(struct log_segment_header) == 280, "on disk");
static_assert(sizeof(struct log_record_header) == 64, "on disk");

/* Far more than a quota needs; a folder with more was filled by somebody else. */
#define MAX_SEGMENTS ((size_t)65536)

uint32_t log_hash(const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 16777619U;
	return hash;
}

static uint32_t record_check(const char *record, size_t size)
{
	const size_t skip = 2 * sizeof(uint32_t);

	return log_hash(record + skip, size - skip - sizeof(uint32_t));
}

void log_record_write(struct strbuf *to, const struct log_record *record)
{
	struct log_record_header header = record->header;
	size_t body = sizeof(header) + header.container_size + header.text_size;
	size_t size = (body + sizeof(uint32_t) + 7) & ~(size_t)7;
	char *at = strbuf_reserve(to, size);

	assert(at != NULL && size <= UINT32_MAX);
	header.size = (uint32_t)size;
	header.check = 0;
	memset(header.reserved, 0, sizeof(header.reserved));
	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), record->container, header.container_size);
	if (header.text_size > 0)
		memcpy(at + sizeof(header) + header.container_size, record->text, header.text_size);
	memset(at + body, 0, size - body);
	memcpy(at + size - sizeof(uint32_t), &header.size, sizeof(uint32_t));
	header.check = record_check(at, size);
	memcpy(at, &header, sizeof(header));
	to->size += size;
	to->data[to->size] = '\0';
}

bool log_record_read(const void *bytes, size_t size, struct log_record *ret)
{
	const char *at = bytes;
	struct log_record_header header;
	uint32_t closing;

	if (size < sizeof(header))
		return false;
	memcpy(&header, at, sizeof(header));
	if (header.size % 8 != 0 || header.size > size || header.size > LOG_SEGMENT_MAX_BYTES ||
	    (uint64_t)header.text_size + header.container_size + sizeof(header) + sizeof(uint32_t) >
		    header.size)
		return false;
	memcpy(&closing, at + header.size - sizeof(closing), sizeof(closing));
	if (closing != header.size || header.check != record_check(at, header.size))
		return false;
	ret->header = header;
	ret->container = at + sizeof(header);
	ret->text = ret->container + header.container_size;
	return true;
}

void log_segment_start(struct strbuf *to, const char *pod, uint64_t first_sequence,
		       int64_t first_time_ns)
{
	struct log_segment_header header = {.first_sequence = first_sequence,
					    .first_time_ns = first_time_ns};

	memcpy(header.magic, LOG_SEGMENT_MAGIC, sizeof(header.magic));
	(void)snprintf(header.pod, sizeof(header.pod), "%s", pod);
	strbuf_append_bytes(to, &header, sizeof(header));
}

bool log_segment_read_header(const void *bytes, size_t size, struct log_segment_header *ret)
{
	if (size < sizeof(*ret) || memcmp(bytes, LOG_SEGMENT_MAGIC, sizeof(ret->magic)) != 0)
		return false;
	memcpy(ret, bytes, sizeof(*ret));
	return memchr(ret->pod, '\0', sizeof(ret->pod)) != NULL;
}

size_t log_segment_sound_end(const void *bytes, size_t size, size_t offset)
{
	struct log_record record;

	while (log_record_read((const char *)bytes + offset, size - offset, &record))
		offset += record.header.size;
	return offset;
}

size_t log_segment_step_back(const void *bytes, size_t end)
{
	uint32_t size;

	if (end <= sizeof(struct log_segment_header))
		return 0;
	memcpy(&size, (const char *)bytes + end - sizeof(size), sizeof(size));
	return end - size;
}

void log_segment_name(char out[LOG_SEGMENT_NAME_SIZE], uint64_t first_sequence)
{
	(void)snprintf(out, LOG_SEGMENT_NAME_SIZE, "%016" PRIx64 ".log", first_sequence);
}

bool log_segment_parse_name(const char *name, uint64_t *ret_first_sequence)
{
	char digits[17];

	if (strlen(name) != 20 || strcmp(name + 16, ".log") != 0)
		return false;
	memcpy(digits, name, 16);
	digits[16] = '\0';
	return parse_hex_u64(digits, UINT64_MAX, ret_first_sequence);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void auto_closedir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
}

uint64_t *log_segment_list(const char *folder, size_t *ret_count)
{
	AUTO(auto_closedir) DIR *dir = opendir(folder);
	const struct dirent *entry;
	uint64_t *list = NULL;
	size_t count = 0;

	while (dir != NULL && count < MAX_SEGMENTS && (entry = readdir(dir)) != NULL) {
		uint64_t first;
		if (log_segment_parse_name(entry->d_name, &first))
			*ARRAY_APPEND(list, count) = first;
	}
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_u64);
	*ret_count = count;
	return list;
}
