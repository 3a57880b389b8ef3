/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_MEMORY_MODE_H
#define I2KIT_LOCAL_TEMPLATE_MEMORY_MODE_H

/*
 * Whether VMs that go on from a template map its memory or have a copy of it.
 *
 * Mapped, what no VM writes to is there once for all of them. From 8.2 on QEMU maps a file that it
 * may only read (readonly=on,rom=off). Before, it opens it for writing, although nothing is written
 * back: whoever breaks out of such a VM could change what the others still read, and the next
 * start would find that out and boot. Memory that a guest gives back (free page reporting, balloon)
 * QEMU takes from a file by punching holes into it, so mapped VMs have no balloon. KVM backs
 * anonymous memory with huge pages, and files not.
 */

#include <stdbool.h>

#define MEMORY_MODE_VARIABLE  "I2KIT_WARM_MEMORY" /* "map", "copy"; else: where it is best */
#define MEMORY_READ_ONLY_QEMU 8002000UL

struct memory_mode_facts {
	const char *wanted; /* of the variable; or NULL */
	unsigned long qemu_version;
	bool is_kvm;
	bool is_confined; /* AppArmor or SELinux: QEMU may open what libvirt knows of, no more */
	bool has_failed;  /* mapping came to nothing on this machine */
};
/* Pure. */
bool memory_mode_is_map(const struct memory_mode_facts *facts);
/* Of libvirt's capabilities, in XML. Pure. */
bool memory_mode_is_confined(const char *capabilities);

#endif
