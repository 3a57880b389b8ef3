/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SHARE_H
#define I2KIT_LOCAL_VM_SHARE_H

/*
 * A folder of the host for one VM in system mode: a virtiofsd that we start, not libvirt, which
 * would run it as root for any user of libvirt's.
 *
 *	- It runs as the user whose project it is, in a user namespace where nobody else exists:
 * what the guest makes is that user's, whoever made it there. Root's keeps the guest's owners.
 *	- It makes nothing set-uid and no devices (base/fence.h), and sees the folder alone, nosuid,
 *	  nodev and, where all that mount it only read, read-only: a mount of its own.
 *	- The folder is the one that was there at `up`: no part of its path may have become a link.
 */

#include <stdbool.h>

#include "base/error.h"

struct share_options {
	const char *folder; /* absolute, without links */
	const char *socket; /* made here; QEMU connects once */
	bool is_read_only;
};

/* Starts one that lives on its own, until the VM ends. Blocks until QEMU can connect. */
MUST_CHECK bool share_start(const struct share_options *options, struct error *err);

/* QEMU has connected: nobody else will. */
void share_forget(const char *socket_path);
/* QEMU never came: ends it. */
void share_drop(const char *socket_path);

/* What share_start() executes: does not return when it succeeds. */
MUST_CHECK bool share_serve(const struct share_options *options, struct error *err);

/* Where virtiofsd is, owned; NULL: not installed. */
char *share_find_program(void);

#endif
