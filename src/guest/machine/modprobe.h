/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_MODPROBE_H
#define I2KIT_GUEST_MACHINE_MODPROBE_H

/*
 * Modules that the kernel asks for while the pod runs: `ip link add type wireguard`, a rule of
 * iptables, a mount. The kernel starts PID 1's own program again for it
 * (/proc/sys/kernel/modprobe), which loads what the base's modules.alias has.
 */

#include "wire/pod_document.h"

/*
 * Only for a pod that has a container which may ask (privileged, NET_ADMIN, SYS_ADMIN, SYS_MODULE):
 * to all others the kernel's code stays as small as it is.
 */
void modprobe_enable(const struct pod_image *pod);
/* What the kernel starts: "-q -- NAME". The exit status. */
MUST_CHECK int modprobe_run(int argc, char *const argv[]);

#endif
