/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_transfer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/url.h"

enum {
	DEFAULT_MAX_RESPONSE = 4 * 1024 * 1024,
	DEFAULT_CONNECT_MS = 10000,
	DEFAULT_STALL_MS = 30000,
	MAX_HEADER_BYTES = 256 * 1024,
	MAX_HEADERS = 1000,
	MAX_REDIRECTS = 10,
	RECEIVE_BUFFER = 256 * 1024,
	MS_PER_S = 1000,
};

/* Callbacks of libcurl. */

static long status_of(const struct transfer *transfer)
{
	long status = 0;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	long status = status_of(transfer);
	(void)one;
	if (transfer->request.sink != NULL && status >= 200 && status < 300) {
		bool goes_on = transfer->request.sink(bytes, size, transfer->request.sink_arg,
						      &transfer->err);
		return goes_on ? size : 0;
	}
	size_t max = transfer->request.max_response_bytes;
	if (transfer->body.size + size > max) {
		error_set(&transfer->err, ERROR_INVALID, "answer is larger than %zu bytes", max);
		return 0;
	}
	strbuf_append_bytes(&transfer->body, bytes, size);
	return size;
}

static size_t on_header(char *bytes, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	struct string_list *headers = &transfer->response.headers;
	(void)one;
	if (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		/* A new answer: after a redirect, a 100, or a proxy's. */
		string_list_clear(headers);
		strbuf_reset(&transfer->body);
		return size;
	}
	const char *colon = memchr(bytes, ':', size);
	if (colon == NULL)
		return size;
	transfer->header_bytes += size;
	if (transfer->header_bytes > MAX_HEADER_BYTES || headers->count >= MAX_HEADERS) {
		error_set(&transfer->err, ERROR_INVALID, "answer has too many headers");
		return 0;
	}
	const char *value = colon + 1;
	const char *end = bytes + size;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	char *line =
		xasprintf("%.*s: %.*s", (int)(colon - bytes), bytes, (int)(end - value), value);
	for (char *c = line; *c != ':' && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	string_list_take(headers, line);
	return size;
}

static size_t on_source(char *bytes, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	long got = transfer->request.source(bytes, one * size, transfer->request.source_arg);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* Setting a transfer up. */

static bool has_header(const char *const *headers, const char *name)
{
	size_t length = strlen(name);
	for (; headers != NULL && *headers != NULL; headers++) {
		if (strncasecmp(*headers, name, length) == 0 && (*headers)[length] == ':')
			return true;
	}
	return false;
}

static struct curl_slist *make_headers(const char *const *headers)
{
	/* libcurl adds these on its own; "sent exactly as given" takes them away again. */
	static const char *const added[] = {"Expect", "Content-Type", "Accept"};
	struct curl_slist *list = NULL;

	for (const char *const *at = headers; at != NULL && *at != NULL; at++) {
		const char *colon = strchr(*at, ':');
		/* libcurl wants a header without value as "Name;". */
		bool is_empty = colon != NULL && colon[1 + strspn(colon + 1, " ")] == '\0';
		AUTO_FREE char *line =
			is_empty ? xasprintf("%.*s;", (int)(colon - *at), *at) : xstrdup(*at);
		list = curl_slist_append(list, line);
	}
	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		AUTO_FREE char *line = xasprintf("%s:", added[i]);
		if (!has_header(headers, added[i]))
			list = curl_slist_append(list, line);
	}
	return list;
}

static void copy_request(struct transfer *transfer, const struct http_request *request)
{
	struct http_request *copy = &transfer->request;
	*copy = *request;
	copy->method = xstrdup(request->method ? request->method : "GET");
	copy->url = xstrdup(request->url);
	copy->unix_socket = xstrdup_or_null(request->unix_socket);
	copy->ca_file = xstrdup_or_null(request->ca_file);
	copy->client_cert_file = xstrdup_or_null(request->client_cert_file);
	copy->client_key_file = xstrdup_or_null(request->client_key_file);
	copy->headers = NULL;
	if (copy->max_response_bytes == 0)
		copy->max_response_bytes = DEFAULT_MAX_RESPONSE;
	transfer->headers = make_headers(request->headers);
}

static void set_body(CURL *easy, struct transfer *transfer)
{
	const struct http_request *request = &transfer->request;
	bool wants_length = strcmp(request->method, "POST") == 0 ||
			    strcmp(request->method, "PUT") == 0 ||
			    strcmp(request->method, "PATCH") == 0;

	if (strcmp(request->method, "HEAD") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->source != NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_source);
		(void)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
		(void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
				       (curl_off_t)request->body_size);
	} else if (request->body != NULL || wants_length) {
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)(request->body ? request->body_size : 0));
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				       request->body ? request->body : "");
	}
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_limits(CURL *easy, const struct http_request *request)
{
	unsigned connect_ms =
		request->connect_timeout_ms ? request->connect_timeout_ms : DEFAULT_CONNECT_MS;
	unsigned stall_ms =
		request->stall_timeout_ms ? request->stall_timeout_ms : DEFAULT_STALL_MS;
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
			       (long)((stall_ms + MS_PER_S - 1) / MS_PER_S));
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
			       (curl_off_t)request->bytes_per_second);
	(void)curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE,
			       (curl_off_t)request->bytes_per_second);
}

