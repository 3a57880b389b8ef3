/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_HTTP_H
#define I2KIT_GUEST_CLOUD_CLOUD_HTTP_H

/*
 * The cloud agent's HTTP/1.1: one request, one answer, one connection; TLS by mbedTLS against the
 * base's certificates. Waits; every step has a deadline.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

struct cloud_url {
	bool is_tls;
	char *host;
	uint16_t port;
	char *path; /* with query, "/" at least */
};
MUST_CHECK bool cloud_url_parse(const char *text, struct cloud_url *ret, struct error *err);
void cloud_url_clear(struct cloud_url *url);

struct cloud_request {
	const char *method;
	const char *url;
	const struct string_list *headers; /* "Name: value"; or NULL */
	const void *body;
	size_t body_size;
	unsigned timeout_ms; /* for the whole; 0: 20 s */
};

struct cloud_answer {
	int status;
	char *body; /* owned, NUL-terminated */
	size_t body_size;
};
void cloud_answer_clear(struct cloud_answer *answer);

/* An answer of any status is success. */
MUST_CHECK bool cloud_http(const struct cloud_request *request, struct cloud_answer *ret,
			   struct error *err);

/*
 * An HTTPS probe: the request that comes from fd, over TLS to host, and what is answered to fd. As
 * the kubelet does, whatever the certificate.
 */
MUST_CHECK bool cloud_tls_relay(const char *host, uint16_t port, int fd, struct error *err);

/* Whether the answer says itself that it is whole; else the end of the connection says so. Pure. */
bool cloud_answer_is_whole(const char *bytes, size_t size);
/*
 * A whole answer's bytes (the connection was closed after them) into status and body; chunked and
 * counted bodies. Pure.
 */
MUST_CHECK bool cloud_answer_parse(const char *bytes, size_t size, struct cloud_answer *ret,
				   struct error *err);

#endif
