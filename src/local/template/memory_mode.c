/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/memory_mode.h"

#include <stddef.h>
#include <string.h>

bool memory_mode_is_map(const struct memory_mode_facts *facts)
{
	if (facts->has_failed)
		return false;
	if (facts->wanted != NULL && strcmp(facts->wanted, "map") == 0)
		return true;
	if (facts->wanted != NULL && strcmp(facts->wanted, "copy") == 0)
		return false;
	return facts->qemu_version >= MEMORY_READ_ONLY_QEMU && !facts->is_kvm &&
	       !facts->is_confined;
}

bool memory_mode_is_confined(const char *capabilities)
{
	return strstr(capabilities, "<model>apparmor</model>") != NULL ||
	       strstr(capabilities, "<model>selinux</model>") != NULL;
}
