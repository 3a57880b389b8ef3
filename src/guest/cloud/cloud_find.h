/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_FIND_H
#define I2KIT_GUEST_CLOUD_CLOUD_FIND_H

/*
 * Which cloud this is: the one whose configuration drive init has found, or whose metadata service answers.
 * Amazon's gives a token, which OpenStack's does not know.
 */

#include "guest/cloud/cloud_backend.h"

/* Waits up to two minutes. NULL and *err, with what each cloud's service said. */
struct guest_cloud *cloud_find(struct error *err);

#endif
