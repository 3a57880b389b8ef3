/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/lifecycle.h"

#include "base/backoff.h"

/* What emulation and a machine full of other work cost. */
#define EMULATION_FACTOR 3

bool lifecycle_is_alive(enum instance_state state)
{
	switch (state) {
	case INSTANCE_STARTING:
	case INSTANCE_BOOTING:
	case INSTANCE_RUNNING:
	case INSTANCE_READY:
	case INSTANCE_STOPPING:
		return true;
	case INSTANCE_PENDING:
	case INSTANCE_SUCCEEDED:
	case INSTANCE_FAILED:
	case INSTANCE_CRASHED:
		return false;
	}
	return false;
}

enum lifecycle_end lifecycle_gone(const struct lifecycle_facts *facts)
{
	if (facts->is_working)
		return LIFECYCLE_IGNORE;
	if (facts->is_leaving)
		return LIFECYCLE_FORGET;
	if (!lifecycle_is_alive(facts->state))
		return LIFECYCLE_IGNORE;
	if (facts->is_replaced)
		return LIFECYCLE_RESTART;
	if (facts->is_ended)
		return facts->has_succeeded ? LIFECYCLE_SUCCEED : LIFECYCLE_FAIL;
	/* One that never spoke has not begun. */
	if (facts->is_of_job && facts->is_greeted)
		return LIFECYCLE_LOSE;
	return LIFECYCLE_BACK_OFF;
}

bool lifecycle_gives_up_warmth(const struct lifecycle_facts *facts, bool is_gone)
{
	if (!facts->is_warm || facts->is_working || facts->is_leaving || facts->is_ended ||
	    facts->is_replaced ||
	    (facts->state != INSTANCE_STARTING && facts->state != INSTANCE_BOOTING))
		return false;
	return is_gone ||
	       (!facts->is_greeted && !facts->is_paused && facts->in_state_ms >= LIFECYCLE_WARM_MS);
}

enum lifecycle_made lifecycle_made(const struct lifecycle_facts *facts, bool is_made)
{
	if (!is_made)
		return facts->is_leaving ? LIFECYCLE_DROP : LIFECYCLE_RETRY;
	return facts->is_leaving || facts->is_replaced ? LIFECYCLE_DESTROY : LIFECYCLE_TALK;
}

static bool is_late(const struct lifecycle_facts *facts)
{
	uint64_t factor = facts->is_emulated ? EMULATION_FACTOR : 1;

	if (facts->state == INSTANCE_STARTING ||
	    (facts->state == INSTANCE_BOOTING && !facts->is_greeted))
		return facts->in_state_ms >= LIFECYCLE_GREET_MS * factor;
	return facts->state == INSTANCE_BOOTING && !facts->is_held &&
	       facts->in_state_ms >= LIFECYCLE_BOOT_MS * factor;
}

enum lifecycle_health lifecycle_health(const struct lifecycle_facts *facts)
{
	/* Those that stop have a patience of their own (instance.c). */
	if (facts->is_working || facts->is_paused || facts->state == INSTANCE_STOPPING ||
	    !lifecycle_is_alive(facts->state))
		return LIFECYCLE_FINE;
	if (is_late(facts))
		return LIFECYCLE_LATE;
	if (facts->unanswered >= LIFECYCLE_HUNG_PINGS)
		return LIFECYCLE_HUNG;
	return facts->unanswered >= LIFECYCLE_SILENT_PINGS ? LIFECYCLE_SILENT : LIFECYCLE_FINE;
}

uint64_t lifecycle_pause_ms(unsigned failures)
{
	static const struct backoff law = {500, 60000, 200};

	return backoff_ms(&law, failures);
}

bool lifecycle_takes_place(const struct lifecycle_facts *facts)
{
	return (facts->state == INSTANCE_STARTING || facts->state == INSTANCE_BOOTING) &&
	       !facts->is_held && (facts->is_working || facts->in_state_ms < LIFECYCLE_PLACE_MS);
}
