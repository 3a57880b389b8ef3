/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_FENCE_PLACES_H
#define I2KIT_BASE_FENCE_PLACES_H

/* The part of fence_enter() that landlock(7) does: files, TCP ports, what is not of this process. */

#include "base/fence.h"

/* For the calling thread and what it starts. A kernel without landlock goes without. */
MUST_CHECK bool fence_places(const struct fence *fence, struct error *err);

#endif
