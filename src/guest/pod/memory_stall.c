/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/memory_stall.h"

#define MOST_LOOKS 10

/*
 * Full of its own data, nearly nothing to reclaim, and still a quarter of the time waiting (35 %
 * measured, the rest is spent reclaiming). One that lives off its page cache has one to reclaim.
 */
static bool is_hanging(const struct memory_look *look, uint64_t waited_us, uint64_t interval_us)
{
	return look->limit > 0 && look->current >= look->limit / 16 * 15 &&
	       look->cache <= look->limit / 64 && waited_us >= interval_us / 4;
}

bool memory_stall_look(struct memory_stall *stall, const struct memory_look *look,
		       uint64_t interval_us)
{
	/* A counter that went back is another run's. */
	uint64_t waited_us =
		look->stalled_us > stall->stalled_us ? look->stalled_us - stall->stalled_us : 0;

	stall->stalled_us = look->stalled_us;
	stall->looks = is_hanging(look, waited_us, interval_us) ? stall->looks + 1 : 0;
	return stall->looks >= MOST_LOOKS;
}
