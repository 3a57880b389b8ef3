/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_STORE_STORE_HOLD_H
#define I2KIT_IMAGE_STORE_STORE_HOLD_H

/* How prune gets the store for itself. */

#include "image/store/store.h"

/*
 * Turns the shared hold on the store into an exclusive one, without waiting: ERROR_BUSY while
 * another process has it open. Given back by store_share_again().
 */
MUST_CHECK bool store_hold_alone(struct store *store, struct error *err);
void store_share_again(struct store *store);

#endif
