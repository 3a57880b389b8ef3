/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_STRBUF_H
#define I2KIT_BASE_STRBUF_H

/*
 * A growing buffer of bytes that always ends in a NUL of its own. Where text comes from outside,
 * set `max`: what would pass it is cut off and `is_cut` says so.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct strbuf {
	char *data;	 /* owned; NULL while empty: use strbuf_text() to read */
	size_t size;	 /* bytes, without the closing NUL */
	size_t capacity; /* bytes allocated */
	size_t max;	 /* ceiling for size; 0 means none */
	bool is_cut;
};

#define STRBUF_INIT	  ((struct strbuf){0})
#define STRBUF_MAX(limit) ((struct strbuf){.max = (limit)})

void strbuf_clear(struct strbuf *buf);		   /* frees; keeps max */
void strbuf_reset(struct strbuf *buf);		   /* size 0, memory kept */
const char *strbuf_text(const struct strbuf *buf); /* never NULL */
char *strbuf_take(struct strbuf *buf); /* the owned text (never NULL); buf is empty after */

void strbuf_append(struct strbuf *buf, const char *text);
void strbuf_append_bytes(struct strbuf *buf, const void *bytes, size_t size);
void strbuf_append_char(struct strbuf *buf, char c);
void strbuf_appendf(struct strbuf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `size` more bytes at data + this->size; the caller then adds to size. NULL past max. */
char *strbuf_reserve(struct strbuf *buf, size_t size);
/* Drops `size` bytes from the front. */
void strbuf_consume(struct strbuf *buf, size_t size);

/* Writers that escape. JSON and XML writers replace invalid UTF-8 by U+FFFD. */
void strbuf_append_json(struct strbuf *buf, const char *text); /* with the quotes */
void strbuf_append_xml(struct strbuf *buf, const char *text);  /* text or "-quoted attribute */
void strbuf_append_url(struct strbuf *buf,
		       const char *text); /* RFC 3986: all but A-Za-z0-9-._~ as %XX */
void strbuf_append_shell(struct strbuf *buf, const char *text); /* one shell word, for hints */
/* What a terminal may see of untrusted text: controls, ESC and invalid UTF-8 as \xNN; tab kept. */
void strbuf_append_printable(struct strbuf *buf, const char *bytes, size_t size);

#endif
