/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry.h"

#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "image/oci/registry_authorize.h"
#include "image/oci/registry_certificates.h"

enum {
	RETRIES_MAX = 3,
	LOGINS_MAX = 2,
	PARALLEL = 4,
	RETRY_AFTER_MAX_S = 30,
	PATIENCE_MS = 120000
};

bool registry_open(const struct source_request *request, const struct registry_endpoint *endpoint,
		   struct registry *ret, struct error *err)
{
	struct registry registry = {.endpoint = endpoint, .progress = request->progress};
	if (!registry_certificates_find(endpoint->host, &registry.certificates, err))
		return false;
	registry.client = http_client_new(PARALLEL);
	registry.patience_ms = PATIENCE_MS;
	registry.host = xstrdup(request->reference->host);
	registry.name = xasprintf("%s%s", endpoint->prefix, request->reference->name);
	registry.scheme = xstrdup(endpoint->is_plain ? "http" : "https");
	*ret = registry;
	return true;
}

void registry_close(struct registry *registry)
{
	http_client_free(registry->client);
	registry_certificates_clear(&registry->certificates);
	if (registry->authorization != NULL)
		explicit_bzero(registry->authorization, strlen(registry->authorization));
	free(registry->authorization);
	free(registry->host);
	free(registry->login);
	free(registry->name);
	free(registry->scheme);
	*registry = (struct registry){0};
}

char *registry_url(const struct registry *registry, const char *kind, const char *what)
{
	return xasprintf("%s://%s/v2/%s/%s/%s", registry->scheme, registry->endpoint->server,
			 registry->name, kind, what);
}

void registry_fill(const struct registry *registry, const char *url, const char *headers[2],
		   struct http_request *request)
{
	headers[0] = registry->authorization;
	headers[1] = NULL;
	request->url = url;
	request->headers = headers;
	request->ca_file = registry->certificates.ca_file;
	request->client_cert_file = registry->certificates.client_cert_file;
	request->client_key_file = registry->certificates.client_key_file;
	request->allow_insecure_tls = registry->endpoint->is_insecure;
	request->follow_redirects = true;
}

bool registry_may_retry(int status, const struct error *err)
{
	if (err != NULL)
		return err->kind == ERROR_NETWORK || err->kind == ERROR_TIMEOUT;
	return status == 408 || status == 429 || status >= 500;
}

const struct backoff registry_backoff = {300, 76800, 400};

