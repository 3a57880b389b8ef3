/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_follow.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/stack/stack.h"
#include "cloud/patience.h"

#define MAX_PAGES	30
#define FAST_POLL_MS	500
#define POLL_MS		3000
#define FOLLOW_LIMIT_MS ((uint64_t)2 * 60 * 60 * 1000)
#define BEGIN_LIMIT_MS	30000
#define CONSOLE_LINES	8
#define MAX_CONSOLE	2048

struct stack_event {
	char *id; /* all owned */
	char *resource;
	char *type;
	char *status;
	char *reason; /* or NULL */
	char *physical;
	char *token; /* of the call that began the operation; or NULL */
};

struct event_list {
	struct stack_event *items; /* newest first */
	size_t count;
};

static void event_list_clear(struct event_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].resource);
		free(list->items[i].type);
		free(list->items[i].status);
		free(list->items[i].reason);
		free(list->items[i].physical);
		free(list->items[i].token);
	}
	free(list->items);
	*list = (struct event_list){0};
}

static char *text_or_empty(const struct xml *item, const char *name)
{
	const char *text = xml_text(item, name);
	return xstrdup(text != NULL ? text : "");
}

/* False: `after` was reached. */
static bool read_events(const struct xml *set, const char *after, struct event_list *list)
{
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const char *id = xml_text(item, "EventId");
		if (id == NULL)
			continue;
		if (after != NULL && strcmp(id, after) == 0)
			return false;
		struct stack_event *event = ARRAY_APPEND(list->items, list->count);
		event->id = xstrdup(id);
		event->resource = text_or_empty(item, "LogicalResourceId");
		event->type = text_or_empty(item, "ResourceType");
		event->status = text_or_empty(item, "ResourceStatus");
		event->physical = text_or_empty(item, "PhysicalResourceId");
		event->reason = xstrdup_or_null(xml_text(item, "ResourceStatusReason"));
		event->token = xstrdup_or_null(xml_text(item, "ClientRequestToken"));
	}
	return true;
}

static bool list_events(struct aws_client *client, const char *id, const char *after,
			unsigned max_pages, struct event_list *ret, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeStackEvents", .most = max_pages + 1};
	/* Older ones than that are history. */
	while (pager.count < max_pages && (pager.count == 0 || pager.token != NULL)) {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_CLOUDFORMATION, "DescribeStackEvents");
		aws_query_add(&query, "StackName", id);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *result = xml_find(root, "DescribeStackEventsResult");
		if (!read_events(xml_find(result, "StackEvents"), after, ret))
			return true;
		if (!aws_pager_turn(&pager, xml_text(result, "NextToken"), err))
			return false;
	}
	return true;
}

char *stack_newest_event(struct aws_client *client, const char *id)
{
	AUTO(event_list_clear) struct event_list list = {0};
	if (!list_events(client, id, NULL, 1, &list, NULL) || list.count == 0)
		return NULL;
	return xstrdup(list.items[0].id);
}

char *stack_newest_token(struct aws_client *client, const char *id)
{
	AUTO(event_list_clear) struct event_list list = {0};
	if (!list_events(client, id, NULL, 1, &list, NULL) || list.count == 0)
		return NULL;
	return xstrdup_or_null(list.items[0].token);
}

/* --- causes --------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	size_t end_size = strlen(end);
	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* What CloudFormation says of those that were only carried along. */
static bool is_consequence(const struct stack_event *event)
{
	return event->reason != NULL &&
	       (strstr(event->reason, "cancelled") != NULL ||
		strstr(event->reason, "Rollback requested") != NULL ||
		strstr(event->reason, "The following resource(s)") != NULL);
}

/* The last lines of a console, on one line. Owned; NULL: nothing there. */
static char *console_tail(struct aws_client *client, const char *instance)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "GetConsoleOutput");
	aws_query_add(&query, "InstanceId", instance);
	aws_query_add(&query, "Latest", "true");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, NULL);
	const char *encoded = xml_text(root, "output");
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (encoded == NULL || !base64_decode(encoded, strlen(encoded), &bytes, &size))
		return NULL;
	while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
		size--;
	size_t start = size;
	unsigned lines = 0;
	while (start > 0 && lines < CONSOLE_LINES && size - start < MAX_CONSOLE)
		lines += bytes[--start] == '\n';
	AUTO(strbuf_clear) struct strbuf out = STRBUF_MAX(MAX_CONSOLE * 4);
	for (size_t i = start; i < size; i++) {
		if (bytes[i] == '\n')
			strbuf_append(&out, " | ");
		else if (bytes[i] != '\r')
			strbuf_append_printable(&out, (const char *)&bytes[i], 1);
	}
	return out.size > 0 ? strbuf_take(&out) : NULL;
}

/* The console of the group's newest instance; EC2 keeps it for an hour after its end. */
static char *group_console(struct aws_client *client, const struct stack_event *event)
{
	if (strcmp(event->type, "AWS::AutoScaling::AutoScalingGroup") != 0)
		return NULL;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeInstances");
	aws_query_add_filter(&query, 1, "tag:aws:autoscaling:groupName", event->physical);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, NULL);
	const struct xml *set = xml_find(root, "reservationSet");
	const struct xml *newest = NULL;
	const char *newest_time = "";
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const struct xml *inner = xml_find(item, "instancesSet");
		for (const struct xml *i = inner != NULL ? inner->first : NULL; i != NULL;
		     i = i->next) {
			const char *launched = xml_text(i, "launchTime");
			if (launched == NULL || strcmp(launched, newest_time) < 0)
				continue;
			newest = i;
			newest_time = launched;
		}
	}
	const char *id = xml_text(newest, "instanceId");
	return id != NULL ? console_tail(client, id) : NULL;
}

