/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_HTTP_TRANSFER_H
#define I2KIT_BASE_HTTP_TRANSFER_H

/* One request and its answer, for http.c, which has many of them at once. Nobody else includes
 * this. */

#include <curl/curl.h>

#include "base/http.h"
#include "base/strbuf.h"

/* One request: queued (easy is NULL) → under way → done. */
struct transfer {
	CURLM *multi;		     /* while under way */
	struct http_request request; /* its texts are ours */
	struct curl_slist *headers;
	CURL *easy;
	struct http_response response;
	struct strbuf body;
	size_t header_bytes;
	struct error err; /* set by a callback that stopped the transfer */
	char curl_message[CURL_ERROR_SIZE];
	http_done_fn *done;
	void *arg;
	struct transfer *next; /* the client's */
};

/* Copies the request's texts. */
struct transfer *transfer_new(const struct http_request *request, http_done_fn *done, void *arg);
void transfer_free(struct transfer *transfer);
void transfer_start(struct transfer *transfer, CURLM *multi);
/* Of one that has ended well: its answer, from what came. */
void transfer_fill_response(struct transfer *transfer);
/* Of one that has failed: why. Returns false. */
bool transfer_report(struct transfer *transfer, CURLcode code, struct error *err);

#endif
