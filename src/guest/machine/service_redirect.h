/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_SERVICE_REDIRECT_H
#define I2KIT_GUEST_MACHINE_SERVICE_REDIRECT_H

/*
 * Connections of the pod's processes to a service's address are led to another port of the
 * loopback, where the guest listens. A listener on the service's own port would take that port from
 * every container that binds 0.0.0.0: the kernel lets nobody bind it a second time. It is a small
 * BPF program at connect(2) for the root control group, so no packet is touched and nothing has to
 * be configured. Datagrams are led likewise at sendmsg(2), and an answer comes from where the
 * question was sent.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* False: this kernel cannot. */
MUST_CHECK bool service_redirect_start(struct error *err);
/* From now on ip:port means 127.0.0.1:to_port. IPv4 as text; ports in host order. */
MUST_CHECK bool service_redirect_add(const char *ip, uint16_t port, uint16_t to_port,
				     struct error *err);

#endif
