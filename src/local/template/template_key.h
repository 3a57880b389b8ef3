/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_TEMPLATE_KEY_H
#define I2KIT_LOCAL_TEMPLATE_TEMPLATE_KEY_H

/*
 * Which VMs may go on from which saved state: those whose machine is the same to the last device
 * and that booted the same bytes, under the same programs, on the same host. Any difference is
 * another key, and a cold start. Pure.
 */

#include "base/strbuf.h"
#include "local/vm/vm_plan.h"

/* What the host has that a saved state depends on; texts are borrowed. */
struct template_host {
	unsigned long libvirt_version;
	unsigned long qemu_version;
	const char *emulator; /* path, size and time of it */
	const char *cpu;      /* with KVM: model, flags, microcode of the host's */
	const char *kernel;   /* with KVM: of the host, and which boot of it */
};

/* NULL, or why this VM can neither be saved nor go on from a saved state; a constant. */
const char *template_refusal(const struct vm_plan *plan);

/*
 * disk_bytes: as the guest sees them, one for each of the plan's disks. Who the VM is does not
 * count: its names, addresses, files' paths. Its digest names the template.
 */
void template_key_text(const struct vm_plan *plan, const uint64_t *disk_bytes,
		       const struct template_host *host, struct strbuf *out);
#endif
