/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_call.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/client/dpop.h"
#include "cloud/patience.h"

#define NS_PER_S	 INT64_C(1000000000)
#define TIMEOUT_MS	 15000
#define MAX_ANSWER_BYTES ((size_t)256 * 1024)
#define ATTEMPTS	 3

static bool send_once(const struct aws_settings *settings, struct http_client *http,
		      const struct aws_open_call *call, struct http_response *ret,
		      struct error *err)
{
	const char *headers[4] = {NULL};
	size_t count = 0;
	AUTO_FREE char *proof = NULL;
	if (call->header != NULL)
		headers[count++] = call->header;
	if (call->body != NULL)
		headers[count++] = "Content-Type: application/json";
	/* Made anew for each attempt: a proof is good for one request. */
	if (call->proof_key != NULL) {
		AUTO_FREE char *token =
			dpop_make(call->proof_key, call->url, clock_wall_ns() / NS_PER_S, err);
		if (token == NULL)
			return false;
		proof = xasprintf("DPoP: %s", token);
		headers[count++] = proof;
	}
	struct http_request request = {.method = call->body != NULL ? "POST" : "GET",
				       .url = call->url,
				       .headers = headers,
				       .body = call->body,
				       .body_size = call->body != NULL ? strlen(call->body) : 0,
				       .ca_file = settings->ca_file,
				       .timeout_ms = TIMEOUT_MS,
				       .max_response_bytes = MAX_ANSWER_BYTES};
	return http_perform(http, &request, ret, err);
}

bool aws_open_call_send(const struct aws_settings *settings, struct http_client *http,
			const struct aws_open_call *call, struct http_response *ret,
			struct error *err)
{
	static const struct backoff law = {200, 5000, 200};
	for (unsigned attempt = 0;; attempt++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_last = attempt + 1 == ATTEMPTS;
		bool is_answered = send_once(settings, http, call, ret, &failure);
		bool is_lost = !is_answered &&
			       (failure.kind == ERROR_NETWORK || failure.kind == ERROR_TIMEOUT);
		bool is_transient = is_answered && (ret->status >= 500 || ret->status == 429);
		if (is_answered && (is_last || !is_transient))
			return true;
		if (!is_answered && (is_last || !is_lost)) {
			error_move(err, &failure);
			return error_prefix(err, "%s", call->what);
		}
		http_response_clear(ret);
		if (!patience_wait_ms(patience_backoff_ms(&law, attempt), NULL, err))
			return false;
	}
}
