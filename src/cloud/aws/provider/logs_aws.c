/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/logs_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cloud/aws/provider/scope_stack.h"

#define MAX_PAGES  200
#define MAX_EVENTS 10000 /* FilterLogEvents gives so many at most */

static char *request_body(const char *stack, const char *prefix, int64_t since_ns, const char *next)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *group = xasprintf("/i2kit/%s", stack);
	json_open_object(&json, NULL);
	json_write_text(&json, "logGroupName", group);
	json_write_number(&json, "startTime", since_ns / 1000000);
	json_write_number(&json, "limit", 1000);
	json_write_text_if(&json, "logStreamNamePrefix", prefix);
	json_write_text_if(&json, "nextToken", next);
	json_close(&json);
	return strbuf_take(&out);
}

/* False when fn wants no more. */
static bool give_lines(struct json_view events, cloud_log_fn *fn, void *arg)
{
	size_t count = json_view_count(events, MAX_EVENTS);
	for (size_t i = 0; i < count; i++) {
		struct json_view event = json_view_at(events, i);
		const char *stream = json_view_peek(json_view_get(event, "logStreamName"));
		const char *text = json_view_peek(json_view_get(event, "message"));
		int64_t time_ms = json_view_number(json_view_get(event, "timestamp"), 0,
						   INT64_MAX / 1000000, 0);
		if (stream != NULL && text != NULL && !fn(time_ms * 1000000, stream, text, arg))
			return false;
	}
	return true;
}

bool logs_read(struct aws_client *client, const char *stack, const char *prefix, int64_t since_ns,
	       cloud_log_fn *fn, void *arg, struct error *err)
{
	AUTO_FREE char *next = NULL;
	for (unsigned page = 0; page < MAX_PAGES; page++) {
		AUTO_FREE char *text = request_body(stack, prefix, since_ns, next);
		struct aws_call call = {.service = &AWS_LOGS,
					.action = "FilterLogEvents",
					.body = text,
					.body_size = strlen(text)};
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		if (!aws_client_call(client, &call, &answer, err))
			return false;
		AUTO_PTR(json_document)
		struct json_document *document =
			json_document_parse(answer.body != NULL ? answer.body : "",
					    answer.body_size, "FilterLogEvents", 0, err);
		if (document == NULL)
			return false;
		struct json_view root = json_document_root(document);
		bool is_wanted = give_lines(json_view_get(root, "events"), fn, arg);
		free(next);
		next = json_view_text(json_view_get(root, "nextToken"));
		if (!json_document_check(document, err))
			return false;
		if (next == NULL || !is_wanted)
			return true;
	}
	return true;
}

bool aws_logs(struct cloud *cloud, const struct cloud_scope *scope, const char *pod,
	      int64_t since_ns, cloud_log_fn *fn, void *arg, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO_FREE char *prefix = pod != NULL ? xasprintf("%s/", pod) : NULL;
	return scope_stack_describe(cloud->client, scope, &status, err) &&
	       logs_read(cloud->client, scope->name, prefix, since_ns, fn, arg, err);
}
