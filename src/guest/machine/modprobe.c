/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/modprobe.h"

#include "base/alloc.h"
#include "guest/documents/oci_config.h"
#include "guest/machine/machine.h"

static bool has_any(const struct pod_image *pod, const char *const *capabilities, size_t count)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (container_has_capability(&pod->containers[i].security, capabilities[k]))
				return true;
		}
	}
	return false;
}

void modprobe_enable(const struct pod_image *pod)
{
	static const char *const asking[] = {"NET_ADMIN", "SYS_ADMIN", "SYS_MODULE"};
	bool is_wanted = has_any(pod, asking, ARRAY_SIZE(asking));
	(void)!machine_write("/proc/sys/kernel/modprobe", is_wanted ? "/proc/1/exe" : "\n", NULL);
	/* iptables' first look is at a file of theirs; nothing asks the kernel for these. */
	if (has_any(pod, asking, 1)) {
		machine_load_by_name("", "ip_tables");
		machine_load_by_name("", "ip6_tables");
	}
}

int modprobe_run(int argc, char *const argv[])
{
	return argc >= 2 && machine_load_by_name("", argv[argc - 1]) ? 0 : 1;
}
