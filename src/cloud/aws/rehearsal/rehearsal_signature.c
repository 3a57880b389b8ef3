/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/client/sigv4.h"
#include "cloud/aws/rehearsal/rehearsal_parts.h"

#define ALGORITHM  "AWS4-HMAC-SHA256 "
#define MAX_SKEW_S (5 * 60)

/* The text behind "Name=" up to the next comma or space, owned, or NULL. */
static char *part_of(const char *authorization, const char *name)
{
	const char *at = strstr(authorization, name);
	if (at == NULL || at[strlen(name)] != '=')
		return NULL;
	at += strlen(name) + 1;
	return xstrndup(at, strcspn(at, ", "));
}

/* "20261125T022623Z" */
static bool parse_moment(const char *text, int64_t *ret)
{
	struct tm utc = {0};
	const char *end = text != NULL ? strptime(text, "%Y%m%dT%H%M%SZ", &utc) : NULL;
	if (end == NULL || *end != '\0')
		return false;
	*ret = (int64_t)timegm(&utc);
	return true;
}

/* The headers that were signed, but for those that signing adds by itself. */
static bool collect_headers(const struct guest_call *request, const char *signed_names,
			    struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	string_list_split(&names, signed_names, ';');
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		const char *value = rehearsal_request_header(request, name);
		if (value == NULL)
			return error_set(err, ERROR_DENIED, "the signed header '%s' is missing",
					 name);
		if (strcmp(name, "host") != 0 && strcmp(name, "x-amz-date") != 0 &&
		    strcmp(name, "x-amz-security-token") != 0)
			string_list_addf(ret, "%s: %s", name, value);
	}
	if (!string_list_has(&names, "host") || !string_list_has(&names, "x-amz-date") ||
	    !string_list_has(&names, "x-amz-security-token"))
		return error_set(err, ERROR_DENIED, "host, date and token must be signed");
	return true;
}

/* Route 53 has one seat for all regions. */
static const char *region_of(const struct cloud_rehearsal *rehearsal, const char *service)
{
	return strcmp(service, AWS_ROUTE53.signing) == 0
		       ? aws_signing_region(&AWS_ROUTE53, rehearsal->region)
		       : rehearsal->region;
}

static bool sign_again(const struct cloud_rehearsal *rehearsal, const struct guest_call *request,
		       const char *service, const struct string_list *headers, int64_t time_s,
		       char **ret, struct error *err)
{
	uint8_t raw[SHA256_SIZE];
	char hash[SHA256_HEX_SIZE];
	AUTO(string_list_clear) struct string_list out = STRING_LIST_INIT;
	sha256_bytes(request->body, request->body_size, raw);
	sha256_hex(raw, hash);
	const struct sigv4_key key = {.access_key = REHEARSAL_KEY_ID,
				      .secret_key = rehearsal->secret,
				      .session_token = rehearsal->session_token};
	const struct sigv4_request again = {
		.query = request->query,
		.method = request->method,
		.host = rehearsal_request_header(request, "host"),
		.path = request->path,
		.headers = (const char *const *)headers->items,
		.payload_hash = hash,
		.region = region_of(rehearsal, service),
		.service = service,
		.time_s = time_s,
	};
	if (!sigv4_sign(&key, &again, &out, err))
		return false;
	for (size_t i = 0; i < out.count; i++)
		if (strncmp(out.items[i], "Authorization:", 14) == 0)
			*ret = part_of(out.items[i], "Signature");
	return *ret != NULL;
}

bool rehearsal_check_signature(const struct cloud_rehearsal *rehearsal,
			       const struct guest_call *request, char **ret_service,
			       struct error *err)
{
	const char *authorization = rehearsal_request_header(request, "authorization");
	const char *token = rehearsal_request_header(request, "x-amz-security-token");
	int64_t time_s = 0;
	if (authorization == NULL || strncmp(authorization, ALGORITHM, strlen(ALGORITHM)) != 0)
		return error_set(err, ERROR_DENIED, "the call is not signed");
	AUTO_FREE char *credential = part_of(authorization, "Credential");
	AUTO_FREE char *names = part_of(authorization, "SignedHeaders");
	AUTO_FREE char *signature = part_of(authorization, "Signature");
	AUTO_FREE char *wanted = NULL;
	AUTO(string_list_clear) struct string_list scope = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	if (credential == NULL || names == NULL || signature == NULL)
		return error_set(err, ERROR_DENIED, "the Authorization header is not whole");
	string_list_split(&scope, credential, '/');
	if (scope.count != 5 || strcmp(scope.items[0], REHEARSAL_KEY_ID) != 0 ||
	    strcmp(scope.items[2], region_of(rehearsal, scope.items[3])) != 0 || token == NULL ||
	    strcmp(token, rehearsal->session_token) != 0)
		return error_set(err, ERROR_DENIED, "signed by somebody else than the role");
	if (!parse_moment(rehearsal_request_header(request, "x-amz-date"), &time_s))
		return error_set(err, ERROR_DENIED, "X-Amz-Date is no time");
	int64_t skew_s = clock_wall_ns() / 1000000000 - time_s;
	if (skew_s > MAX_SKEW_S || skew_s < -MAX_SKEW_S)
		return error_set(err, ERROR_DENIED, "the guest's clock is %lld s off",
				 (long long)skew_s);
	if (!collect_headers(request, names, &headers, err) ||
	    !sign_again(rehearsal, request, scope.items[3], &headers, time_s, &wanted, err))
		return false;
	if (strcmp(signature, wanted) != 0)
		return error_set(err, ERROR_DENIED, "the signature is wrong");
	*ret_service = xstrdup(scope.items[3]);
	return true;
}
