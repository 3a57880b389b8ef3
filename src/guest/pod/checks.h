/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CHECKS_H
#define I2KIT_GUEST_POD_CHECKS_H

/* Runs probes and lifecycle hooks: exec in the container, HTTP, TCP, gRPC towards the pod. */

#include "guest/pod/container.h"

/* Called once, from the loop. message says what came. */
typedef void check_done_fn(bool is_ok, const char *message, void *arg);

/* Ends by itself after timeout_ms at the latest (0: never). */
void check_start(struct container *container, const struct check *check, uint64_t timeout_ms,
		 check_done_fn *done, void *arg);

#endif
