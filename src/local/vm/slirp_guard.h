/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SLIRP_GUARD_H
#define I2KIT_LOCAL_VM_SLIRP_GUARD_H

#include "base/error.h"

/*
 * The library of slirp_fence.c, which this program carries with it, as a file that QEMU can load.
 * Its name has its digest, so that programs of different versions do not replace each other's.
 */
char *slirp_guard_path(void); /* owned */
/* Writes it where it is not there; one that cannot be executed from is an error. */
MUST_CHECK bool slirp_guard_provide(const char *path, struct error *err);

#endif
