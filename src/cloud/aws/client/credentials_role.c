/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_role.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_kept.h"
#include "cloud/aws/client/request.h"
#include "cloud/patience.h"

#define MAX_TOKEN_BYTES ((size_t)32 * 1024)
#define STS_TIMEOUT_MS	15000
#define STS_ATTEMPTS	3
#define MFA_CODE_DIGITS 6

/* The fifth word of an ARN; owned; NULL: there is none. */
static char *account_of(const char *arn)
{
	for (int i = 0; i < 4 && arn != NULL; i++) {
		arn = strchr(arn, ':');
		arn = arn != NULL ? arn + 1 : NULL;
	}
	size_t size = arn != NULL ? strcspn(arn, ":") : 0;
	return size > 0 ? xstrndup(arn, size) : NULL;
}

static bool read_token(const char *path, char **ret, struct error *err)
{
	size_t size = 0;
	AUTO_FREE char *token = NULL;
	if (!file_read(path, MAX_TOKEN_BYTES, &token, &size, err))
		return error_prefix(err, "web identity token");
	while (size > 0 && strchr(" \r\n\t", token[size - 1]) != NULL)
		token[--size] = '\0';
	*ret = TAKE_PTR(token);
	return true;
}

/* From AWS_MFA_CODE, or from the person who is there. */
static bool add_mfa(const struct aws_settings *settings, const struct aws_role *role,
		    struct aws_query *query, struct error *err)
{
	AUTO_FREE char *question = xasprintf("MFA code for %s", role->mfa_serial);
	AUTO_FREE char *code = xstrdup_or_null(role->mfa_code);
	if (code == NULL && settings->ask != NULL) {
		code = settings->ask(question, err);
		if (code == NULL) {
			error_prefix(err, "role %s", role->arn);
			return error_hint(err, "AWS_MFA_CODE=123456 i2kit …");
		}
	}
	if (code == NULL) {
		error_set(err, ERROR_DENIED, "role %s asks for the code of the MFA device %s",
			  role->arn, role->mfa_serial);
		return error_hint(err, "AWS_MFA_CODE=123456 i2kit …");
	}
	if (strlen(code) != MFA_CODE_DIGITS || strspn(code, "0123456789") != MFA_CODE_DIGITS)
		return error_set(err, ERROR_INVALID, "the code of an MFA device is six digits");
	aws_query_add(query, "SerialNumber", role->mfa_serial);
	aws_query_add(query, "TokenCode", code);
	return true;
}

static bool fill_query(const struct aws_settings *settings, const struct aws_role *role,
		       struct aws_query *query, struct error *err)
{
	AUTO_FREE char *made =
		xasprintf("i2kit-%lld", (long long)(clock_wall_ns() / INT64_C(1000000000)));
	aws_query_add(query, "RoleArn", role->arn);
	aws_query_add(query, "RoleSessionName", role->session != NULL ? role->session : made);
	if (role->token_file != NULL) {
		AUTO_FREE char *token = NULL;
		if (!read_token(role->token_file, &token, err))
			return false;
		aws_query_add(query, "WebIdentityToken", token);
		return true;
	}
	aws_query_add(query, "DurationSeconds", role->duration_s);
	aws_query_add(query, "ExternalId", role->external_id);
	return role->mfa_serial == NULL || add_mfa(settings, role, query, err);
}

static bool send_once(const struct aws_settings *settings, struct http_client *http,
		      const struct aws_call *call, const struct aws_credentials *source,
		      struct aws_answer *answer, struct error *err)
{
	/* The regional endpoint: the global one lives in one place and is to be avoided. */
	const char *region = settings->region != NULL ? settings->region : "us-east-1";
	AUTO(aws_signed_clear) struct aws_signed request = {0};
	if (!aws_call_sign(call, settings, region, source, clock_wall_ns() / INT64_C(1000000000),
			   &request, err))
		return false;
	struct http_request wire = {
		.method = "POST",
		.url = request.url,
		.headers = (const char *const *)request.headers.items,
		.body = call->body,
		.body_size = call->body_size,
		.ca_file = settings->ca_file,
		.timeout_ms = STS_TIMEOUT_MS,
		.send_raw_path = true,
	};
	AUTO(http_response_clear) struct http_response response = {0};
	if (!http_perform(http, &wire, &response, err))
		return error_prefix(err, "STS %s", call->action);
	aws_answer_read(&AWS_STS, &response, answer);
	return answer->status == 200 ? true : aws_answer_error(call, answer, err);
}

