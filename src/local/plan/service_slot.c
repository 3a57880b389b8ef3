/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/service_slot.h"

#include <string.h>

/* Names are spread over the first ones alone: what stays is left to instances. */
#define FIRST_CHOICES 31

static unsigned wanted_slot(const char *name)
{
	struct digest digest = sha256_digest(name, strlen(name));

	return 1 + digest.bytes[0] % FIRST_CHOICES;
}

static unsigned slot_before(const struct project_plan *before, const char *name)
{
	for (size_t i = 0; before != NULL && i < before->service_count; i++) {
		if (strcmp(before->services[i].name, name) == 0)
			return before->services[i].slot;
	}
	return 0;
}

static unsigned free_slot(const bool is_taken[], unsigned first)
{
	for (unsigned i = 0; i < FIRST_CHOICES; i++) {
		unsigned slot = 1 + (first - 1 + i) % FIRST_CHOICES;
		if (!is_taken[slot])
			return slot;
	}
	for (unsigned slot = FIRST_CHOICES + 1; slot <= SERVICE_SLOT_COUNT; slot++) {
		if (!is_taken[slot])
			return slot;
	}
	return 0;
}

bool service_slots_fill(struct project_plan *plan, const struct project_plan *before,
			struct error *err)
{
	bool is_taken[SERVICE_SLOT_COUNT + 1] = {false};

	for (size_t i = 0; i < plan->service_count; i++) {
		struct service_plan *service = &plan->services[i];
		if (service->slot == 0)
			service->slot = slot_before(before, service->name);
		/* A file may say anything; two of one slot, or one that is none, get another. */
		if (service->slot > SERVICE_SLOT_COUNT || is_taken[service->slot])
			service->slot = 0;
		is_taken[service->slot] = service->slot != 0;
	}
	for (size_t i = 0; i < plan->service_count; i++) {
		struct service_plan *service = &plan->services[i];
		bool has_none = service->is_headless || service->outside.external_name != NULL ||
				(service->is_direct && service_plan_is_outside(service));
		if (has_none || service->slot != 0)
			continue;
		service->slot = free_slot(is_taken, wanted_slot(service->name));
		if (service->slot == 0)
			return error_set(err, ERROR_FULL,
					 "a project has addresses for %d Services, and this one "
					 "has more",
					 SERVICE_SLOT_COUNT);
		is_taken[service->slot] = true;
	}
	return true;
}
