/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_METRICS_REQUEST_H
#define I2KIT_LOCAL_SUPERVISOR_METRICS_REQUEST_H

/* What somebody asks the metrics port: RFC 9112, as far as one GET without a body needs it. Pure. */

#include <stddef.h>

enum metrics_answer {
	METRICS_WAIT,	       /* the request is not whole yet */
	METRICS_OK,	       /* GET /metrics */
	METRICS_BAD = 400,     /* no HTTP */
	METRICS_ABSENT = 404,  /* another path */
	METRICS_METHOD = 405,  /* another method */
	METRICS_TOO_BIG = 431, /* more than METRICS_REQUEST_BYTES */
	METRICS_VERSION = 505, /* not HTTP/1.x */
};

enum { METRICS_REQUEST_BYTES = 8192 };

/* The bytes so far, from the first one of the connection on. */
enum metrics_answer metrics_request_read(const char *bytes, size_t size);
/* "405 Method Not Allowed" */
const char *metrics_status_line(enum metrics_answer answer);

#endif
