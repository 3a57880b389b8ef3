/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Amazon: instance metadata (version 2, with a token) and the few calls that the instance's role
 * allows. Temporary failures are tried again with growing pauses.
 */

#include "guest/cloud/cloud_aws.h"
#include "guest/cloud/cloud_aws_names.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "guest/cloud/cloud_answer.h"
#include "guest/cloud/cloud_http.h"
#include "guest/cloud/cloud_sign.h"
#include "wire/instance_calls.h"

#define METADATA	 "http://169.254.169.254/"
#define TOKEN_TTL	 "X-aws-ec2-metadata-token-ttl-seconds: 21600"
#define CREDENTIALS_MS	 600000U /* read anew after ten minutes: they turn over by themselves */
#define METADATA_WAIT_MS 3000
#define CALL_TRIES	 6
#define FIRST_PAUSE_MS	 200
#define ROLE_PATH	 "latest/meta-data/iam/security-credentials/"

struct cloud_aws *cloud_aws_of(struct guest_cloud *cloud)
{
	return (struct cloud_aws *)(void *)cloud;
}

static void free_aws(struct cloud_aws *aws)
{
	if (aws == NULL)
		return;
	free(aws->token);
	free(aws->cloud.instance_id);
	free(aws->cloud.address);
	free(aws->cloud.endpoint);
	free(aws->region);
	cloud_credentials_clear(&aws->credentials);
	free(aws);
}
DEFINE_AUTO_PTR(cloud_aws, free_aws)

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

/* "latest/…" below the metadata service; *ret owned. ERROR_NOT_FOUND for 404. */
static bool read_metadata(const struct cloud_aws *aws, const char *path, char **ret,
			  struct error *err)
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

static struct guest_cloud *aws_open(struct error *err)
{
	AUTO_PTR(cloud_aws) struct cloud_aws *aws = xcalloc(1, sizeof(*aws));
	aws->cloud.backend = &cloud_backend_aws;
	if (!get_token(&aws->token, err) ||
	    !read_metadata(aws, "latest/meta-data/instance-id", &aws->cloud.instance_id, err) ||
	    !read_metadata(aws, "latest/meta-data/local-ipv4", &aws->cloud.address, err) ||
	    !read_metadata(aws, "latest/meta-data/placement/region", &aws->region, err))
		return NULL;
	return &TAKE_PTR(aws)->cloud;
}

static bool aws_user_data(struct guest_cloud *cloud, char **ret, struct error *err)
{
	return read_metadata(cloud_aws_of(cloud), "latest/user-data", ret, err);
}

static bool read_credentials(struct cloud_aws *aws, struct error *err)
{
	AUTO_FREE char *role = NULL;
	AUTO_FREE char *text = NULL;
	if (aws->credentials.key_id != NULL &&
	    clock_monotonic_ms() - aws->credentials_ms < CREDENTIALS_MS)
		return true;
	if (!read_metadata(aws, ROLE_PATH, &role, err))
		return false;
	role[strcspn(role, "\r\n")] = '\0';
	AUTO_FREE char *path = xasprintf(ROLE_PATH "%s", role);
	if (!read_metadata(aws, path, &text, err))
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
	       strstr(answer->body, "PriorRequestNotComplete") != NULL ||
	       strstr(answer->body, "ExpiredToken") != NULL;
}

/* Route 53 is one for a whole partition: its name has no region, its signature that of its seat. */
static const char *region_of(const struct cloud_aws *aws, const struct cloud_call *call)
{
	if (strcmp(call->service, "route53") != 0)
		return aws->region;
	return strncmp(aws->region, "cn-", 3) == 0	 ? "cn-northwest-1"
	       : strncmp(aws->region, "us-gov-", 7) == 0 ? "us-gov-west-1"
							 : "us-east-1";
}

/* Owned. */
static char *origin_of(const struct cloud_aws *aws, const struct cloud_call *call)
{
	const char *suffix =
		strncmp(aws->region, "cn-", 3) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
	if (aws->cloud.endpoint != NULL)
		return xstrdup(aws->cloud.endpoint);
	if (strcmp(call->service, "route53") != 0)
		return xasprintf("https://%s.%s.%s", call->service, aws->region, suffix);
	return strncmp(aws->region, "us-gov-", 7) == 0
		       ? xstrdup("https://route53.us-gov.amazonaws.com")
		       : xasprintf("https://route53.%s", suffix);
}

