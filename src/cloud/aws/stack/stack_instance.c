/* SPDX-License-Identifier: Apache-2.0 */
/* Instance types and what they cost. */
#include "cloud/aws/stack/stack_instance.h"

#include <string.h>

#include "base/alloc.h"
#include "manifest/pod_need.h"

#define DEFAULT_TYPE "t3.micro"
#define GUEST_MIB    96 /* kernel, init and crun, beside the containers */

/* By price. Dollars are of us-east-1, on demand, Linux: STACK_PRICES_OF. */
static const struct stack_instance types[] = {
	{"t3.nano", 2, 512, 0.0052},	      {"t3.micro", 2, 1024, 0.0104},
	{"t3.small", 2, 2048, 0.0208},	      {"t3.medium", 2, 4096, 0.0416},
	{"t3.large", 2, 8192, 0.0832},	      {"r6i.large", 2, 16384, 0.126},
	{"t3.xlarge", 4, 16384, 0.1664},      {"r6i.xlarge", 4, 32768, 0.252},
	{"t3.2xlarge", 8, 32768, 0.3328},     {"r6i.2xlarge", 8, 65536, 0.504},
	{"c6i.4xlarge", 16, 32768, 0.68},     {"m6i.4xlarge", 16, 65536, 0.768},
	{"r6i.4xlarge", 16, 131072, 1.008},   {"c6i.8xlarge", 32, 65536, 1.36},
	{"m6i.8xlarge", 32, 131072, 1.536},   {"r6i.8xlarge", 32, 262144, 2.016},
	{"m6i.16xlarge", 64, 262144, 3.072},  {"r6i.16xlarge", 64, 524288, 4.032},
	{"m6i.32xlarge", 128, 524288, 6.144},
};

const struct stack_instance *stack_instance_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

const char *stack_instance_type(const struct pod_spec *pod)
{
	struct pod_need need = pod_need_of(pod);
	if (need.cpu_millis == 0 && need.memory_bytes == 0)
		return DEFAULT_TYPE;
	uint64_t mib = (need.memory_bytes >> 20) + (need.memory_bytes % (1 << 20) != 0) + GUEST_MIB;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((uint64_t)types[i].cpus * 1000 >= need.cpu_millis && types[i].memory_mib >= mib)
			return types[i].name;
	return NULL;
}

const char *stack_type_of(const struct stack_target *target, const struct pod_spec *pod)
{
	if (pod->instance_type != NULL)
		return pod->instance_type;
	if (target->instance_type != NULL)
		return target->instance_type;
	const char *type = stack_instance_type(pod);
	return type != NULL ? type : DEFAULT_TYPE;
}
