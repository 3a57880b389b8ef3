/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/sigv4.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

bool sigv4_date(int64_t time_s, char out[SIGV4_DATE_SIZE])
{
	time_t when = (time_t)time_s;
	struct tm utc;
	return gmtime_r(&when, &utc) != NULL && utc.tm_year >= 0 && utc.tm_year < 8099 &&
	       strftime(out, SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &utc) == SIGV4_DATE_SIZE - 1;
}

/* --- path ----------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '~';
}

static void append_encoded(struct strbuf *out, const char *text, size_t size, bool keep_slash)
{
	for (size_t i = 0; i < size; i++) {
		if (is_unreserved(text[i]) || (keep_slash && text[i] == '/'))
			strbuf_append_char(out, text[i]);
		else
			strbuf_appendf(out, "%%%02X", (unsigned)(unsigned char)text[i]);
	}
}

/* Resolves "." and ".." and drops empty segments; a closing slash stays. RFC 3986, 5.2.4. */
static char *normalise_path(const char *path)
{
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list segments = STRING_LIST_INIT;
	string_list_split(&segments, path, '/');
	bool ends_in_slash = false;
	for (size_t i = 0; i < segments.count; i++) {
		const char *segment = segments.items[i];
		bool is_dots = strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0;
		ends_in_slash = segment[0] == '\0';
		if (strcmp(segment, "..") == 0 && kept.count > 0) {
			free(kept.items[--kept.count]);
			kept.items[kept.count] = NULL;
		}
		if (segment[0] != '\0' && !is_dots)
			string_list_add(&kept, segment);
	}
	AUTO_FREE char *joined = kept.count > 0 ? string_list_join(&kept, "/") : xstrdup("");
	bool needs_slash = ends_in_slash && joined[0] != '\0';
	return xasprintf("/%s%s", joined, needs_slash ? "/" : "");
}

static void append_path(struct strbuf *out, const struct sigv4_request *request)
{
	const char *path = request->path[0] != '\0' ? request->path : "/";
	if (request->is_s3) {
		strbuf_append(out, path);
		return;
	}
	AUTO_FREE char *normal = normalise_path(path);
	append_encoded(out, normal, strlen(normal), true);
}

/* --- query ---------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Sorted by name, then by value. NAME\x01VALUE sorts that way as one text: \x01 is below every
 * character an encoded name may have.
 */
static void append_query(struct strbuf *out, const char *query)
{
	if (query == NULL || query[0] == '\0')
		return;
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, query, '&');
	for (size_t i = 0; i < parts.count; i++) {
		char *equals = strchr(parts.items[i], '=');
		if (equals != NULL) {
			*equals = '\x01';
			continue;
		}
		char *with_value = xasprintf("%s\x01", parts.items[i]);
		free(parts.items[i]);
		parts.items[i] = with_value;
	}
	qsort(parts.items, parts.count, sizeof(*parts.items), compare_texts);
	for (size_t i = 0; i < parts.count; i++) {
		*strchr(parts.items[i], '\x01') = '=';
		strbuf_append(out, i > 0 ? "&" : "");
		strbuf_append(out, parts.items[i]);
	}
}

/* --- headers -------------------------------------------------------------------------------- */

struct signed_header {
	char *name;  /* owned; lower case */
	char *value; /* owned; canonical */
	size_t position;
};

struct signed_headers {
	struct signed_header *items; /* owned */
	size_t count;
};

static void signed_headers_clear(struct signed_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		free(headers->items[i].name);
		free(headers->items[i].value);
	}
	free(headers->items);
}

/* What proxies and the HTTP library may add, drop or change on the way. */
static bool is_never_signed(const char *name)
{
	static const char *const names[] = {
		"connection",	 "expect",	   "keep-alive", "te",
		"trailer",	 "upgrade",	   "user-agent", "transfer-encoding",
		"authorization", "x-amzn-trace-id"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "proxy-", 6) == 0;
}

/* Spaces at both ends go, runs of spaces within become one. */
static char *canonical_value(const char *value)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	bool is_gap = false;
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == ' ' || *c == '\t') {
			is_gap = out.size > 0;
			continue;
		}
		if (is_gap)
			strbuf_append_char(&out, ' ');
		is_gap = false;
		strbuf_append_char(&out, *c);
	}
	return strbuf_take(&out);
}

static void add_header(struct signed_headers *headers, const char *name, size_t name_size,
		       const char *value)
{
	AUTO_FREE char *lower = xstrndup(name, name_size);
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (is_never_signed(lower))
		return;
	size_t position = headers->count;
	struct signed_header *header = ARRAY_APPEND(headers->items, headers->count);
	header->name = TAKE_PTR(lower);
	header->value = canonical_value(value);
	header->position = position;
}

static int compare_headers(const void *a, const void *b)
{
	const struct signed_header *one = a;
	const struct signed_header *two = b;
	int order = strcmp(one->name, two->name);
	if (order != 0)
		return order;
	return one->position < two->position ? -1 : 1; /* duplicates keep their order */
}

