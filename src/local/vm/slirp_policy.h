/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SLIRP_POLICY_H
#define I2KIT_LOCAL_VM_SLIRP_POLICY_H

/*
 * Whether a VM behind QEMU's user network may be connected to an address. Pure, and linked into
 * QEMU by slirp_fence.c: libc alone. A policy is a text of words, as in the egress of a pod:
 * "any", "internet", "host", "192.0.2.0/24"; "none" and names of Services add nothing here.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* This machine, as it is now; addresses in network byte order. */
struct slirp_machine {
	struct in6_addr own[64]; /* of its interfaces; IPv4 as ::ffff:a.b.c.d */
	size_t own_count;
	struct in6_addr name_servers[3]; /* of its resolv.conf */
	size_t name_server_count;
};

struct in6_addr slirp_address_of_v4(struct in_addr address);
bool slirp_policy_allows(const char *policy, const struct slirp_machine *machine,
			 const struct in6_addr *address, uint16_t port);

#endif
