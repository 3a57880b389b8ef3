/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_need.h"

#define SILENT_BYTES                                                                               \
	((uint64_t)64 << 20) /* a container that says no memory, beside one that does */

struct sum {
	uint64_t cpu_millis;
	uint64_t memory_bytes;
	bool has_memory;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_container(struct sum *sum, const struct container_spec *container)
{
	const struct resources *said = &container->resources;
	uint64_t bytes = said->memory_limit_bytes > 0 ? said->memory_limit_bytes
						      : said->memory_request_bytes;

	sum->cpu_millis =
		add(sum->cpu_millis,
		    said->cpu_limit_millis > 0 ? said->cpu_limit_millis : said->cpu_request_millis);
	sum->memory_bytes = add(sum->memory_bytes, bytes > 0 ? bytes : SILENT_BYTES);
	sum->has_memory = sum->has_memory || bytes > 0;
}

static void raise_to(struct sum *most_yet, const struct sum *now)
{
	most_yet->cpu_millis = most(most_yet->cpu_millis, now->cpu_millis);
	most_yet->memory_bytes = most(most_yet->memory_bytes, now->memory_bytes);
	most_yet->has_memory = most_yet->has_memory || now->has_memory;
}

struct pod_need pod_need_of(const struct pod_spec *pod)
{
	struct sum before = {0};
	struct sum beside = {0};
	struct pod_need need = {.side_by_side = pod->container_count};

	for (size_t i = 0; i < pod->init_container_count; i++) {
		const struct container_spec *container = &pod->init_containers[i];
		struct sum now = beside;
		add_container(&now, container);
		if (container->is_sidecar) {
			beside = now;
			need.side_by_side++;
		} else {
			raise_to(&before, &now);
		}
	}
	for (size_t i = 0; i < pod->container_count; i++)
		add_container(&beside, &pod->containers[i]);
	raise_to(&before, &beside);
	need.cpu_millis = before.cpu_millis;
	need.memory_bytes = before.has_memory ? before.memory_bytes : 0;
	return need;
}
