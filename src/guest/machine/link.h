/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_LINK_H
#define I2KIT_GUEST_MACHINE_LINK_H

/* Network interfaces through rtnetlink(7): made, and moved to another network namespace. */

#include <sys/types.h>

#include "base/error.h"

struct link_wanted {
	const char *name;
	const char *kind; /* "veth", "dummy", "wireguard" … */
	const char *peer; /* the other end of a veth, which stays here; or NULL */
	pid_t process;	  /* in whose namespace it is made; 0: in this one */
};

MUST_CHECK bool link_add(const struct link_wanted *wanted, struct error *err);
/* Into the network namespace of that process. */
MUST_CHECK bool link_move(const char *name, pid_t process, struct error *err);

#endif
