/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_NAME_SERVER_H
#define I2KIT_GUEST_MACHINE_NAME_SERVER_H

/*
 * The pod's DNS server: an alias of a name outside is asked for outside, in one answer over UDP and
 * as the alias alone over TCP. What the release's hosts say (dns_message.h) it answers, everything else it
 * asks the network's own servers. It is for programs that ask by themselves (nslookup, nginx,
 * Node's resolver, musl for names with search domains); /etc/hosts has the same names.
 *
 * Pods speak to NAME_SERVER_ADDRESS, port 53; the guest listens elsewhere and has the address lead
 * there (service_redirect.h), so that a container can have port 53 of every address for itself. A
 * kernel that cannot do this has the address itself listened on.
 */

#include "base/loop.h"
#include "wire/release_document.h"

#define NAME_SERVER_ADDRESS "127.77.255.53"

struct name_server;

/* NULL on failure: then the network's servers are the pod's. */
MUST_CHECK struct name_server *name_server_start(struct loop *loop, struct error *err);
/* Borrows both until the next call: the names that are known, and whom to ask for others. */
void name_server_use(struct name_server *server, const struct host_list *hosts,
		     const struct string_list *upstream);

#endif
