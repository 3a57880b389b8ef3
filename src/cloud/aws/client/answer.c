/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/answer.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/http.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "cloud/answer_text.h"
#include "cloud/aws/client/request.h"

void aws_answer_clear(struct aws_answer *answer)
{
	free(answer->code);
	free(answer->message);
	free(answer->reason);
	free(answer->request_id);
	free(answer->body);
	*answer = (struct aws_answer){0};
}

/* "aws.ebs#AccessDeniedException:http://…" → "AccessDeniedException". Owned. */
static char *bare_code(const char *text)
{
	if (text == NULL)
		return NULL;
	const char *hash = strchr(text, '#');
	if (hash != NULL)
		text = hash + 1;
	AUTO_FREE char *code = xstrndup(text, strcspn(text, ":"));
	return answer_text_printable(code);
}

static void read_xml_error(struct aws_answer *answer)
{
	AUTO_PTR(xml) struct xml *root = xml_parse(answer->body, answer->body_size, NULL);
	if (root == NULL)
		return;
	const struct xml *error = xml_find(root, "Error"); /* query, Route 53 */
	if (error == NULL)
		error = xml_find(root, "Errors/Error"); /* EC2 */
	if (error == NULL)
		error = root; /* S3 */
	answer->code = answer_text_printable(xml_text(error, "Code"));
	answer->message = answer_text_printable(xml_text(error, "Message"));
	if (answer->request_id != NULL)
		return;
	const char *id = xml_text(root, "RequestId");
	answer->request_id = answer_text_printable(id != NULL ? id : xml_text(root, "RequestID"));
}

/* A text under either name; services do not agree on one. Borrowed; NULL: neither. */
static const char *find_text(struct json_view object, const char *a, const char *b)
{
	const char *text = json_view_peek(json_view_get(object, a));
	return text != NULL ? text : json_view_peek(json_view_get(object, b));
}

static void read_json_error(struct aws_answer *answer, const char *type_header)
{
	answer->code = bare_code(type_header);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(answer->body, answer->body_size,
							     "answer", JSON_LAST_KEY_WINS, NULL);
	if (document == NULL)
		return;
	struct json_view root = json_document_root(document);
	if (answer->code == NULL)
		answer->code = bare_code(find_text(root, "__type", "code"));
	answer->message = answer_text_printable(find_text(root, "Message", "message"));
	answer->reason = answer_text_printable(find_text(root, "Reason", "reason"));
}

void aws_answer_read(const struct aws_service *service, struct http_response *response,
		     struct aws_answer *ret)
{
	aws_answer_clear(ret);
	ret->status = response->status;
	ret->body = TAKE_PTR(response->body);
	ret->body_size = response->body_size;
	(void)answer_text_date(http_response_header(response, "date"), &ret->date_s);
	const char *id = http_response_header(response, "x-amzn-requestid");
	ret->request_id = answer_text_printable(
		id != NULL ? id : http_response_header(response, "x-amz-request-id"));
	const char *wait = http_response_header(response, "x-amz-retry-after");
	if (wait != NULL)
		(void)!parse_u64(wait, 0, 60000, &ret->retry_after_ms);
	if (ret->status < 300)
		return;
	if (ret->body == NULL)
		ret->body = xstrdup("");
	if (service->protocol == AWS_JSON || service->protocol == AWS_REST_JSON)
		read_json_error(ret, http_response_header(response, "x-amzn-errortype"));
	else
		read_xml_error(ret);
}

bool aws_code_is(const struct aws_answer *answer, const char *code)
{
	return answer->code != NULL && strcmp(answer->code, code) == 0;
}

static bool code_is_one_of(const struct aws_answer *answer, const char *const *codes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (aws_code_is(answer, codes[i]))
			return true;
	return false;
}

bool aws_answer_is_throttle(const struct aws_service *service, const struct aws_answer *answer)
{
	static const char *const codes[] = {"Throttling",
					    "ThrottlingException",
					    "ThrottledException",
					    "RequestThrottled",
					    "RequestThrottledException",
					    "TooManyRequestsException",
					    "RequestLimitExceeded",
					    "BandwidthLimitExceeded",
					    "LimitExceededException",
					    "SlowDown",
					    "ProvisionedThroughputExceededException",
					    "TransactionInProgressException",
					    "EC2ThrottledException",
					    "PriorRequestNotComplete"};
	/* There it is a quota that waiting does not lift. */
	if (service == &AWS_CLOUDFORMATION && aws_code_is(answer, "LimitExceededException"))
		return false;
	return answer->status == 429 || code_is_one_of(answer, codes, ARRAY_SIZE(codes));
}

