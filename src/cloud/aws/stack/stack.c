/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/stack/stack_follow.h"
#include "cloud/aws/stack/stack_records.h"

#define MAX_SETTLE_STEPS 6
#define MAX_PAGES	 200

void stack_status_clear(struct stack_status *status)
{
	for (size_t i = 0; i < status->output_count; i++) {
		free(status->outputs[i].key);
		free(status->outputs[i].value);
	}
	for (size_t i = 0; i < status->tag_count; i++) {
		free(status->tags[i].key);
		free(status->tags[i].value);
	}
	free(status->outputs);
	free(status->tags);
	free(status->id);
	free(status->name);
	free(status->status);
	free(status->reason);
	*status = (struct stack_status){0};
}

const char *stack_status_tag(const struct stack_status *status, const char *key)
{
	for (size_t i = 0; i < status->tag_count; i++)
		if (strcmp(status->tags[i].key, key) == 0)
			return status->tags[i].value;
	return NULL;
}

static void read_pairs(const struct xml *set, const char *key_name, const char *value_name,
		       struct key_value **list, size_t *count)
{
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const char *key = xml_text(item, key_name);
		const char *value = xml_text(item, value_name);
		if (key == NULL || value == NULL)
			continue;
		struct key_value *pair = ARRAY_APPEND(*list, *count);
		pair->key = xstrdup(key);
		pair->value = xstrdup(value);
	}
}

static bool read_stack(const struct xml *stack, struct stack_status *ret)
{
	const char *id = xml_text(stack, "StackId");
	const char *name = xml_text(stack, "StackName");
	const char *status = xml_text(stack, "StackStatus");
	if (id == NULL || name == NULL || status == NULL)
		return false;
	ret->exists = strcmp(status, "DELETE_COMPLETE") != 0;
	ret->id = xstrdup(id);
	ret->name = xstrdup(name);
	ret->status = xstrdup(status);
	ret->reason = xstrdup_or_null(xml_text(stack, "StackStatusReason"));
	const char *is_protected = xml_text(stack, "EnableTerminationProtection");
	ret->is_protected = is_protected != NULL && strcmp(is_protected, "true") == 0;
	read_pairs(xml_find(stack, "Outputs"), "OutputKey", "OutputValue", &ret->outputs,
		   &ret->output_count);
	read_pairs(xml_find(stack, "Tags"), "Key", "Value", &ret->tags, &ret->tag_count);
	return true;
}

bool stack_describe(struct aws_client *client, const char *name, struct stack_status *ret,
		    struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "DescribeStacks");
	aws_query_add(&query, "StackName", name);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	*ret = (struct stack_status){0};
	/* There is no code of its own for it. */
	if (root == NULL && aws_code_is(&answer, "ValidationError") && answer.message != NULL &&
	    strstr(answer.message, "does not exist") != NULL)
		return true;
	if (root == NULL)
		return error_move(err, &failure);
	if (!read_stack(xml_find(root, "DescribeStacksResult/Stacks/member"), ret))
		return error_set(err, ERROR_INVALID, "DescribeStacks answered no stack");
	return true;
}

void stack_list_clear(struct stack_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		stack_status_clear(&list->items[i]);
	free(list->items);
	*list = (struct stack_list){0};
}

bool stack_list_all(struct aws_client *client, struct stack_list *ret, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeStacks", .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_CLOUDFORMATION, "DescribeStacks");
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *result = xml_find(root, "DescribeStacksResult");
		const struct xml *set = xml_find(result, "Stacks");
		for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
		     item = item->next) {
			struct stack_status status = {0};
			if (read_stack(item, &status) && status.exists)
				*ARRAY_APPEND(ret->items, ret->count) = status;
			else
				stack_status_clear(&status);
		}
		if (!aws_pager_turn(&pager, xml_text(result, "NextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

bool stack_get_template(struct aws_client *client, const char *name, char **ret, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "GetTemplate");
	aws_query_add(&query, "StackName", name);
	aws_query_add(&query, "TemplateStage", "Original");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	if (root == NULL)
		return false;
	const char *text = xml_text(root, "GetTemplateResult/TemplateBody");
	if (text == NULL || text[0] == '\0')
		return error_set(err, ERROR_INVALID, "stack %s has no template", name);
	*ret = xstrdup(text);
	return true;
}

/* --- settling ------------------------------------------------------------------------------- */

static bool call_for_stack(struct aws_client *client, const char *action, const char *name,
			   struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, action);
	aws_query_add(&query, "StackName", name);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	return root != NULL;
}

bool stack_wait(struct aws_client *client, const char *id, const struct progress *progress,
		struct error *err)
{
	AUTO_FREE char *status = NULL;
	AUTO_FREE char *cause = NULL;
	return stack_follow(client, id, progress, &status, &cause, err);
}

static bool is_one_of(const char *status, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(status, list[i]) == 0)
			return true;
	return false;
}

