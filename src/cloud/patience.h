/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PATIENCE_H
#define I2KIT_CLOUD_PATIENCE_H

/* Waiting for a cloud, whichever. */

#include <stdint.h>

#include "base/backoff.h"
#include "base/error.h"
#include "base/progress.h"

/* backoff_spread_ms() by the kernel's random numbers. */
uint64_t patience_backoff_ms(const struct backoff *law, unsigned failures);
/* Waits; false when cancelled meanwhile (ERROR_CANCELLED). progress may be NULL. */
MUST_CHECK bool patience_wait_ms(uint64_t ms, const struct progress *progress, struct error *err);

#endif
