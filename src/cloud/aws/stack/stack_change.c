/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_change.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/stack/stack.h"
#include "cloud/aws/stack/stack_follow.h"
#include "cloud/patience.h"

#define WAIT_MS	  (10 * 60 * 1000)
#define MAX_PAGES 20

void stack_plan_clear(struct stack_plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		free(plan->changes[i].action);
		free(plan->changes[i].resource);
		free(plan->changes[i].type);
		free(plan->changes[i].replacement);
	}
	free(plan->changes);
	free(plan->change_set);
	free(plan->stack);
	*plan = (struct stack_plan){0};
}

static bool create_change_set(struct aws_client *client, const struct stack_plan *plan,
			      const struct stack_template *template, const struct key_value *tags,
			      size_t tag_count, char **ret_arn, struct error *err)
{
	AUTO_FREE char *name = xasprintf("i2kit-%lld", (long long)(clock_wall_ns() / 1000000));
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "CreateChangeSet");
	aws_query_add(&query, "StackName", plan->stack);
	aws_query_add(&query, "ChangeSetName", name);
	aws_query_add(&query, "ChangeSetType", plan->is_new ? "CREATE" : "UPDATE");
	aws_query_add(&query, template->url != NULL ? "TemplateURL" : "TemplateBody",
		      template->url != NULL ? template->url : template->body);
	aws_query_add(&query, "Capabilities.member.1", "CAPABILITY_IAM");
	aws_query_add(&query, "RoleARN", template->role);
	aws_query_add(&query, "ClientToken", name);
	for (size_t i = 0; i < tag_count; i++) {
		aws_query_addf(&query, tags[i].key, "Tags.member.%zu.Key", i + 1);
		aws_query_addf(&query, tags[i].value, "Tags.member.%zu.Value", i + 1);
	}
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	const char *arn = xml_text(root, "CreateChangeSetResult/Id");
	if (root == NULL)
		return false;
	if (arn == NULL)
		return error_set(err, ERROR_INVALID, "CreateChangeSet answered no change set");
	*ret_arn = xstrdup(arn);
	return true;
}

static void read_changes(const struct xml *set, struct stack_plan *plan)
{
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const struct xml *change = xml_find(item, "ResourceChange");
		const char *action = xml_text(change, "Action");
		const char *resource = xml_text(change, "LogicalResourceId");
		const char *type = xml_text(change, "ResourceType");
		if (action == NULL || resource == NULL || type == NULL)
			continue;
		struct stack_change *added = ARRAY_APPEND(plan->changes, plan->change_count);
		added->action = xstrdup(action);
		added->resource = xstrdup(resource);
		added->type = xstrdup(type);
		added->replacement = xstrdup_or_null(xml_text(change, "Replacement"));
	}
}

/* NULL on failure. */
static struct xml *describe(struct aws_client *client, const char *arn, const char *next,
			    struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "DescribeChangeSet");
	aws_query_add(&query, "ChangeSetName", arn);
	aws_query_add(&query, "NextToken", next);
	return aws_client_query(client, &query, NULL, err);
}

static bool is_nothing_to_do(const char *reason)
{
	return reason != NULL && (strstr(reason, "didn't contain changes") != NULL ||
				  strstr(reason, "No updates are to be performed") != NULL);
}

