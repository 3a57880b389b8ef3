/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_CLOCK_H
#define I2KIT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t clock_monotonic_ms(void); /* CLOCK_BOOTTIME: goes on while the host sleeps */
uint64_t clock_monotonic_us(void);
int64_t clock_wall_ns(void); /* since 1970, UTC */

/* "2026-11-25T02:06:26.123456789Z"; digits is how many of the fraction to keep (0, 3, 6 or 9). */
#define RFC3339_SIZE 40
void clock_format_rfc3339(char out[RFC3339_SIZE], int64_t wall_ns, int digits);
/* "5s", "3m12s", "2h5m", "3d4h", as kubectl shows ages. */
#define AGE_SIZE 24
void clock_format_age(char out[AGE_SIZE], uint64_t seconds);

#endif
