/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/logs_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/provider/scope_stack.h"

#define MAX_PAGES  100000 /* some are empty: CloudWatch looks at so much at a time */
#define MAX_EVENTS 10000  /* FilterLogEvents gives so many at most */
#define NS_PER_MS  INT64_C(1000000)

static void write_request(const char *stack, const struct cloud_line_range *range, const char *next,
			  struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);
	AUTO_FREE char *group = xasprintf("/i2kit/%s", stack);
	json_open_object(&json, NULL);
	json_write_text(&json, "logGroupName", group);
	json_write_number(&json, "startTime", range->since_ns / NS_PER_MS);
	if (range->until_ns != INT64_MAX)
		json_write_number(&json, "endTime", range->until_ns / NS_PER_MS);
	json_write_number(&json, "limit", MAX_EVENTS);
	json_write_text_if(&json, "logStreamNamePrefix", range->prefix);
	json_write_text_if(&json, "nextToken", next);
	json_close(&json);
}

/* False when fn wants no more. */
static bool give_lines(struct json_view events, cloud_log_fn *fn, void *arg)
{
	size_t count = json_view_count(events, MAX_EVENTS);
	for (size_t i = 0; i < count; i++) {
		struct json_view event = json_view_at(events, i);
		const char *id = json_view_peek(json_view_get(event, "eventId"));
		int64_t time_ms = json_view_number(json_view_get(event, "timestamp"), 0,
						   INT64_MAX / NS_PER_MS, 0);
		const struct cloud_line line = {
			.time_ns = time_ms * NS_PER_MS,
			.id = id != NULL ? id : "",
			.stream = json_view_peek(json_view_get(event, "logStreamName")),
			.text = json_view_peek(json_view_get(event, "message")),
		};
		if (line.stream != NULL && line.text != NULL && !fn(&line, arg))
			return false;
	}
	return true;
}

/* *ret_is_over: fn wants no more, or there is nothing. */
static bool read_page(struct aws_client *client, const char *stack,
		      const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
		      struct aws_pager *pager, bool *ret_is_over, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	write_request(stack, range, pager->token, &text);
	struct aws_call call = {.service = &AWS_LOGS,
				.action = "FilterLogEvents",
				.body = strbuf_text(&text),
				.body_size = text.size};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!aws_client_call(client, &call, &answer, &failure)) {
		/* A stack that is only being made has no group yet, and so no lines. */
		*ret_is_over = aws_code_is(&answer, "ResourceNotFoundException");
		return *ret_is_over ? true : error_move(err, &failure);
	}
	AUTO_PTR(json_document)
	struct json_document *document = aws_answer_json(&answer, "FilterLogEvents", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	*ret_is_over = !give_lines(json_view_get(root, "events"), fn, arg);
	return aws_pager_turn(pager, json_view_peek(json_view_get(root, "nextToken")), err) &&
	       json_document_check(document, err);
}

bool logs_read(struct aws_client *client, const char *stack, const struct cloud_line_range *range,
	       cloud_log_fn *fn, void *arg, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "FilterLogEvents", .most = MAX_PAGES};
	do {
		bool is_over = false;
		if (!read_page(client, stack, range, fn, arg, &pager, &is_over, err))
			return pager.count < MAX_PAGES
				       ? false
				       : error_hint(err, "--since bounds what is read");
		if (is_over)
			return true;
	} while (pager.token != NULL);
	return true;
}

bool aws_logs(struct cloud *cloud, const struct cloud_scope *scope,
	      const struct cloud_line_range *range, cloud_log_fn *fn, void *arg, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	if (!scope_stack_describe(cloud->client, scope, &status, err))
		return false;
	if (!status.exists) {
		error_set(err, ERROR_NOT_FOUND, "there is no %s in the cloud", scope->name);
		return error_hint(err, "i2kit promote");
	}
	return logs_read(cloud->client, scope->name, range, fn, arg, err);
}
