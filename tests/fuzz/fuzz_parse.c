/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	uint64_t number = 0;
	int64_t signed_number = 0;
	unsigned mode = 0;
	uint16_t port = 0;
	double real = 0;

	if (parse_u64(text, 3, 1000, &number) && (number < 3 || number > 1000))
		abort();
	if (parse_i64(text, -5, 5, &signed_number) && (signed_number < -5 || signed_number > 5))
		abort();
	if (parse_hex_u64(text, 0xffff, &number) && number > 0xffff)
		abort();
	if (parse_octal(text, 07777, &mode) && mode > 07777)
		abort();
	if (parse_port(text, &port) && port == 0)
		abort();
	if (parse_double(text, &real) && (real - real) != 0)
		abort();
	(void)!parse_size_bytes(text, &number);
	(void)!parse_duration_ms(text, &number);
	if (parse_rfc3339_ns(text, &signed_number)) {
		char again[RFC3339_SIZE];
		int64_t second_time = 0;
		clock_format_rfc3339(again, signed_number, 9);
		if (!parse_rfc3339_ns(again, &second_time) || second_time != signed_number)
			abort();
	}
	return 0;
}
