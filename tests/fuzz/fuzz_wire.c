/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/frame.h"
#include "wire/log_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_records(const struct wire_message *message)
{
	struct wire_log_reader reader = WIRE_LOG_READER(message->bytes, message->size);
	struct wire_log_record record;
	uint64_t sum = 0;
	while (wire_log_next(&reader, &record, NULL)) {
		if (record.is_raw)
			abort();
		for (size_t i = 0; i < record.container_size; i++)
			sum += (uint8_t)record.container[i];
		for (size_t i = 0; i < record.text_size; i++)
			sum += (uint8_t)record.text[i];
	}
	if (sum == UINT64_MAX)
		abort();
}

/* The first byte says in pieces of which size the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	size_t piece = (size_t)bytes[0] + 1;
	struct wire_decoder *decoder = wire_decoder_new((size_t)128 << 10);
	for (size_t at = 1; at < size; at += piece) {
		wire_decoder_feed(decoder, bytes + at, size - at < piece ? size - at : piece);
		struct wire_message message;
		while (wire_decoder_next(decoder, &message, NULL) == WIRE_MESSAGE) {
			if (message.bytes[message.size] != 0 || message.size > (size_t)128 << 10)
				abort();
			if (message.type == WIRE_LOG)
				read_records(&message);
		}
	}
	wire_decoder_free(decoder);
	return 0;
}