static void collect_headers(const struct sigv4_key *key, const struct sigv4_request *request,
			    struct signed_headers *headers)
{
	char date[SIGV4_DATE_SIZE] = "";
	(void)!sigv4_date(request->time_s, date);
	add_header(headers, "host", 4, request->host);
	add_header(headers, "x-amz-date", 10, date);
	if (key->session_token != NULL)
		add_header(headers, "x-amz-security-token", 20, key->session_token);
	if (request->add_content_hash)
		add_header(headers, "x-amz-content-sha256", 20, request->payload_hash);
	for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
		const char *colon = strchr(request->headers[i], ':');
		/* "Name:" alone tells the HTTP library to leave a header out. */
		if (colon != NULL && colon[1] != '\0')
			add_header(headers, request->headers[i],
				   (size_t)(colon - request->headers[i]), colon + 1);
	}
	if (headers->items != NULL)
		qsort(headers->items, headers->count, sizeof(*headers->items), compare_headers);
}

static void append_header_names(struct strbuf *out, const struct signed_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (i > 0 && strcmp(headers->items[i].name, headers->items[i - 1].name) == 0)
			continue;
		strbuf_append(out, i > 0 ? ";" : "");
		strbuf_append(out, headers->items[i].name);
	}
}

static void append_headers(struct strbuf *out, const struct signed_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		const struct signed_header *header = &headers->items[i];
		bool is_more = i > 0 && strcmp(header->name, headers->items[i - 1].name) == 0;
		if (is_more)
			strbuf_appendf(out, ",%s", header->value);
		else
			strbuf_appendf(out, "%s%s:%s", i > 0 ? "\n" : "", header->name,
				       header->value);
	}
	strbuf_append_char(out, '\n');
}

/* --- signature ------------------------------------------------------------------------------ */

static char *canonical_request(const struct sigv4_request *request,
			       const struct signed_headers *headers)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_appendf(&out, "%s\n", request->method);
	append_path(&out, request);
	strbuf_append_char(&out, '\n');
	append_query(&out, request->query);
	strbuf_append_char(&out, '\n');
	append_headers(&out, headers);
	strbuf_append_char(&out, '\n');
	append_header_names(&out, headers);
	strbuf_appendf(&out, "\n%s", request->payload_hash);
	return strbuf_take(&out);
}

char *sigv4_canonical_request(const struct sigv4_key *key, const struct sigv4_request *request)
{
	AUTO(signed_headers_clear) struct signed_headers headers = {0};
	collect_headers(key, request, &headers);
	return canonical_request(request, &headers);
}

static void make_signing_key(const struct sigv4_key *key, const struct sigv4_request *request,
			     const char date[SIGV4_DATE_SIZE], uint8_t out[SHA256_SIZE])
{
	AUTO_FREE char *secret = xasprintf("AWS4%s", key->secret_key);
	uint8_t step[SHA256_SIZE];
	sha256_hmac(secret, strlen(secret), date, 8, out);
	sha256_hmac(out, SHA256_SIZE, request->region, strlen(request->region), step);
	sha256_hmac(step, SHA256_SIZE, request->service, strlen(request->service), out);
	sha256_hmac(out, SHA256_SIZE, "aws4_request", 12, step);
	memcpy(out, step, SHA256_SIZE);
	explicit_bzero(secret, strlen(secret));
	explicit_bzero(step, sizeof(step));
}

static void add_signature(const struct sigv4_key *key, const struct sigv4_request *request,
			  const char date[SIGV4_DATE_SIZE], struct string_list *out)
{
	AUTO(signed_headers_clear) struct signed_headers headers = {0};
	collect_headers(key, request, &headers);
	AUTO_FREE char *canonical = canonical_request(request, &headers);
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(canonical, strlen(canonical), raw);
	sha256_hex(raw, hex);
	AUTO_FREE char *scope =
		xasprintf("%.8s/%s/%s/aws4_request", date, request->region, request->service);
	AUTO_FREE char *to_sign = xasprintf(ALGORITHM "\n%s\n%s\n%s", date, scope, hex);

	uint8_t signing_key[SHA256_SIZE];
	make_signing_key(key, request, date, signing_key);
	sha256_hmac(signing_key, sizeof(signing_key), to_sign, strlen(to_sign), raw);
	explicit_bzero(signing_key, sizeof(signing_key));
	sha256_hex(raw, hex);
	AUTO(strbuf_clear) struct strbuf names = STRBUF_INIT;
	append_header_names(&names, &headers);
	string_list_addf(out,
			 "Authorization: " ALGORITHM
			 " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			 key->access_key, scope, strbuf_text(&names), hex);
}

bool sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request,
		struct string_list *headers, struct error *err)
{
	char date[SIGV4_DATE_SIZE];
	if (!sigv4_date(request->time_s, date))
		return error_set(err, ERROR_INVALID, "cannot sign for a time outside 1900-9999");
	string_list_addf(headers, "X-Amz-Date: %s", date);
	if (key->session_token != NULL)
		string_list_addf(headers, "X-Amz-Security-Token: %s", key->session_token);
	if (request->add_content_hash)
		string_list_addf(headers, "X-Amz-Content-SHA256: %s", request->payload_hash);
	add_signature(key, request, date, headers);
	return true;
}