static const char *type_of(const struct cloud_call *call)
{
	if (call->target != NULL)
		return "application/x-amz-json-1.1";
	return call->path != NULL ? "application/xml" : "application/x-www-form-urlencoded";
}

static bool call_once(struct cloud_aws *aws, const struct cloud_call *call,
		      struct cloud_answer *answer, struct error *err)
{
	const char *path = call->path != NULL ? call->path : "/";
	const char *query = call->query != NULL ? call->query : "";
	AUTO_FREE char *origin = origin_of(aws, call);
	AUTO_FREE char *url =
		xasprintf("%s%s%s%s", origin, path, query[0] != '\0' ? "?" : "", query);
	AUTO(cloud_url_clear) struct cloud_url parts = {0};
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	if (!read_credentials(aws, err) || !cloud_url_parse(url, &parts, err))
		return false;
	AUTO_FREE char *host = parts.port == (parts.is_tls ? 443 : 80)
				       ? xstrdup(parts.host)
				       : xasprintf("%s:%u", parts.host, parts.port);
	AUTO_FREE char *target =
		call->target != NULL ? xasprintf("%s.%s", call->target, call->action) : NULL;
	const char *method = call->method != NULL ? call->method : "POST";
	struct cloud_sign sign = {.credentials = &aws->credentials,
				  .region = region_of(aws, call),
				  .service = call->service,
				  .host = host,
				  .method = method,
				  .path = path,
				  .query = query,
				  .target = target,
				  .content_type = type_of(call),
				  .body = call->body,
				  .body_size = strlen(call->body),
				  .wall_ns = clock_wall_ns()};
	cloud_sign(&sign, &headers);
	struct cloud_request request = {.method = method,
					.url = url,
					.headers = &headers,
					.body = call->body,
					.body_size = strlen(call->body)};
	return cloud_http(&request, answer, err);
}

/* What is not in the table, no role allows. */
static bool is_known(const struct cloud_call *call)
{
#define ROW(service_name, action_name, resource, condition) {service_name, action_name},
	static const struct {
		const char *service;
		const char *action;
	} rows[] = {INSTANCE_CALLS(ROW)};
#undef ROW
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].service, call->service) == 0 &&
		    strcmp(rows[i].action, call->action) == 0)
			return true;
	return false;
}