bool aws_answer_is_transient(const struct aws_service *service, const struct aws_answer *answer)
{
	static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
					    "InternalError", "InternalFailure",
					    "ServiceUnavailable"};
	int status = answer->status;
	return status == 500 || status == 502 || status == 503 || status == 504 ||
	       code_is_one_of(answer, codes, ARRAY_SIZE(codes)) ||
	       aws_answer_is_throttle(service, answer);
}

bool aws_answer_is_skew(const struct aws_answer *answer)
{
	static const char *const codes[] = {"RequestTimeTooSkewed",	 "RequestExpired",
					    "InvalidSignatureException", "SignatureDoesNotMatch",
					    "RequestInTheFuture",	 "AuthFailure"};
	return answer->date_s != 0 && code_is_one_of(answer, codes, ARRAY_SIZE(codes));
}

static bool is_denied(const struct aws_answer *answer)
{
	static const char *const codes[] = {
		"AccessDenied",		 "AccessDeniedException",     "UnauthorizedOperation",
		"AuthFailure",		 "InvalidClientTokenId",      "UnrecognizedClientException",
		"SignatureDoesNotMatch", "InvalidSignatureException", "MissingAuthenticationToken"};
	return answer->status == 401 || answer->status == 403 ||
	       code_is_one_of(answer, codes, ARRAY_SIZE(codes));
}

static bool is_expired(const struct aws_answer *answer)
{
	static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException",
					    "RequestExpired"};
	return code_is_one_of(answer, codes, ARRAY_SIZE(codes));
}

static enum error_kind answer_kind(const struct aws_call *call, const struct aws_answer *answer)
{
	if (is_denied(answer) || is_expired(answer))
		return ERROR_DENIED;
	if (aws_answer_is_transient(call->service, answer))
		return ERROR_NETWORK;
	if (answer->status == 404 || (answer->code != NULL && strstr(answer->code, "NotFound")))
		return ERROR_NOT_FOUND;
	if (answer->status == 402 ||
	    (answer->code != NULL && strstr(answer->code, "LimitExceeded")))
		return ERROR_FULL;
	return ERROR_INVALID;
}

struct json_document *aws_answer_json(const struct aws_answer *answer, const char *action,
				      struct error *err)
{
	return json_document_parse(answer->body != NULL ? answer->body : "", answer->body_size,
				   action, JSON_LAST_KEY_WINS, err);
}

bool aws_answer_error(const struct aws_call *call, const struct aws_answer *answer,
		      struct error *err)
{
	error_set(err, answer_kind(call, answer), "%s %s: %s (%s, HTTP %d)%s%s",
		  call->service->name, call->action,
		  answer->message != NULL ? answer->message : "no explanation",
		  answer->code != NULL ? answer->code : "no code", answer->status,
		  answer->reason != NULL ? ", reason " : "",
		  answer->reason != NULL ? answer->reason : "");
	if (is_expired(answer))
		return error_hint(err,
				  "the credentials have expired: aws sso login, or renew them");
	if (aws_code_is(answer, "InvalidClientTokenId") ||
	    aws_code_is(answer, "UnrecognizedClientException"))
		return error_hint(err, "AWS does not know this access key: aws sts "
				       "get-caller-identity shows which one is used");
	if (aws_code_is(answer, "SignatureDoesNotMatch") ||
	    aws_code_is(answer, "InvalidSignatureException"))
		return error_hint(
			err, "AWS knows the access key, and the secret is not its: "
			     "AWS_SECRET_ACCESS_KEY, or aws_secret_access_key of the profile in "
			     "~/.aws/credentials; aws configure writes both");
	if (is_denied(answer) && call->service->host != NULL)
		return error_hint(err, "the credentials need the permission %s:%s",
				  call->service->signing, call->action);
	return false;
}
