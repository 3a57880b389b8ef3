/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

uint64_t backoff_ms(const struct backoff *law, unsigned failures)
{
	uint64_t wait_ms = law->first_ms;
	/* Where it does not grow it has reached the end: a law of 100 percent, or of 1 ms. */
	for (uint64_t last_ms = 0; failures > 0 && wait_ms < law->max_ms && wait_ms != last_ms;
	     failures--) {
		last_ms = wait_ms;
		wait_ms = wait_ms * law->percent / 100;
	}
	return wait_ms < law->max_ms ? wait_ms : law->max_ms;
}

uint64_t backoff_spread_ms(const struct backoff *law, unsigned failures, uint32_t random)
{
	return backoff_ms(law, failures) * random / UINT32_MAX;
}