bool registry_wait(const struct registry *registry, const struct http_response *response,
		   unsigned attempt, struct error *err)
{
	enum { SLICE_MS = 100 };
	uint64_t wait_ms = backoff_ms(&registry_backoff, attempt);
	uint64_t asked_s = 0;
	const char *after = response ? http_response_header(response, "retry-after") : NULL;
	if (after != NULL && parse_u64(after, 0, RETRY_AFTER_MAX_S, &asked_s))
		wait_ms = asked_s * 1000 + 1;
	uint64_t end_ms = clock_monotonic_ms() + wait_ms;
	do {
		if (progress_is_cancelled(registry->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		(void)poll(NULL, 0, SLICE_MS);
	} while (clock_monotonic_ms() < end_ms);
	return true;
}

/* An insecure registry whose https does not answer is asked over http, as Docker does. */
static bool fall_back_to_http(struct registry *registry, const struct error *why)
{
	if (registry->is_settled || !registry->endpoint->is_insecure ||
	    strcmp(registry->scheme, "http") == 0 ||
	    (why->kind != ERROR_NETWORK && why->kind != ERROR_TIMEOUT))
		return false;
	log_verbose("%s: %s; trying http", registry->endpoint->host, why->message);
	free(registry->scheme);
	registry->scheme = xstrdup("http");
	return true;
}

static char *with_scheme(const struct registry *registry, const char *url)
{
	return xasprintf("%s%s", registry->scheme, strstr(url, "://"));
}

struct answer {
	struct http_response *response;
	struct error *err;
	bool is_done;
	bool is_ok;
};

static void on_answer(struct http_response *response, struct error *err, void *arg)
{
	struct answer *answer = arg;
	answer->is_done = true;
	answer->is_ok = err == NULL;
	if (err != NULL) {
		error_move(answer->err, err);
		return;
	}
	*answer->response = *response;
	*response = (struct http_response){0};
}

bool registry_request(struct registry *registry, const struct http_request *request,
		      struct http_response *ret, struct error *err)
{
	enum { STEP_MS = 100 };
	struct answer answer = {.response = ret, .err = err};
	http_client_submit(registry->client, request, on_answer, &answer);
	while (!answer.is_done) {
		(void)http_client_step(registry->client, STEP_MS);
		if (answer.is_done || !progress_is_cancelled(registry->progress))
			continue;
		/* The transfer holds `answer`. */
		http_client_free(registry->client);
		registry->client = http_client_new(PARALLEL);
		return error_set(err, ERROR_CANCELLED, "cancelled");
	}
	return answer.is_ok;
}

static bool perform_once(struct registry *registry, const char *method, const char *url,
			 const char *accept, size_t max_bytes, struct http_response *ret,
			 struct error *err)
{
	const char *headers[3] = {NULL, NULL, NULL};
	AUTO_FREE char *actual = with_scheme(registry, url);
	struct http_request request = {.method = method,
				       .max_response_bytes = max_bytes,
				       .timeout_ms = registry->patience_ms};
	registry_fill(registry, actual, headers, &request);
	headers[headers[0] ? 1 : 0] = accept;
	return registry_request(registry, &request, ret, err);
}

bool registry_perform(struct registry *registry, const char *method, const char *url,
		      const char *accept, size_t max_bytes, struct http_response *ret,
		      struct error *err)
{
	unsigned attempt = 0;
	unsigned login = 0;
	for (;;) {
		AUTO(http_response_clear) struct http_response response = {0};
		AUTO(error_clear) struct error why = ERROR_INIT;
		bool is_answered =
			perform_once(registry, method, url, accept, max_bytes, &response, &why);
		registry->is_settled = registry->is_settled || is_answered;
		if (!is_answered && fall_back_to_http(registry, &why))
			continue;
		if (is_answered && response.status == 401 && login++ < LOGINS_MAX) {
			if (!registry_authorize(registry, &response, err))
				return false;
			continue;
		}
		/* A host that is not there will not be there in a second. */
		bool may_retry = registry_may_retry(response.status, is_answered ? NULL : &why) &&
				 registry->is_settled && attempt < RETRIES_MAX;
		if (may_retry) {
			if (!registry_wait(registry, is_answered ? &response : NULL, attempt++,
					   err))
				return false;
			continue;
		}
		if (!is_answered)
			return error_move(err, &why);
		*ret = response;
		response = (struct http_response){0};
		return true;
	}
}

/* What the registry says in its own words, or NULL. */
static char *server_message(const struct http_response *response)
{
	enum { SHOWN_MAX = 300 };
	if (response->body == NULL)
		return NULL;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(
		response->body, response->body_size, "the answer", JSON_LAST_KEY_WINS, NULL);
	if (document == NULL)
		return NULL;
	struct json_view errors = json_view_get(json_document_root(document), "errors");
	struct json_view first = json_view_at(errors, 0);
	const char *message = json_view_peek(json_view_get(first, "message"));
	if (message == NULL)
		message = json_view_peek(json_view_get(first, "code"));
	AUTO(strbuf_clear) struct strbuf safe = STRBUF_MAX(SHOWN_MAX);
	if (message != NULL)
		strbuf_append_printable(&safe, message, strlen(message));
	return safe.size > 0 ? strbuf_take(&safe) : NULL;
}

bool registry_error(const struct registry *registry, const struct http_response *response,
		    const char *what, struct error *err)
{
	AUTO_FREE char *message = server_message(response);
	const char *host = registry->endpoint->host;
	const char *colon = message ? ": " : "";
	const char *said = message ? message : "";
	switch (response->status) {
	case 401:
	case 403:
		if (registry->login != NULL)
			error_set(err, ERROR_DENIED,
				  "%s refuses %s of %s to %s, or has no such image%s%s", host, what,
				  registry->name, registry->login, colon, said);
		else
			error_set(err, ERROR_DENIED,
				  "%s refuses %s of %s, or has no such image%s%s", host, what,
				  registry->name, colon, said);
		return error_hint(err, "i2kit login %s", registry->host);
	case 404:
		return error_set(err, ERROR_NOT_FOUND, "%s has no %s of %s%s%s", host, what,
				 registry->name, colon, said);
	case 429:
		error_set(err, ERROR_NETWORK, "%s refuses more requests for now%s%s", host, colon,
			  said);
		return error_hint(err, "i2kit login %s (more requests are allowed then), or wait",
				  registry->host);
	default:
		return error_set(err, response->status >= 500 ? ERROR_NETWORK : ERROR_INVALID,
				 "%s answered %d for %s of %s%s%s", host, response->status, what,
				 registry->name, colon, said);
	}
}