static bool send(const struct aws_settings *settings, struct http_client *http,
		 const struct aws_call *call, const struct aws_credentials *source,
		 struct aws_answer *answer, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	static const struct backoff law = {200, 5000, 200};
	for (unsigned attempt = 0; attempt < STS_ATTEMPTS; attempt++) {
		error_clear(&failure);
		aws_answer_clear(answer);
		if (send_once(settings, http, call, source, answer, &failure))
			return true;
		bool is_lost = answer->status == 0 && failure.kind == ERROR_NETWORK;
		if (!is_lost && !aws_answer_is_transient(&AWS_STS, answer))
			break;
		if (!patience_wait_ms(patience_backoff_ms(&law, attempt), NULL, err))
			return false;
	}
	return error_move(err, &failure);
}

static bool read_credentials(const struct aws_answer *answer, const char *action,
			     struct aws_credentials *ret, struct error *err)
{
	AUTO_PTR(xml)
	struct xml *root =
		xml_parse(answer->body != NULL ? answer->body : "", answer->body_size, err);
	if (root == NULL)
		return error_prefix(err, "STS %s", action);
	AUTO_FREE char *path = xasprintf("%sResult/Credentials", action);
	const struct xml *found = xml_find(root, path);
	const char *expires = xml_text(found, "Expiration");
	const char *access_key = xml_text(found, "AccessKeyId");
	const char *secret_key = xml_text(found, "SecretAccessKey");
	const char *token = xml_text(found, "SessionToken");
	int64_t expires_ns = 0;
	if (access_key == NULL || secret_key == NULL || token == NULL || expires == NULL ||
	    !parse_rfc3339_ns(expires, &expires_ns))
		return error_set(err, ERROR_INVALID, "STS %s: the answer has no credentials",
				 action);
	ret->access_key = xstrdup(access_key);
	ret->secret_key = xstrdup(secret_key);
	ret->session_token = xstrdup(token);
	ret->expires_ns = expires_ns;
	return true;
}

bool aws_credentials_kept_role(const struct aws_role *role, struct aws_credentials *ret)
{
	AUTO_FREE char *key = aws_kept_key_of_role(role);
	if (!aws_kept_find(key, ret))
		return false;
	ret->source = xasprintf("role %s, kept in ~/.aws/cli/cache", role->arn);
	return true;
}

static void keep(const struct aws_role *role, const struct aws_credentials *credentials)
{
	AUTO_FREE char *key = aws_kept_key_of_role(role);
	AUTO_FREE char *account = account_of(role->arn);
	aws_kept_save(key, NULL, account, credentials);
}

bool aws_credentials_assume(const struct aws_settings *settings, struct http_client *http,
			    const struct aws_role *role, const struct aws_credentials *source,
			    struct aws_credentials *ret, struct error *err)
{
	const char *action = source != NULL ? "AssumeRole" : "AssumeRoleWithWebIdentity";
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_STS, action);
	if (!fill_query(settings, role, &query, err))
		return false;
	struct aws_call call = aws_call_query(&query);
	call.is_unsigned = source == NULL;
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	if (!send(settings, http, &call, source, &answer, err))
		return error_prefix(err, "role %s", role->arn);
	if (!read_credentials(&answer, action, ret, err))
		return false;
	keep(role, ret);
	ret->source = source != NULL ? xasprintf("role %s through %s", role->arn, source->source)
				     : xasprintf("role %s through a web identity", role->arn);
	return true;
}
