/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_HTTP_H
#define I2KIT_BASE_HTTP_H

/*
 * HTTP over libcurl, the only place that knows it. Connections are reused within a client. HTTP/1.1
 * and 2; proxies from the environment; system CAs unless a request names its own. No URL scheme but
 * http and https; no redirect is followed unless allowed, and then never with Authorization to
 * another host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

struct http_client;

/* At most max_parallel transfers run at once; more wait in order. */
struct http_client *http_client_new(unsigned max_parallel);
void http_client_free(struct http_client *client); /* cancels what runs, without callbacks */
void http_client_set_parallel(struct http_client *client, unsigned max_parallel);

/* A piece of the body as it comes; returning false stops the transfer with *err. */
typedef bool http_sink_fn(const void *bytes, size_t size, void *arg, struct error *err);
/* Fills at most `size` bytes of the request body, 0 at its end; returns -1 to stop. */
typedef long http_source_fn(void *bytes, size_t size, void *arg);

struct http_request {
	const char *method; /* NULL: GET */
	const char *url;
	const char *const
		*headers; /* "Name: value", NULL-terminated, or NULL; sent exactly as given */
	const void *body; /* or NULL; must live until done */
	size_t body_size;
	http_source_fn *source; /* instead of body; body_size says how much */
	void *source_arg;
	http_sink_fn *sink; /* gets the body of a 2xx answer instead of response.body */
	void *sink_arg;
	const char *unix_socket; /* connect there instead of to the URL's host */
	const char *ca_file;	 /* PEM, in place of the system's */
	const char *client_cert_file;
	const char *client_key_file;
	size_t max_response_bytes;   /* 0: 4 MiB; more is an error (not for sink) */
	unsigned connect_timeout_ms; /* 0: 10 s */
	unsigned stall_timeout_ms;   /* 0: 30 s without a byte */
	unsigned timeout_ms;	     /* 0: none for the whole */
	uint64_t range_start;	     /* > 0: sends Range: bytes=N- */
	uint64_t bytes_per_second;   /* 0: no limit */
	bool follow_redirects;
	bool allow_insecure_tls;
	bool send_raw_path; /* keep dot segments and escapes as they are */
};

struct http_response {
	int status;		    /* 200, 404, … */
	struct string_list headers; /* "name: value", names in lower case, of the last answer */
	char *body;		    /* owned, NUL-terminated; NULL when a sink took it */
	size_t body_size;
	char *final_url; /* owned; after redirects */
	uint64_t elapsed_us;
};
void http_response_clear(struct http_response *response);
/* The value of a header (name in lower case), or NULL. */
const char *http_response_header(const struct http_response *response, const char *name);

/*
 * An answer of any status is success here; only a transfer that failed is an error. Submitted
 * transfers of the same client go on meanwhile, their callbacks included.
 */
MUST_CHECK bool http_perform(struct http_client *client, const struct http_request *request,
			     struct http_response *ret, struct error *err);

/*
 * Many at once: submit copies the request's texts, not the body; done runs from http_client_step()
 * or http_client_run(). err is NULL when an answer came. done may submit again.
 */
typedef void http_done_fn(struct http_response *response, struct error *err, void *arg);
void http_client_submit(struct http_client *client, const struct http_request *request,
			http_done_fn *done, void *arg);
/* Waits at most timeout_ms for progress. Returns how many transfers are queued or under way. */
size_t http_client_step(struct http_client *client, int timeout_ms);
void http_client_run(struct http_client *client); /* until none is left */

#endif
