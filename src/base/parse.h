/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PARSE_H
#define I2KIT_BASE_PARSE_H

/*
 * The one place where text becomes numbers. All of these take the whole string (no leading or
 * trailing space, no sign unless said) and leave *ret untouched when they return false.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

MUST_CHECK bool parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
MUST_CHECK bool parse_i64(const char *text, int64_t min, int64_t max,
			  int64_t *ret);				      /* may have - */
MUST_CHECK bool parse_hex_u64(const char *text, uint64_t max, uint64_t *ret); /* no 0x */
MUST_CHECK bool parse_octal(const char *text, unsigned max, unsigned *ret);
MUST_CHECK bool parse_port(const char *text, uint16_t *ret); /* 1–65535 */
MUST_CHECK bool parse_double(const char *text, double *ret); /* finite, C locale */
/* 512, 64K, 64M, 1G, 64Ki, 64MiB … → bytes; K M G T are powers of 1024 here as in libvirt. */
MUST_CHECK bool parse_size_bytes(const char *text, uint64_t *ret);
/* 300ms, 5s, 10m, 2h, 1d, 1h30m, plain seconds → milliseconds. */
MUST_CHECK bool parse_duration_ms(const char *text, uint64_t *ret);
/* RFC 3339 (2026-11-25T02:06:26.123Z, ±hh:mm) → nanoseconds since 1970. */
MUST_CHECK bool parse_rfc3339_ns(const char *text, int64_t *ret);

#endif
