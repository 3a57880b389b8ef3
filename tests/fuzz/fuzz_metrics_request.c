/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "local/supervisor/metrics_request.h"

/* What a client sends, byte by byte: an answer, once there, stays; nothing waits past the bound. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	enum metrics_answer before = METRICS_WAIT;

	if (size == 0 || size > METRICS_REQUEST_BYTES + 16)
		return 0;
	AUTO_FREE char *text = xmemdup(bytes, size);
	size_t step = size > 512 ? size / 64 : 1;
	for (size_t at = 1; at <= size; at += step) {
		enum metrics_answer answer = metrics_request_read(text, at);
		if (before != METRICS_WAIT && answer == METRICS_WAIT)
			abort();
		before = answer;
	}
	enum metrics_answer answer = metrics_request_read(text, size);
	if (answer == METRICS_WAIT && size >= METRICS_REQUEST_BYTES)
		abort();
	if (strlen(metrics_status_line(answer)) < 5)
		abort();
	return 0;
}
