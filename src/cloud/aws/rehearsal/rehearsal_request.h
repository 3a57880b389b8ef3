/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_REQUEST_H
#define I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_REQUEST_H

/*
 * What a guest under rehearsal asks for: one HTTP/1.1 request. The guest is untrusted: everything
 * is bounded. Pure.
 */

#include <stddef.h>

#include "base/string_list.h"

#define REHEARSAL_REQUEST_MAX ((size_t)8 << 20) /* a full batch of log lines, escaped */

struct guest_call {
	char *method;		    /* all owned */
	char *path;		    /* without the query */
	char *query;		    /* as it came, "": none */
	struct string_list headers; /* "name: value", names in lower case */
	char *body;		    /* NUL-terminated */
	size_t body_size;
};
void rehearsal_request_clear(struct guest_call *request);

enum rehearsal_request_state { REQUEST_PARTIAL, REQUEST_WHOLE, REQUEST_BAD };

/* *ret is filled for REQUEST_WHOLE alone. */
enum rehearsal_request_state rehearsal_request_parse(const char *bytes, size_t size,
						     struct guest_call *ret);
/* The value of a header (name in lower case), or NULL. */
const char *rehearsal_request_header(const struct guest_call *request, const char *name);
/* A value of a form body (application/x-www-form-urlencoded), decoded and owned, or NULL. */
char *rehearsal_request_value(const struct guest_call *request, const char *key);

#endif
