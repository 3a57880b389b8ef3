/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/pod_size.h"

#include "manifest/pod_need.h"

#define MIB(n)	     ((uint64_t)(n) << 20)
#define SYSTEM_BYTES MIB(64) /* what the kernel, init and an idle runtime take */
#define MOST_CPUS    64
#define MOST_BYTES   ((uint64_t)INT64_MAX & ~(MIB(1) - 1))

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t memory_of(const struct pod_need *need)
{
	if (need->memory_bytes == 0)
		return most(MIB(128), SYSTEM_BYTES + MIB(64) * need->side_by_side);
	if (need->memory_bytes > MOST_BYTES - SYSTEM_BYTES)
		return MOST_BYTES;
	return most(need->memory_bytes + SYSTEM_BYTES, MIB(96));
}

void pod_size_make(const struct pod_spec *pod, unsigned *ret_cpus, uint64_t *ret_memory_bytes)
{
	struct pod_need need = pod_need_of(pod);

	*ret_cpus = 1;
	if (need.cpu_millis > 1000 * (MOST_CPUS - 1))
		*ret_cpus = MOST_CPUS;
	else if (need.cpu_millis > 0)
		*ret_cpus = (unsigned)((need.cpu_millis + 999) / 1000);
	*ret_memory_bytes = (memory_of(&need) + MIB(1) - 1) & ~(MIB(1) - 1);
}
