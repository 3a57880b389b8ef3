/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_VIRT_LOOP_H
#define I2KIT_LOCAL_VM_VIRT_LOOP_H

#include "base/error.h"
#include "base/loop.h"

/*
 * libvirt's event loop interface on ours. libvirt changes its handles and timers from whichever
 * thread makes a call (worker.h), so they live in an epoll set of their own behind a mutex, and
 * that set is one readable fd of the loop; callbacks run on the loop's thread. Once per process.
 */
MUST_CHECK bool virt_loop_attach(struct loop *loop, struct error *err);

#endif
