/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_LOG_RECORD_H
#define I2KIT_WIRE_LOG_RECORD_H

/*
 * The records inside a LOG message, doc/formats.md §5. A record is one line, or raw output: many
 * lines as they were written, which only the reader cuts, since the host's processor is cheaper
 * than the guest's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum wire_log_source {
	WIRE_LOG_STDOUT = 0,
	WIRE_LOG_STDERR = 1,
	WIRE_LOG_KERNEL = 2,
	WIRE_LOG_INIT = 3,
};

#define WIRE_LOG_HEADER_SIZE 23 /* size, sequence, time, source, flags, length of the name */
#define WIRE_LOG_PIECE	     ((size_t)16 << 10) /* longer lines of raw output come in pieces */

struct wire_log_record {
	uint64_t sequence; /* at the record's end: bytes of output of this boot, newlines too */
	int64_t wall_ns;
	enum wire_log_source source;
	bool is_partial; /* the (last) line goes on in a later record */
	bool is_raw; /* text is lines with their newlines; the last byte is one, or is_partial */
	const char *container; /* not NUL-terminated */
	uint8_t container_size;
	const char *text; /* not NUL-terminated */
	size_t text_size;
};

/* Appends `u32 size` and the record. */
void wire_log_append(struct strbuf *out, const struct wire_log_record *record);

struct wire_log_reader {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	size_t offset;
	struct wire_log_record rest; /* of raw output: the lines that are to come */
};
#define WIRE_LOG_READER(from, length)                                                              \
	((struct wire_log_reader){.bytes = (const uint8_t *)(from), .size = (length)})

/*
 * The next line (never is_raw), or piece of a long one. False at the end, with err untouched, and
 * for a malformed record, with err set. *ret points into bytes.
 */
MUST_CHECK bool wire_log_next(struct wire_log_reader *reader, struct wire_log_record *ret,
			      struct error *err);

#endif