static void set_connection(CURL *easy, const struct http_request *request)
{
	/* Once encrypted, a redirect does not lead out of it. */
	bool is_https = strncasecmp(request->url, "https:", 6) == 0;
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Nor is a password taken from a URL, be it ours or a redirect's. */
	(void)curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
			       is_https ? "https" : "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->follow_redirects ? 1L : 0L);
	(void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	(void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->ca_file != NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	(void)curl_easy_setopt(easy, CURLOPT_SSLCERT, request->client_cert_file);
	(void)curl_easy_setopt(easy, CURLOPT_SSLKEY, request->client_key_file);
	if (request->allow_insecure_tls) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (request->send_raw_path)
		(void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
}

void transfer_start(struct transfer *transfer, CURLM *multi)
{
	const struct http_request *request = &transfer->request;
	CURL *easy = curl_easy_init();
	if (easy == NULL)
		abort();
	transfer->easy = easy;
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "i2kit/" I2KIT_VERSION);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_message);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	if (request->range_start > 0) {
		AUTO_FREE char *range =
			xasprintf("%llu-", (unsigned long long)request->range_start);
		(void)curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	set_body(easy, transfer);
	set_limits(easy, request);
	set_connection(easy, request);
	transfer->multi = multi;
	(void)curl_multi_add_handle(multi, easy);
}

/* The end of a transfer. */

static enum error_kind kind_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERROR_TIMEOUT;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED: /* a user in the URL */
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_WEIRD_SERVER_REPLY:
		return ERROR_INVALID;
	case CURLE_ABORTED_BY_CALLBACK:
		return ERROR_CANCELLED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return ERROR_DENIED;
	default:
		return ERROR_NETWORK;
	}
}

bool transfer_report(struct transfer *transfer, CURLcode code, struct error *err)
{
	AUTO_FREE char *url = url_public(transfer->request.url);
	if (transfer->err.kind != ERROR_NONE) {
		error_move(err, &transfer->err);
	} else {
		const char *text = transfer->curl_message;
		error_set(err, kind_of(code), "%s", text[0] ? text : curl_easy_strerror(code));
	}
	return error_prefix(err, "%s %s", transfer->request.method, url);
}

void transfer_fill_response(struct transfer *transfer)
{
	struct http_response *response = &transfer->response;
	const char *url = NULL;
	curl_off_t elapsed_us = 0;

	response->status = (int)status_of(transfer);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	response->final_url = xstrdup(url ? url : transfer->request.url);
	response->elapsed_us = (uint64_t)elapsed_us;
	bool is_sunk =
		transfer->request.sink != NULL && response->status >= 200 && response->status < 300;
	if (is_sunk)
		return;
	response->body_size = transfer->body.size;
	response->body = strbuf_take(&transfer->body);
}

struct transfer *transfer_new(const struct http_request *request, http_done_fn *done, void *arg)
{
	struct transfer *transfer = xcalloc(1, sizeof(*transfer));
	transfer->done = done;
	transfer->arg = arg;
	copy_request(transfer, request);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	const char *const texts[] = {
		transfer->request.method,	    transfer->request.url,
		transfer->request.unix_socket,	    transfer->request.ca_file,
		transfer->request.client_cert_file, transfer->request.client_key_file,
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free((void *)(uintptr_t)texts[i]);
	if (transfer->easy != NULL) {
		(void)curl_multi_remove_handle(transfer->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	http_response_clear(&transfer->response);
	strbuf_clear(&transfer->body);
	error_clear(&transfer->err);
	free(transfer);
}
