/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_LOG_RECORD_H
#define I2KIT_WIRE_LOG_RECORD_H

/* The records inside a LOG message, doc/formats.md §5. */

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

struct wire_log_record {
	uint64_t sequence;
	int64_t wall_ns;
	enum wire_log_source source;
	bool is_partial;
	const char *container; /* not NUL-terminated */
	uint8_t container_size;
	const char *text; /* not NUL-terminated */
	size_t text_size;
};

/* Appends `u32 size` and the record. */
void wire_log_append(struct strbuf *out, const struct wire_log_record *record);

/*
 * Reads the record at *offset and moves on. False at the end, with err untouched, and for a
 * malformed record, with err set. *ret points into bytes.
 */
MUST_CHECK bool wire_log_next(const void *bytes, size_t size, size_t *offset,
			      struct wire_log_record *ret, struct error *err);

#endif
