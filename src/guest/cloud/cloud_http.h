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
#include "guest/cloud/cloud_answer.h"

struct cloud_request {
	const char *method;
	const char *url;
	const struct string_list *headers; /* "Name: value"; or NULL */
	const void *body;
	size_t body_size;
	unsigned timeout_ms; /* for the whole; 0: 20 s */
};

/* An answer of any status is success. */
MUST_CHECK bool cloud_http(const struct cloud_request *request, struct cloud_answer *ret,
			   struct error *err);

/*
 * An HTTPS probe: the request that comes from fd, over TLS to host, and what is answered to fd. As
 * the kubelet does, whatever the certificate.
 */
MUST_CHECK bool cloud_tls_relay(const char *host, uint16_t port, int fd, struct error *err);

#endif
