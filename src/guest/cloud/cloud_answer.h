/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_ANSWER_H
#define I2KIT_GUEST_CLOUD_CLOUD_ANSWER_H

/* What of HTTP is text: URLs, and an answer as bytes. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct cloud_url {
	bool is_tls;
	char *host;
	uint16_t port;
	char *path; /* with query, "/" at least */
};
MUST_CHECK bool cloud_url_parse(const char *text, struct cloud_url *ret, struct error *err);
void cloud_url_clear(struct cloud_url *url);

struct cloud_answer {
	int status;
	char *body; /* owned, NUL-terminated */
	size_t body_size;
};
void cloud_answer_clear(struct cloud_answer *answer);

/* Whether the answer says itself that it is whole; else the end of the connection says so. Pure. */
bool cloud_answer_is_whole(const char *bytes, size_t size);
/*
 * A whole answer's bytes (the connection was closed after them) into status and body; chunked and
 * counted bodies. Pure.
 */
MUST_CHECK bool cloud_answer_parse(const char *bytes, size_t size, struct cloud_answer *ret,
				   struct error *err);

#endif