/* CloudFormation works it out; *ret_ready when it has, false in it when nothing is to be done. */
static bool wait_for(struct aws_client *client, const char *arn, const struct progress *progress,
		     bool *ret_has_changes, struct error *err)
{
	uint64_t end = clock_monotonic_ms() + WAIT_MS;
	uint64_t pause = 300;
	while (clock_monotonic_ms() < end) {
		AUTO_PTR(xml) struct xml *root = describe(client, arn, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *result = xml_find(root, "DescribeChangeSetResult");
		const char *status = xml_text(result, "Status");
		const char *reason = xml_text(result, "StatusReason");
		if (status != NULL && strcmp(status, "CREATE_COMPLETE") == 0) {
			*ret_has_changes = true;
			return true;
		}
		if (status != NULL && strcmp(status, "FAILED") == 0) {
			*ret_has_changes = false;
			return is_nothing_to_do(reason)
				       ? true
				       : error_set(err, ERROR_INVALID,
						   "CloudFormation refuses the template: %s",
						   reason != NULL ? reason : "no reason given");
		}
		if (!patience_wait_ms(pause, progress, err))
			return false;
		pause = pause * 2 < 3000 ? pause * 2 : 3000;
	}
	return error_set(err, ERROR_TIMEOUT, "CloudFormation did not work out the change set");
}

static bool read_all_changes(struct aws_client *client, struct stack_plan *plan, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeChangeSet", .most = MAX_PAGES};
	do {
		AUTO_PTR(xml)
		struct xml *root = describe(client, plan->change_set, pager.token, err);
		if (root == NULL)
			return false;
		const struct xml *result = xml_find(root, "DescribeChangeSetResult");
		read_changes(xml_find(result, "Changes"), plan);
		if (!aws_pager_turn(&pager, xml_text(result, "NextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

static bool delete_change_set(struct aws_client *client, const char *arn, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "DeleteChangeSet");
	aws_query_add(&query, "ChangeSetName", arn);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	return root != NULL;
}

/* The plan that was shown said nothing of it. */
static bool check_volumes(const struct stack_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct stack_change *change = &plan->changes[i];
		if (strcmp(change->type, "AWS::EC2::Volume") != 0 || change->replacement == NULL ||
		    strcmp(change->replacement, "True") != 0)
			continue;
		error_set(err, ERROR_DENIED,
			  "CloudFormation would make volume %s anew, and it would be empty",
			  change->resource);
		return error_hint(err, "undo what changed in environment.yml or the claim");
	}
	return true;
}

bool stack_plan_make(struct aws_client *client, const char *name,
		     const struct stack_template *template, const struct key_value *tags,
		     size_t tag_count, const struct progress *progress, struct stack_plan *ret,
		     struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(stack_plan_clear) struct stack_plan out = {.stack = xstrdup(name)};
	if (!stack_settle(client, name, progress, err) ||
	    !stack_describe(client, name, &status, err))
		return false;
	out.is_new = !status.exists;
	bool has_changes = false;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!create_change_set(client, &out, template, tags, tag_count, &out.change_set, err))
		return error_prefix(err, "stack %s", name);
	if (!wait_for(client, out.change_set, progress, &has_changes, &failure) ||
	    (has_changes &&
	     (!read_all_changes(client, &out, &failure) || !check_volumes(&out, &failure)))) {
		(void)!stack_plan_drop(client, &out, NULL);
		return error_move(err, &failure);
	}
	if (!has_changes) {
		if (!delete_change_set(client, out.change_set, err))
			return false;
		free(TAKE_PTR(out.change_set));
	}
	*ret = out;
	out = (struct stack_plan){0};
	return true;
}

bool stack_plan_drop(struct aws_client *client, const struct stack_plan *plan, struct error *err)
{
	if (plan->change_set == NULL)
		return true;
	if (!delete_change_set(client, plan->change_set, err))
		return false;
	/* REVIEW_IN_PROGRESS: the stack that a change set of type CREATE leaves behind. */
	return !plan->is_new || stack_delete(client, plan->stack, NULL, err);
}

static bool end_of(const struct stack_plan *plan, const char *status, const char *cause,
		   struct error *err)
{
	if (strcmp(status, "CREATE_COMPLETE") == 0 || strcmp(status, "UPDATE_COMPLETE") == 0)
		return true;
	bool is_back = strcmp(status, "UPDATE_ROLLBACK_COMPLETE") == 0 ||
		       strcmp(status, "ROLLBACK_COMPLETE") == 0;
	return error_set(err, ERROR_INVALID, "stack %s: %s; %s", plan->stack,
			 cause != NULL ? cause : "it failed without a reason",
			 is_back ? "everything was rolled back" : status);
}

/*
 * An answer that was lost on the way: the call that was made again is told that there is nothing to
 * execute any more. The stack's events say whether it was this token that began something.
 */
static bool was_started(struct aws_client *client, const struct stack_plan *plan, const char *token,
			const struct aws_answer *answer)
{
	if (!aws_code_is(answer, "ChangeSetNotFound") &&
	    !aws_code_is(answer, "InvalidChangeSetStatus"))
		return false;
	AUTO_FREE char *newest = stack_newest_token(client, plan->stack);
	return newest != NULL && strcmp(newest, token) == 0;
}

bool stack_plan_execute(struct aws_client *client, const struct stack_plan *plan, bool wait,
			const struct progress *progress, struct error *err)
{
	if (plan->change_set == NULL)
		return true;
	AUTO(stack_status_clear) struct stack_status before = {0};
	if (!stack_describe(client, plan->stack, &before, err))
		return false;
	AUTO_FREE char *marker = before.exists ? stack_newest_event(client, before.id) : NULL;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "ExecuteChangeSet");
	AUTO_FREE char *token = xasprintf("i2kit-%lld", (long long)(clock_wall_ns() / 1000));
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	aws_query_add(&query, "ChangeSetName", plan->change_set);
	aws_query_add(&query, "ClientRequestToken", token);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL && !was_started(client, plan, token, &answer))
		return error_move(err, &failure);
	if (!wait)
		return true;
	AUTO_FREE char *status = NULL;
	AUTO_FREE char *cause = NULL;
	const char *id = before.exists ? before.id : plan->stack;
	return stack_follow_from(client, id, marker, progress, &status, &cause, err) &&
	       end_of(plan, status, cause, err);
}
