/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/request.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/url.h"
#include "cloud/aws/client/sigv4.h"

void aws_signed_clear(struct aws_signed *request)
{
	free(request->url);
	string_list_clear(&request->headers);
	*request = (struct aws_signed){0};
}

struct aws_call aws_call_query(const struct aws_query *query)
{
	return (struct aws_call){
		.service = query->service,
		.action = query->action,
		.body = query->body.data,
		.body_size = query->body.size,
	};
}

/* "https://HOST:PORT/prefix" in its parts; the port stays unless it is the scheme's own. */
struct url_parts {
	bool is_tls;
	char *host;   /* owned */
	char *prefix; /* owned; "" or "/prefix" */
};

static void url_parts_clear(struct url_parts *parts)
{
	free(parts->host);
	free(parts->prefix);
}

static bool split_url(const char *url, struct url_parts *ret, struct error *err)
{
	AUTO(url_clear) struct url parts = {0};
	if (!url_parse(url, &parts, err)) {
		error_prefix(err, "the endpoint");
		return error_hint(err, "AWS_ENDPOINT_URL=https://host[:port]");
	}
	if (parts.query != NULL)
		return error_set(err, ERROR_INVALID, "the endpoint '%s' has a ?query", url);
	ret->is_tls = parts.is_tls;
	ret->host = xstrdup(parts.authority);
	ret->prefix = xstrdup(strcmp(parts.path, "/") == 0 ? "" : parts.path);
	return true;
}

static void add_protocol_headers(const struct aws_call *call, struct string_list *headers)
{
	enum aws_protocol protocol = call->service->protocol;
	if (protocol == AWS_QUERY || protocol == AWS_EC2_QUERY)
		string_list_add(headers,
				"Content-Type: application/x-www-form-urlencoded; charset=utf-8");
	if (protocol == AWS_JSON) {
		string_list_add(headers, "Content-Type: application/x-amz-json-1.1");
		string_list_addf(headers, "X-Amz-Target: %s.%s", call->service->target,
				 call->action);
	}
	for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++)
		string_list_add(headers, call->headers[i]);
}

static bool sign_headers(const struct aws_call *call, const struct url_parts *parts,
			 const char *path, const char *region,
			 const struct aws_credentials *credentials, int64_t time_s,
			 struct string_list *headers, struct error *err)
{
	uint8_t raw[SHA256_SIZE];
	char computed[SHA256_HEX_SIZE];
	const char *hash = call->body_hash;
	bool is_unsigned_payload = call->has_signed_checksum && parts->is_tls;
	if (is_unsigned_payload) {
		hash = SIGV4_UNSIGNED_PAYLOAD;
	} else if (hash == NULL) {
		sha256_bytes(call->body != NULL ? call->body : "", call->body_size, raw);
		sha256_hex(raw, computed);
		hash = computed;
	}
	bool is_s3 = call->service == &AWS_S3;
	struct sigv4_key key = {credentials->access_key, credentials->secret_key,
				credentials->session_token};
	struct sigv4_request request = {
		.method = call->method != NULL ? call->method : "POST",
		.host = parts->host,
		.path = path,
		.query = call->query,
		.headers = (const char *const *)headers->items,
		.payload_hash = hash,
		.region = aws_signing_region(call->service, region),
		.service = call->service->signing,
		.time_s = time_s,
		.is_s3 = is_s3,
		.add_content_hash = is_s3 || is_unsigned_payload,
	};
	AUTO(string_list_clear) struct string_list added = STRING_LIST_INIT;
	if (!sigv4_sign(&key, &request, &added, err))
		return false;
	string_list_copy(headers, &added);
	return true;
}

bool aws_call_sign(const struct aws_call *call, const struct aws_settings *settings,
		   const char *region, const struct aws_credentials *credentials, int64_t time_s,
		   struct aws_signed *ret, struct error *err)
{
	AUTO_FREE char *endpoint = aws_endpoint_url(settings, call->service, region);
	AUTO(url_parts_clear) struct url_parts parts = {0};
	if (!split_url(endpoint, &parts, err))
		return false;
	AUTO_FREE char *path =
		xasprintf("%s%s", parts.prefix, call->path != NULL ? call->path : "/");
	AUTO(aws_signed_clear) struct aws_signed out = {0};
	out.url = xasprintf("%s://%s%s%s%s", parts.is_tls ? "https" : "http", parts.host, path,
			    call->query != NULL ? "?" : "", call->query != NULL ? call->query : "");
	add_protocol_headers(call, &out.headers);
	if (!call->is_unsigned &&
	    !sign_headers(call, &parts, path, region, credentials, time_s, &out.headers, err))
		return false;
	/* No 100-continue dance: it costs a round trip for every block. */
	string_list_add(&out.headers, "Expect:");
	*ret = out;
	out = (struct aws_signed){0};
	return true;
}
