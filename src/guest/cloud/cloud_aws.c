/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_aws.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "guest/cloud/cloud_http.h"

#define METADATA	 "http://169.254.169.254/"
#define TOKEN_TTL	 "X-aws-ec2-metadata-token-ttl-seconds: 21600"
#define OPEN_MS		 120000U
#define CREDENTIALS_MS	 600000U /* read anew after ten minutes: they turn over by themselves */
#define METADATA_WAIT_MS 3000
#define CALL_TRIES	 6
#define FIRST_PAUSE_MS	 200
#define ROLE_PATH	 "latest/meta-data/iam/security-credentials/"

void cloud_aws_clear(struct cloud_aws *aws)
{
	free(aws->token);
	free(aws->instance_id);
	free(aws->region);
	free(aws->endpoint);
	cloud_credentials_clear(&aws->credentials);
	*aws = (struct cloud_aws){0};
}

static bool get_token(char **ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	AUTO(cloud_answer_clear) struct cloud_answer answer = {0};
	string_list_add(&headers, TOKEN_TTL);
	struct cloud_request request = {.method = "PUT",
					.url = METADATA "latest/api/token",
					.headers = &headers,
					.timeout_ms = METADATA_WAIT_MS};
	if (!cloud_http(&request, &answer, err))
		return false;
	if (answer.status != 200)
		return error_set(err, ERROR_DENIED, "instance metadata gives no token: HTTP %d",
				 answer.status);
	*ret = TAKE_PTR(answer.body);
	return true;
}

bool cloud_metadata(const struct cloud_aws *aws, const char *path, char **ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	AUTO(cloud_answer_clear) struct cloud_answer answer = {0};
	AUTO_FREE char *url = xasprintf(METADATA "%s", path);
	string_list_addf(&headers, "X-aws-ec2-metadata-token: %s", aws->token);
	struct cloud_request request = {
		.method = "GET", .url = url, .headers = &headers, .timeout_ms = METADATA_WAIT_MS};
	if (!cloud_http(&request, &answer, err))
		return error_prefix(err, "instance metadata");
	if (answer.status != 200)
		return error_set(err, answer.status == 404 ? ERROR_NOT_FOUND : ERROR_NETWORK,
				 "instance metadata: %s: HTTP %d", path, answer.status);
	*ret = TAKE_PTR(answer.body);
	return true;
}

bool cloud_aws_open(struct cloud_aws *ret, struct error *err)
{
	uint64_t deadline = clock_monotonic_ms() + OPEN_MS;
	int pause = FIRST_PAUSE_MS;
	AUTO(cloud_aws_clear) struct cloud_aws aws = {0};
	while (!get_token(&aws.token, err)) {
		if (clock_monotonic_ms() >= deadline)
			return false;
		error_clear(err);
		(void)poll(NULL, 0, pause);
		pause = pause < 5000 ? pause * 2 : pause;
	}
	if (!cloud_metadata(&aws, "latest/meta-data/instance-id", &aws.instance_id, err) ||
	    !cloud_metadata(&aws, "latest/meta-data/placement/region", &aws.region, err))
		return false;
	*ret = aws;
	aws = (struct cloud_aws){0};
	return true;
}

static bool read_credentials(struct cloud_aws *aws, struct error *err)
{
	AUTO_FREE char *role = NULL;
	AUTO_FREE char *text = NULL;
	if (aws->credentials.key_id != NULL &&
	    clock_monotonic_ms() - aws->credentials_ms < CREDENTIALS_MS)
		return true;
	if (!cloud_metadata(aws, ROLE_PATH, &role, err))
		return false;
	role[strcspn(role, "\r\n")] = '\0';
	AUTO_FREE char *path = xasprintf(ROLE_PATH "%s", role);
	if (!cloud_metadata(aws, path, &text, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(
		text, strlen(text), "the role's credentials", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	const char *id = json_view_peek(json_view_get(root, "AccessKeyId"));
	const char *secret = json_view_peek(json_view_get(root, "SecretAccessKey"));
	if (id != NULL && secret != NULL) {
		cloud_credentials_clear(&aws->credentials);
		aws->credentials.key_id = xstrdup(id);
		aws->credentials.secret = xstrdup(secret);
		aws->credentials.token = json_view_text(json_view_get(root, "Token"));
		aws->credentials_ms = clock_monotonic_ms();
	}
	return aws->credentials.key_id != NULL ||
	       error_set(err, ERROR_DENIED, "the instance's role has no credentials");
}

/* The code and message of a refusal, in JSON or XML, cut to one line. */
static bool refuse(const struct cloud_call *call, const struct cloud_answer *answer,
		   struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(400);
	strbuf_append_printable(&text, answer->body, answer->body_size);
	enum error_kind kind = answer->status == 403 ? ERROR_DENIED : ERROR_INVALID;
	return error_set(err, kind, "%s: HTTP %d: %s", call->service, answer->status,
			 strbuf_text(&text));
}

static bool is_temporary(const struct cloud_answer *answer)
{
	return answer->status >= 500 || answer->status == 429 ||
	       strstr(answer->body, "Throttl") != NULL ||
	       strstr(answer->body, "RequestLimitExceeded") != NULL ||
	       strstr(answer->body, "ExpiredToken") != NULL;
}

static bool call_once(struct cloud_aws *aws, const struct cloud_call *call,
		      struct cloud_answer *answer, struct error *err)
{
	const char *suffix =
		strncmp(aws->region, "cn-", 3) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
	AUTO_FREE char *url = aws->endpoint != NULL ? xasprintf("%s/", aws->endpoint)
						    : xasprintf("https://%s.%s.%s/", call->service,
								aws->region, suffix);
	AUTO(cloud_url_clear) struct cloud_url parts = {0};
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	if (!read_credentials(aws, err) || !cloud_url_parse(url, &parts, err))
		return false;
	AUTO_FREE char *host = parts.port == (parts.is_tls ? 443 : 80)
				       ? xstrdup(parts.host)
				       : xasprintf("%s:%u", parts.host, parts.port);
	struct cloud_sign sign = {.credentials = &aws->credentials,
				  .region = aws->region,
				  .service = call->service,
				  .host = host,
				  .target = call->target,
				  .content_type = call->target != NULL
							  ? "application/x-amz-json-1.1"
							  : "application/x-www-form-urlencoded",
				  .body = call->body,
				  .body_size = strlen(call->body),
				  .wall_ns = clock_wall_ns()};
	cloud_sign(&sign, &headers);
	struct cloud_request request = {.method = "POST",
					.url = url,
					.headers = &headers,
					.body = call->body,
					.body_size = strlen(call->body)};
	return cloud_http(&request, answer, err);
}

bool cloud_call(struct cloud_aws *aws, const struct cloud_call *call, char **ret, struct error *err)
{
	int pause = FIRST_PAUSE_MS;
	for (int attempt = 1;; attempt++) {
		AUTO(cloud_answer_clear) struct cloud_answer answer = {0};
		error_clear(err);
		bool has_answer = call_once(aws, call, &answer, err);
		if (has_answer && answer.status == 200) {
			*ret = TAKE_PTR(answer.body);
			return true;
		}
		if (has_answer)
			(void)refuse(call, &answer, err);
		if (attempt == CALL_TRIES || (has_answer && !is_temporary(&answer)))
			return false;
		if (has_answer && strstr(answer.body, "ExpiredToken") != NULL)
			cloud_credentials_clear(&aws->credentials);
		(void)poll(NULL, 0, pause);
		pause *= 2;
	}
}
