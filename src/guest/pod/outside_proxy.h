/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_OUTSIDE_PROXY_H
#define I2KIT_GUEST_POD_OUTSIDE_PROXY_H

/*
 * A Service's port that leads out of the project: connections to it are led to one of its targets
 * after the other; one that does not answer is passed over. They are the guest's own connections, so
 * that whatever is around the VM (egress policies, security groups) sees where they go.
 *
 *	pair:	CONNECTING (target by target) → RELAYING → gone
 */

#include "base/loop.h"
#include "wire/release_document.h"

struct outside_proxy;

/* Connections come from listen_fd, which stays the caller's and is not blocking. */
struct outside_proxy *outside_proxy_new(struct loop *loop, int listen_fd);
void outside_proxy_free(struct outside_proxy *proxy); /* NULL is fine; connections end */
/* Copies the targets; connections that are open stay with theirs. */
void outside_proxy_use(struct outside_proxy *proxy, const struct service_proxy *service);

#endif