static char *describe_cause(struct aws_client *client, const struct stack_event *event)
{
	AUTO(strbuf_clear) struct strbuf reason = STRBUF_MAX(1024);
	const char *text = event->reason != NULL ? event->reason : "no reason given";
	strbuf_append_printable(&reason, text, strlen(text));
	AUTO_FREE char *console = group_console(client, event);
	return xasprintf("%s %s: %s%s%s", event->resource, event->status, strbuf_text(&reason),
			 console != NULL ? "; its console ends: " : "",
			 console != NULL ? console : "");
}

/* --- following ------------------------------------------------------------------------------ */

static void tell(const struct stack_event *event, const struct progress *progress)
{
	AUTO_FREE char *text = xasprintf("%s%s%s", event->status, event->reason != NULL ? ": " : "",
					 event->reason != NULL ? event->reason : "");
	if (ends_with(event->status, "_FAILED"))
		progress_failed(progress, "stack", event->resource, text);
	else if (ends_with(event->status, "_COMPLETE"))
		progress_done(progress, "stack", event->resource, text);
	else
		progress_start(progress, "stack", event->resource, PROGRESS_COUNT, 0);
}

struct follow {
	struct aws_client *client;
	const struct progress *progress;
	char *marker;	/* owned; newest event told */
	char *cause;	/* owned; first failure */
	char *id;	/* owned; the ARN: a deleted stack is known by that alone */
	bool has_begun; /* an event of the operation was seen */
};

static void follow_clear(struct follow *follow)
{
	free(follow->marker);
	free(follow->cause);
	free(follow->id);
}

static bool follow_events(struct follow *follow, struct error *err)
{
	AUTO(event_list_clear) struct event_list list = {0};
	if (!list_events(follow->client, follow->id, follow->marker, MAX_PAGES, &list, err))
		return false;
	for (size_t i = list.count; i-- > 0;) {
		const struct stack_event *event = &list.items[i];
		if (follow->cause == NULL && ends_with(event->status, "_FAILED") &&
		    !is_consequence(event))
			follow->cause = describe_cause(follow->client, event);
		tell(event, follow->progress);
	}
	if (list.count > 0) {
		follow->has_begun = true;
		free(follow->marker);
		follow->marker = xstrdup(list.items[0].id);
	}
	return true;
}

static bool is_over(const char *status)
{
	return !ends_with(status, "_IN_PROGRESS") &&
	       strcmp(status, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") != 0;
}

static bool follow_until_over(struct follow *follow, char **ret_status, struct error *err)
{
	uint64_t start = clock_monotonic_ms();
	uint64_t pause = FAST_POLL_MS;
	while (clock_monotonic_ms() - start < FOLLOW_LIMIT_MS) {
		AUTO(stack_status_clear) struct stack_status status = {0};
		if (!stack_describe(follow->client, follow->id, &status, err))
			return false;
		if (status.id == NULL)
			return error_set(err, ERROR_NOT_FOUND, "stack %s is gone", follow->id);
		free(follow->id);
		follow->id = xstrdup(status.id);
		if (!follow_events(follow, err))
			return false;
		/* Right after the start the old state may still be shown. */
		bool is_believed =
			follow->has_begun || clock_monotonic_ms() - start > BEGIN_LIMIT_MS;
		if (is_over(status.status) && is_believed) {
			*ret_status = TAKE_PTR(status.status);
			return true;
		}
		if (!patience_wait_ms(pause, follow->progress, err)) {
			return error_hint(err, "AWS goes on with it; run this again to watch");
		}
		pause = pause * 3 / 2 < POLL_MS ? pause * 3 / 2 : POLL_MS;
	}
	return error_set(err, ERROR_TIMEOUT, "stack %s is at work for two hours", follow->id);
}

static bool follow(struct aws_client *client, const char *id, const char *marker, bool has_begun,
		   const struct progress *progress, char **ret_status, char **ret_cause,
		   struct error *err)
{
	AUTO(follow_clear)
	struct follow follow = {.client = client,
				.progress = progress,
				.marker = xstrdup_or_null(marker),
				.id = xstrdup(id),
				.has_begun = has_begun};
	if (!follow_until_over(&follow, ret_status, err))
		return false;
	/* The status may be ahead of the events. */
	if (!follow_events(&follow, err)) {
		free(TAKE_PTR(*ret_status));
		return false;
	}
	*ret_cause = TAKE_PTR(follow.cause);
	return true;
}

bool stack_follow_from(struct aws_client *client, const char *id, const char *after_event,
		       const struct progress *progress, char **ret_status, char **ret_cause,
		       struct error *err)
{
	return follow(client, id, after_event, false, progress, ret_status, ret_cause, err);
}

bool stack_follow(struct aws_client *client, const char *id, const struct progress *progress,
		  char **ret_status, char **ret_cause, struct error *err)
{
	AUTO_FREE char *marker = stack_newest_event(client, id);
	return follow(client, id, marker, true, progress, ret_status, ret_cause, err);
}
