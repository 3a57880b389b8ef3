/* SPDX-License-Identifier: Apache-2.0 */
#include "base/budget.h"

#define SECOND_MS 1000

void budget_start(struct budget *budget, int64_t burst, int64_t per_second, uint64_t now_ms)
{
	*budget = (struct budget){
		.burst = burst, .per_second = per_second, .tokens = burst, .now_ms = now_ms};
}

/* Whole tokens only; what is left of the time stays for the next one. */
static void fill(struct budget *budget, uint64_t now_ms)
{
	uint64_t full_ms = (uint64_t)(budget->burst - budget->tokens) * SECOND_MS /
				   (uint64_t)budget->per_second +
			   1;

	if (now_ms <= budget->now_ms)
		return;
	if (now_ms - budget->now_ms >= full_ms) {
		budget->tokens = budget->burst;
		budget->now_ms = now_ms;
		return;
	}
	uint64_t tokens = (now_ms - budget->now_ms) * (uint64_t)budget->per_second / SECOND_MS;
	budget->tokens += (int64_t)tokens;
	budget->now_ms += tokens * SECOND_MS / (uint64_t)budget->per_second;
}

void budget_spend(struct budget *budget, int64_t tokens, uint64_t now_ms)
{
	fill(budget, now_ms);
	budget->tokens -= tokens;
}

bool budget_take(struct budget *budget, int64_t tokens, uint64_t now_ms)
{
	fill(budget, now_ms);
	if (budget->tokens < tokens)
		return false;
	budget->tokens -= tokens;
	return true;
}

uint64_t budget_wait_ms(struct budget *budget, int64_t tokens, uint64_t now_ms)
{
	fill(budget, now_ms);
	if (tokens > budget->burst)
		tokens = budget->burst;
	if (budget->tokens >= tokens)
		return 0;
	return (uint64_t)(tokens - budget->tokens) * SECOND_MS / (uint64_t)budget->per_second + 1;
}
