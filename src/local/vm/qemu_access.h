/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_QEMU_ACCESS_H
#define I2KIT_LOCAL_VM_QEMU_ACCESS_H

#include <libvirt/libvirt.h>

#include "base/error.h"
#include "local/vm/vm_plan.h"

/*
 * Root's VMs are not root: libvirt runs QEMU as a user of its own, which has to reach files below
 * root's home. It gets by ACL what it lacks: search on the folders above, read on the disk image,
 * which is never handed over. What it writes to libvirt hands over itself, and takes back.
 */
MUST_CHECK bool qemu_access_grant(virConnectPtr connection, const struct vm_plan *plan,
				  struct error *err);

/*
 * The same for the file of a template's memory: it is read, and written to where QEMU cannot open
 * it otherwise.
 */
MUST_CHECK bool qemu_access_memory(virConnectPtr connection, const struct vm_plan *plan,
				   struct error *err);

/*
 * The uid in libvirt's capabilities (secmodel `dac`, baselabel of any type: "+64055:+64055");
 * false: it says none, so QEMU runs as libvirt does.
 */
MUST_CHECK bool qemu_access_user(const char *capabilities, unsigned *ret_uid);

/* That the user may read the file by that path; write: the file it names stays as it is. */
MUST_CHECK bool qemu_access_allow(const char *path, unsigned uid, bool may_read, struct error *err);

#endif
