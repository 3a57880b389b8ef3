/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_SEGMENT_H
#define I2KIT_LOCAL_LOGS_LOG_SEGMENT_H

/*
 * One file of the log store: PATH_DATA/logs/PROJECT/INSTANCE/SEQUENCE.log, SEQUENCE being the first
 * line's in 16 hex digits, so that a sorted folder is an index. In the byte order of the machine:
 * the files do not travel.
 *
 *	struct log_segment_header
 *	records: struct log_record_header | container | text | 0…7 zero bytes | u32 size
 *
 * A record starts and ends with its size (a multiple of 8), so it can be stepped over both ways;
 * `check` tells a torn one. Sequences grow within a file. Nothing is ever changed in place.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define LOG_SEGMENT_MAX_BYTES	((size_t)1 << 18) /* a reader holds one for each instance */
#define LOG_SEGMENT_NAME_SIZE	24		  /* "%016x.log" and NUL */
#define LOG_RECORD_FLAG_PARTIAL 1

struct log_segment_header {
	char magic[8]; /* LOG_SEGMENT_MAGIC */
	uint64_t first_sequence;
	int64_t first_time_ns;
	char pod[256]; /* NUL-terminated */
};
#define LOG_SEGMENT_MAGIC "i2klog1\n"

struct log_record_header {
	uint32_t size;
	uint32_t check; /* FNV-1a of all bytes after this field and before the closing size */
	uint64_t sequence;
	uint64_t line; /* counts the instance's records: a reader that was too slow sees the gap */
	int64_t time_ns;
	uint64_t guest_sequence;
	uint32_t boot; /* hash of the boot's id */
	uint32_t run;
	uint32_t lost_before;
	uint32_t text_size;
	uint8_t source;
	uint8_t flags;
	uint8_t container_size;
	uint8_t reserved[5];
};

struct log_record {
	struct log_record_header header;
	const char *container; /* borrowed from the bytes; container_size long */
	const char *text;      /* text_size long */
};

/* Fills header.size and header.check itself. */
void log_record_write(struct strbuf *to, const struct log_record *record);
/* Whether a whole, sound record starts at bytes. */
bool log_record_read(const void *bytes, size_t size, struct log_record *ret);

void log_segment_start(struct strbuf *to, const char *pod, uint64_t first_sequence,
		       int64_t first_time_ns);
bool log_segment_read_header(const void *bytes, size_t size, struct log_segment_header *ret);
/* Where the sound records end that begin at `offset` (a record's start). */
size_t log_segment_sound_end(const void *bytes, size_t size, size_t offset);
/* The start of the record that ends at `end`, in sound bytes; 0: `end` is the first one's start. */
size_t log_segment_step_back(const void *bytes, size_t end);

void log_segment_name(char out[LOG_SEGMENT_NAME_SIZE], uint64_t first_sequence);
bool log_segment_parse_name(const char *name, uint64_t *ret_first_sequence);

/* Names of all segments in a folder as first sequences, sorted. Owned; NULL with *ret_count 0 when
 * there is none or no folder. */
uint64_t *log_segment_list(const char *folder, size_t *ret_count);

uint32_t log_hash(const void *bytes, size_t size); /* FNV-1a */

#endif
