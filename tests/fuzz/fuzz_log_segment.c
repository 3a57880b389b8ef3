/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "local/logs/log_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t sum;

static void touch(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += (uint8_t)bytes[i];
}

/*
 * A damaged segment: what counts as sound can be walked both ways, and both see the same records.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct log_segment_header header;
	struct log_record record;
	size_t forward = 0;
	size_t back = 0;
	size_t end;
	size_t at;

	if (size > LOG_SEGMENT_MAX_BYTES || !log_segment_read_header(bytes, size, &header))
		return 0;
	end = log_segment_sound_end(bytes, size, sizeof(header));
	for (at = sizeof(header); at < end; at += record.header.size) {
		if (!log_record_read(bytes + at, end - at, &record))
			abort();
		touch(record.container, record.header.container_size);
		touch(record.text, record.header.text_size);
		forward++;
	}
	while ((at = log_segment_step_back(bytes, end)) != 0) {
		if (at >= end || !log_record_read(bytes + at, end - at, &record))
			abort();
		end = at;
		back++;
	}
	if (forward != back)
		abort();
	return 0;
}
