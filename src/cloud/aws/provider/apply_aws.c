/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/apply_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cloud/aws/provider/plan_aws.h"
#include "cloud/aws/provider/release_record.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/provider/template_bucket.h"
#include "cloud/aws/stack/stack_change.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_records.h"
#include "cloud/aws/stack/stack_template.h"
#include "release/receipt_key.h"

static bool put_parameters(struct cloud *cloud, const struct plan_detail *detail, struct error *err)
{
	for (size_t i = 0; i < detail->puts.count; i++)
		if (!parameter_put(cloud->client, &detail->puts.items[i], NULL, err))
			return false;
	return true;
}

/* The record first: without one there would be no way back to what is about to run. */
static bool record(struct cloud *cloud, const struct plan_detail *detail, const char *template_text,
		   unsigned *ret_number, struct error *err)
{
	struct release_record record = {
		.note = detail->note,
		.template_text = template_text,
		.tags = detail->tags,
		.tag_count = detail->tag_count,
	};
	const char *stack = detail->scope.name;
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return false;
	record.key = &key;
	bool is_saved = release_record_next(cloud->client, stack, &record.number, err) &&
			release_record_save(cloud->client, stack, &record, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (!is_saved)
		return false;
	*ret_number = record.number;
	return true;
}

/* Of instances that were killed, and of services that are no more. Those that run do so too. */
static void sweep_names(struct cloud *cloud, const struct plan_detail *detail,
			const char *template_text, bool wait)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	size_t count = 0;
	bool has_names = strstr(template_text, STACK_INSTANCE_NAME "\"") != NULL;
	for (size_t i = 0; i < detail->place_count; i++)
		has_names = has_names || strcmp(detail->places[i].value, STACK_NO_BALANCER) == 0;
	if (wait && has_names &&
	    !stack_records_sweep(cloud->client, detail->scope.name, &count, &err))
		log_verbose("names of instances that are gone are left: %s", err.message);
}

static bool execute(struct cloud *cloud, const struct plan_detail *detail,
		    const struct stack_plan *change, const char *template_text, bool wait,
		    const struct progress *progress, struct error *err)
{
	unsigned number = 0;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (change->change_set == NULL)
		return true;
	if (!put_parameters(cloud, detail, err) ||
	    !record(cloud, detail, template_text, &number, err)) {
		(void)!stack_plan_drop(cloud->client, change, NULL);
		return false;
	}
	if (stack_plan_execute(cloud->client, change, wait, progress, &failure)) {
		/* What cannot be marked is there all the same. */
		AUTO(error_clear) struct error unmarked = ERROR_INIT;
		if (wait &&
		    !volumes_mark_left(cloud->client, &detail->scope, &detail->removed, &unmarked))
			log_verbose("the snapshots of removed claims are not marked: %s",
				    unmarked.message);
		sweep_names(cloud, detail, template_text, wait);
		return true;
	}
	bool is_rolled_back = failure.kind == ERROR_INVALID;
	if (is_rolled_back)
		(void)!release_record_remove(cloud->client, detail->scope.name, number, NULL);
	return error_move(err, &failure);
}

/* Behind all else: a stack that could not be made is deleted by the next run. */
static bool protect(struct cloud *cloud, const struct plan_detail *detail, struct error *err)
{
	return detail->protection == SWITCH_LEFT ||
	       stack_protect(cloud->client, detail->scope.name, detail->protection == SWITCH_ON,
			     err);
}

bool aws_apply_plan(struct cloud *cloud, struct cloud_plan *plan,
		    const struct cloud_deployment *deployment, bool wait,
		    const struct progress *progress, struct error *err)
{
	struct plan_detail *detail = plan->detail;
	AUTO(stack_plan_clear) struct stack_plan change = {0};
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO_FREE char *text = xstrdup_or_null(detail->template_text);
	AUTO_FREE char *url = NULL;
	if (!plan->has_changes)
		return true;
	/* Once more: it may have become another's since the plan. */
	if (!scope_stack_describe(cloud->client, &detail->scope, &status, err) ||
	    (deployment != NULL && !plan_make_template(cloud, deployment, detail, &text, err)) ||
	    (strlen(text) > STACK_BODY_MAX &&
	     !template_bucket_put(cloud, detail->scope.name, text, &url, err)))
		return false;
	const struct stack_template template = {
		.body = text,
		.url = url,
		.role = deployment != NULL ? deployment->environment->aws.role : NULL,
	};
	if (!stack_plan_make(cloud->client, detail->scope.name, &template, detail->tags,
			     detail->tag_count, progress, &change, err))
		return false;
	return execute(cloud, detail, &change, text, wait, progress, err) &&
	       protect(cloud, detail, err);
}
