/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_BUDGET_H
#define I2KIT_BASE_BUDGET_H

/*
 * What one of many may cost, as a bucket of tokens: it fills with time up to `burst`, and whoever
 * costs more than there is waits or is left out. Plain values on a clock that its user has.
 */

#include <stdbool.h>
#include <stdint.h>

struct budget {
	int64_t burst;	    /* at most so many tokens at once */
	int64_t per_second; /* so many come back */
	int64_t tokens;	    /* below 0: spent in advance */
	uint64_t now_ms;    /* when that was so */
};

void budget_start(struct budget *budget, int64_t burst, int64_t per_second, uint64_t now_ms);
/* Spends what was spent already, also where there is not enough. */
void budget_spend(struct budget *budget, int64_t tokens, uint64_t now_ms);
/* Spends only what is there; false: nothing was spent. */
bool budget_take(struct budget *budget, int64_t tokens, uint64_t now_ms);
/* After so many milliseconds there are `tokens` (at most burst); 0: there are already. */
uint64_t budget_wait_ms(struct budget *budget, int64_t tokens, uint64_t now_ms);

#endif
