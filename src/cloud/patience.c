/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/patience.h"

#include <poll.h>
#include <sys/random.h>

#include "base/clock.h"

uint64_t patience_backoff_ms(const struct backoff *law, unsigned failures)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = UINT32_MAX / 2;
	return backoff_spread_ms(law, failures, random);
}

bool patience_wait_ms(uint64_t ms, const struct progress *progress, struct error *err)
{
	uint64_t end = clock_monotonic_ms() + ms;
	for (;;) {
		if (progress_is_cancelled(progress))
			return error_set(err, ERROR_CANCELLED, "stopped");
		uint64_t now = clock_monotonic_ms();
		if (now >= end)
			return true;
		uint64_t left = end - now;
		(void)poll(NULL, 0, (int)(left < 200 ? left : 200));
	}
}
