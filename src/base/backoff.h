/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_BACKOFF_H
#define I2KIT_BASE_BACKOFF_H

/* How long to wait before the next try. Pure: who waits counts the failures and asks the clock. */

#include <stdint.h>

struct backoff {
	uint32_t first_ms; /* after the first failure */
	uint32_t max_ms;   /* at least first_ms */
	uint32_t percent;  /* of one wait, the next is: 200 doubles; at least 100 */
};

/* failures: in a row, before this one. */
uint64_t backoff_ms(const struct backoff *law, unsigned failures);

/*
 * The same, anywhere between 0 and that: so that many who failed together do not come back
 * together. random: all of its values alike.
 */
uint64_t backoff_spread_ms(const struct backoff *law, unsigned failures, uint32_t random);

#endif