bool stack_must_be_deleted(const char *status)
{
	static const char *const dead[] = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED",
					   "REVIEW_IN_PROGRESS", "DELETE_FAILED"};
	return is_one_of(status, dead, ARRAY_SIZE(dead));
}

bool stack_is_under_way(const char *status)
{
	static const char end[] = "_IN_PROGRESS";
	size_t size = strlen(status);
	return size > strlen(end) && strcmp(status + size - strlen(end), end) == 0 &&
	       strcmp(status, "REVIEW_IN_PROGRESS") != 0;
}

bool stack_needs_settling(const char *status)
{
	return stack_is_under_way(status) || stack_must_be_deleted(status) ||
	       strcmp(status, "UPDATE_ROLLBACK_FAILED") == 0;
}

/* Route 53 deletes no zone that has records, and instances that were killed left theirs. */
static bool sweep_records(struct aws_client *client, const char *id,
			  const struct progress *progress, size_t *ret_count, struct error *err)
{
	if (!stack_records_sweep(client, id, ret_count, err))
		return false;
	if (*ret_count > 0)
		progress_note(progress, id, "took away what instances left in the private zone");
	return true;
}

/* One step nearer; *ret_done when there is nothing left to do. */
static bool settle_step(struct aws_client *client, const char *name,
			const struct progress *progress, bool *ret_done, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	if (!stack_describe(client, name, &status, err))
		return false;
	*ret_done = false;
	if (!status.exists) {
		*ret_done = true;
		return true;
	}
	if (stack_is_under_way(status.status)) {
		progress_note(progress, name, "waiting for what is under way");
		return stack_wait(client, status.id, progress, err);
	}
	if (stack_must_be_deleted(status.status)) {
		AUTO_FREE char *note =
			xasprintf("it is %s: deleting it to start anew", status.status);
		size_t count = 0;
		progress_note(progress, name, note);
		return sweep_records(client, status.id, progress, &count, err) &&
		       call_for_stack(client, "DeleteStack", status.id, err) &&
		       stack_wait(client, status.id, progress, err);
	}
	if (strcmp(status.status, "UPDATE_ROLLBACK_FAILED") == 0) {
		progress_note(progress, name, "ending the rollback that got stuck");
		return call_for_stack(client, "ContinueUpdateRollback", status.id, err) &&
		       stack_wait(client, status.id, progress, err);
	}
	*ret_done = true;
	return true;
}

bool stack_settle(struct aws_client *client, const char *name, const struct progress *progress,
		  struct error *err)
{
	bool is_done = false;
	for (unsigned step = 0; step < MAX_SETTLE_STEPS && !is_done; step++)
		if (!settle_step(client, name, progress, &is_done, err))
			return error_prefix(err, "stack %s", name);
	if (is_done)
		return true;
	error_set(err, ERROR_BUSY, "stack %s does not come to rest", name);
	return error_hint(err, "look at its events in the CloudFormation console");
}

bool stack_protect(struct aws_client *client, const char *name, bool is_protected,
		   struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "UpdateTerminationProtection");
	aws_query_add(&query, "StackName", name);
	aws_query_add(&query, "EnableTerminationProtection", is_protected ? "true" : "false");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	return root != NULL || error_prefix(err, "the stack's termination protection");
}

static bool refuse_protected(const char *name, struct error *err)
{
	error_set(err, ERROR_DENIED, "stack %s has termination protection: nothing was deleted",
		  name);
	return error_hint(err, "provider.termination_protection: false, then promote; or aws "
			       "cloudformation update-termination-protection "
			       "--no-enable-termination-protection --stack-name …");
}

static bool delete_once(struct aws_client *client, const char *id, const struct progress *progress,
			char **ret_status, char **ret_cause, struct error *err)
{
	AUTO_FREE char *marker = stack_newest_event(client, id);
	return call_for_stack(client, "DeleteStack", id, err) &&
	       stack_follow_from(client, id, marker, progress, ret_status, ret_cause, err);
}

bool stack_delete(struct aws_client *client, const char *name, const struct progress *progress,
		  struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO_FREE char *last = NULL;
	AUTO_FREE char *cause = NULL;
	size_t left = 0;
	if (!stack_describe(client, name, &status, err))
		return false;
	if (!status.exists)
		return true;
	if (status.is_protected)
		return refuse_protected(name, err);
	if (!delete_once(client, status.id, progress, &last, &cause, err))
		return false;
	/* By now the instances are gone. */
	if (strcmp(last, "DELETE_FAILED") == 0 &&
	    !sweep_records(client, status.id, progress, &left, err))
		return false;
	if (left > 0) {
		free(TAKE_PTR(last));
		free(TAKE_PTR(cause));
		if (!delete_once(client, status.id, progress, &last, &cause, err))
			return false;
	}
	if (strcmp(last, "DELETE_COMPLETE") == 0)
		return true;
	return error_set(err, ERROR_BUSY, "stack %s is %s: %s", name, last,
			 cause != NULL ? cause : "no reason given");
}
