/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_BASE64_H
#define I2KIT_BASE_BASE64_H

/* RFC 4648 section 4: the ordinary alphabet, padded, on one line; and for JSON Web Tokens section 5. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

char *base64_encode(const void *bytes, size_t size); /* owned */
void base64_append(struct strbuf *buf, const void *bytes, size_t size);
/* The alphabet of URLs (- and _), without padding. */
void base64_append_url(struct strbuf *buf, const void *bytes, size_t size);
/*
 * False for anything that is not exact: a foreign character, wrong padding, bits left over.
 * *ret is owned and NUL-terminated behind its *ret_size bytes.
 */
MUST_CHECK bool base64_decode(const char *text, size_t size, uint8_t **ret, size_t *ret_size);

#endif
