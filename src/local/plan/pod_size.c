/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/pod_size.h"

#define MIB(n) ((uint64_t)(n) << 20)

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void pod_size_make(const struct pod_spec *pod, unsigned *ret_cpus, uint64_t *ret_memory_bytes)
{
	/* What the kernel, init and an idle runtime take beside the containers. */
	const uint64_t system_bytes = MIB(64);
	const uint64_t default_bytes = MIB(128);
	uint64_t cpu_millis = 0;
	uint64_t memory = 0;
	bool has_memory = false;

	for (size_t i = 0; i < pod->container_count; i++) {
		const struct resources *r = &pod->containers[i].resources;
		uint64_t bytes =
			r->memory_limit_bytes ? r->memory_limit_bytes : r->memory_request_bytes;
		cpu_millis += r->cpu_limit_millis ? r->cpu_limit_millis : r->cpu_request_millis;
		has_memory = has_memory || bytes > 0;
		memory += bytes > 0 ? bytes : MIB(64);
	}
	memory = has_memory ? memory + system_bytes
			    : most(default_bytes, MIB(64) + MIB(64) * pod->container_count);
	*ret_cpus = cpu_millis == 0 ? 1 : (unsigned)((cpu_millis + 999) / 1000);
	if (*ret_cpus > 64)
		*ret_cpus = 64;
	*ret_memory_bytes = (most(memory, MIB(96)) + MIB(1) - 1) & ~(MIB(1) - 1);
}
