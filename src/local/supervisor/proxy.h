/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_PROXY_H
#define I2KIT_LOCAL_SUPERVISOR_PROXY_H

/*
 * The project's reverse proxy: HAProxy (local/vm/proxy_process.h) in front of the balancer, for what
 * routes of the manifests answer. The listening sockets are ours and stay while processes come and
 * go: another configuration is another process beside the one before, which ends when its
 * connections have. Each connection to a Service arrives here as a descriptor and goes to the
 * balancer, so that pods may come and go without a word to HAProxy.
 */

#include "local/plan/state.h"

struct supervisor;
struct proxy;

struct proxy *proxy_new(struct supervisor *supervisor);
void proxy_free(struct proxy *proxy); /* NULL is fine */
/* supervisor->plan is new, and its Services are there. */
void proxy_apply(struct supervisor *supervisor);
/* Tries again what somebody else held. */
void proxy_retry(struct supervisor *supervisor);
void proxy_close(struct supervisor *supervisor);
/* Its ports and routes. */
void proxy_status(const struct supervisor *supervisor, struct project_status *ret);

#endif
