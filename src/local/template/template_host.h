/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_TEMPLATE_HOST_H
#define I2KIT_LOCAL_TEMPLATE_TEMPLATE_HOST_H

#include <libvirt/libvirt.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "local/vm/vm_plan.h"

/*
 * The key of a VM here and now, and the text it is the digest of. The files of its disks exist.
 * ERROR_UNSUPPORTED: it can be of no template, and *err says why.
 */
MUST_CHECK bool template_identify(virConnectPtr connection, const struct vm_plan *plan,
				  struct digest *ret_key, struct strbuf *text, struct error *err);
/* The size of a disk as its guest sees it; 0: unknown. */
uint64_t template_disk_bytes(const struct vm_disk *disk);
/* Pure: what a saved state depends on in /proc/cpuinfo: the first processor's. Owned. */
char *template_cpu_text(const char *cpuinfo);

#endif
