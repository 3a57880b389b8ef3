/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_NAMES_H
#define I2KIT_GUEST_CLOUD_CLOUD_NAMES_H

/*
 * The names of services that lead to instances without a load balancer: each instance writes its
 * own address under them when its pod is ready, and takes it away when it is not. Who was killed
 * could not: the others take such records away, when they become ready and every five minutes, and
 * write their own anew should it be gone.
 *
 *   unknown ──(not wanted)──▶ away ──(wanted)──▶ there ──(not wanted)──▶ away
 *      └──────(wanted)───────────────────────────▲
 *
 * A step that fails is tried again after five seconds.
 */

#include "base/cleanup.h"
#include "guest/cloud/cloud_backend.h"

struct cloud_names;

/* Copies zone and names; no names: always settled. */
struct cloud_names *cloud_names_new(struct guest_cloud *cloud, const char *zone,
				    const struct string_list *names);
void cloud_names_free(struct cloud_names *names);
DEFINE_AUTO_PTR(cloud_names, cloud_names_free)

void cloud_names_want(struct cloud_names *names, bool is_wanted);
/* Whether the names are as was wanted last. */
bool cloud_names_are_settled(const struct cloud_names *names);
/* Does what is due; waits for the cloud's answers. False and *err: it is tried again later. */
MUST_CHECK bool cloud_names_step(struct cloud_names *names, uint64_t now_ms, struct error *err);

#endif