bool cloud_call(struct cloud_aws *aws, const struct cloud_call *call, char **ret, struct error *err)
{
	int pause = FIRST_PAUSE_MS;
	if (!is_known(call))
		return error_set(err, ERROR_INVALID, "%s:%s is not among an instance's calls",
				 call->service, call->action);
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

/* The answer of a JSON service; NULL and *err when there is none. */
static struct json_document *call_json(struct cloud_aws *aws, const struct cloud_call *call,
				       struct error *err)
{
	AUTO_FREE char *answer = NULL;
	if (!cloud_call(aws, call, &answer, err))
		return NULL;
	return json_document_parse(answer, strlen(answer), call->service, JSON_LAST_KEY_WINS, err);
}

/* The value of an SSM parameter, owned. */
static bool get_parameter(struct cloud_aws *aws, const char *name, char **ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_open_list(&json, "Names");
	json_write_text(&json, NULL, name);
	json_close(&json);
	json_write_bool(&json, "WithDecryption", true);
	json_close(&json);
	const struct cloud_call call = {.service = "ssm",
					.action = "GetParameters",
					.target = "AmazonSSM",
					.body = strbuf_text(&body)};
	AUTO_PTR(json_document) struct json_document *document = call_json(aws, &call, err);
	if (document == NULL)
		return error_prefix(err, "parameter %s", name);
	struct json_view list = json_view_get(json_document_root(document), "Parameters");
	*ret = json_view_text(json_view_get(json_view_at(list, 0), "Value"));
	return *ret != NULL || error_set(err, ERROR_NOT_FOUND, "there is no parameter %s", name);
}

static bool aws_parameter(struct guest_cloud *cloud, const char *name, char **ret,
			  struct error *err)
{
	return get_parameter(cloud_aws_of(cloud), name, ret, err);
}

/* What `reference` means, owned. */
static bool aws_secret(struct guest_cloud *cloud, const char *reference, uint8_t **ret,
		       size_t *ret_size, struct error *err)
{
	struct cloud_aws *aws = cloud_aws_of(cloud);
	AUTO_FREE char *text = NULL;
	if (strncmp(reference, "ssm:", 4) == 0) {
		/* Stored in base64, so that any bytes go through. */
		if (!get_parameter(aws, reference + 4, &text, err))
			return false;
		return base64_decode(text, strlen(text), ret, ret_size) ||
		       error_set(err, ERROR_INVALID, "%s is not base64", reference);
	}
	return error_set(err, ERROR_UNSUPPORTED, "no way to fetch '%s'", reference);
}

static bool aws_attach(struct guest_cloud *cloud, const char *volume, const char *device,
		       struct error *err)
{
	struct cloud_aws *aws = cloud_aws_of(cloud);
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	AUTO_FREE char *answer = NULL;
	strbuf_append(&body, "Action=AttachVolume&Version=2016-11-15&VolumeId=");
	strbuf_append_url(&body, volume);
	strbuf_append(&body, "&InstanceId=");
	strbuf_append_url(&body, cloud->instance_id);
	strbuf_append(&body, "&Device=");
	strbuf_append_url(&body, device);
	struct cloud_call call = {
		.service = "ec2", .action = "AttachVolume", .body = strbuf_text(&body)};
	if (cloud_call(aws, &call, &answer, err))
		return true;
	/* Attached to us by an earlier start of this agent: the disk is there. */
	if (strstr(err->message, "VolumeInUse") != NULL &&
	    strstr(err->message, cloud->instance_id) != NULL) {
		error_clear(err);
		return true;
	}
	return false;
}

static bool call_logs(struct guest_cloud *cloud, const char *action, const struct strbuf *body,
		      struct error *err)
{
	AUTO_FREE char *answer = NULL;
	struct cloud_call call = {.service = "logs",
				  .action = action,
				  .target = "Logs_20140328",
				  .body = strbuf_text(body)};
	return cloud_call(cloud_aws_of(cloud), &call, &answer, err);
}

static void write_names(struct json_writer *json, const char *group, const char *stream)
{
	json_open_object(json, NULL);
	json_write_text(json, "logGroupName", group);
	json_write_text(json, "logStreamName", stream);
}

static bool aws_make_log(struct guest_cloud *cloud, const char *group, const char *stream,
			 struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	write_names(&json, group, stream);
	json_close(&json);
	if (call_logs(cloud, "CreateLogStream", &body, err))
		return true;
	if (strstr(err->message, "ResourceAlreadyExists") == NULL)
		return false;
	error_clear(err);
	return true;
}

static bool aws_log(struct guest_cloud *cloud, const char *group, const char *stream,
		    const struct cloud_log_line *lines, size_t count, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	write_names(&json, group, stream);
	json_open_list(&json, "logEvents");
	for (size_t i = 0; i < count; i++) {
		json_open_object(&json, NULL);
		json_write_number(&json, "timestamp", lines[i].time_ms);
		json_write_text(&json, "message", lines[i].text);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	return call_logs(cloud, "PutLogEvents", &body, err);
}

static bool aws_signal(struct guest_cloud *cloud, const char *stack, const char *resource,
		       bool is_good, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	AUTO_FREE char *answer = NULL;
	strbuf_append(&body, "Action=SignalResource&Version=2010-05-15&StackName=");
	strbuf_append_url(&body, stack);
	strbuf_append(&body, "&LogicalResourceId=");
	strbuf_append_url(&body, resource);
	strbuf_appendf(&body, "&UniqueId=%s&Status=%s", cloud->instance_id,
		       is_good ? "SUCCESS" : "FAILURE");
	struct cloud_call call = {.service = "cloudformation",
				  .action = "SignalResource",
				  .body = strbuf_text(&body)};
	return cloud_call(cloud_aws_of(cloud), &call, &answer, err);
}

const struct cloud_backend cloud_backend_aws = {
	.open = aws_open,
	.user_data = aws_user_data,
	.parameter = aws_parameter,
	.secret = aws_secret,
	.attach = aws_attach,
	.make_log = aws_make_log,
	.log = aws_log,
	.signal = aws_signal,
	.list_names = cloud_aws_list_names,
	.change_names = cloud_aws_change_names,
	.list_alive = cloud_aws_list_alive,
};
