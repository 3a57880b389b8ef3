/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/plan_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cloud/aws/provider/cost.h"
#include "cloud/aws/provider/instance_types.h"
#include "cloud/aws/provider/kms_key.h"
#include "cloud/aws/provider/plan_places.h"
#include "cloud/aws/provider/release_record.h"
#include "cloud/aws/provider/rollback_volumes.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/provider/stack_tags.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_check.h"
#include "cloud/aws/stack/stack_difference.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_network.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_template.h"
#include "cloud/aws/stack/user_data.h"
#include "release/receipt_tag.h"
#include "release/release_scope.h"

#define NO_IMAGE "ami-00000000000000000" /* stands in a plan for what is not uploaded yet */

static void detail_free(struct plan_detail *detail)
{
	if (detail == NULL)
		return;
	for (size_t i = 0; i < detail->tag_count; i++) {
		free(detail->tags[i].key);
		free(detail->tags[i].value);
	}
	free(detail->tags);
	free(detail->note);
	free(detail->kms_key);
	for (size_t i = 0; i < detail->place_count; i++) {
		free(detail->places[i].key);
		free(detail->places[i].value);
	}
	free(detail->places);
	route_rules_clear(&detail->rules);
	free(detail->template_text);
	cloud_scope_clear(&detail->scope);
	cloud_pod_status_free(detail->old_pods, detail->old_pod_count);
	network_clear(&detail->network);
	volume_list_clear(&detail->volumes);
	volume_list_clear(&detail->removed);
	parameter_list_clear(&detail->puts);
	free(detail);
}
DEFINE_AUTO_PTR(plan_detail, detail_free)

void aws_free_plan(struct cloud_plan *plan)
{
	detail_free(plan->detail);
	plan->detail = NULL;
	cloud_plan_clear(plan);
}

static struct plan_detail *detail_new(const struct cloud_scope *scope, char *note)
{
	struct plan_detail *detail = xcalloc(1, sizeof(*detail));
	cloud_scope_make(scope->project, scope->environment, &detail->scope);
	detail->note = note;
	return detail;
}

/* --- template ------------------------------------------------------------------------------- */

struct releases {
	struct stack_release *items; /* owned */
	struct user_data *data;	     /* owned; one each */
	size_t count;
};

static void releases_clear(struct releases *releases)
{
	for (size_t i = 0; i < releases->count; i++)
		user_data_clear(&releases->data[i]);
	free(releases->items);
	free(releases->data);
}

/* What all pods of the deployment are signed as a part of. */
static struct release_scope deployment_scope(const struct cloud_deployment *deployment)
{
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	for (size_t i = 0; i < deployment->count; i++)
		release_scope_add(&pods, deployment->releases[i].pod, &deployment->releases[i].id);
	return release_scope_make(deployment->scope->project, deployment->scope->environment,
				  &pods);
}

/* Whether the tag that stands there is as good as a new one: in this scope, and by somebody trusted. */
static bool is_tag_good(const struct cloud_pod_status *old, const struct release_scope *scope,
			const struct cloud_release *release, const struct trusted_keys *trusted)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	return old->receipt_tag != NULL &&
	       receipt_check_tag(old->receipt_tag, scope, release->pod, &release->id, trusted,
				 &claim, NULL) &&
	       claim.is_signature_good && !claim.is_old && claim.key_name != NULL;
}

/* A newer receipt of the same release, beside the same other pods, is no change worth an update. */
static const char *receipt_of(const struct plan_detail *detail, const struct release_scope *scope,
			      const struct cloud_release *release,
			      const struct trusted_keys *trusted)
{
	for (size_t i = 0; i < detail->old_pod_count; i++) {
		const struct cloud_pod_status *old = &detail->old_pods[i];
		if (strcmp(old->name, release->pod) == 0 &&
		    is_tag_good(old, scope, release, trusted))
			return old->receipt_tag;
	}
	return release->receipt_tag;
}

static bool make_releases(struct cloud *cloud, const struct cloud_deployment *deployment,
			  const struct stack_target *target, struct plan_detail *detail,
			  struct releases *out, struct error *err)
{
	AUTO(string_list_clear) struct string_list named = STRING_LIST_INIT;
	const struct release_scope scope = deployment_scope(deployment);
	if (!stack_named_services(deployment->app, target, &named, err))
		return false;
	out->items = xcalloc(deployment->count + 1, sizeof(*out->items));
	out->data = xcalloc(deployment->count + 1, sizeof(*out->data));
	out->count = deployment->count;
	parameter_list_clear(&detail->puts);
	for (size_t i = 0; i < deployment->count; i++) {
		const struct cloud_release *release = &deployment->releases[i];
		struct user_data_input input = {
			.app = deployment->app,
			.pod = app_find_pod(deployment->app, release->pod),
			.config_json = release->config_json,
			.id = release->id,
			.stack = detail->scope.name,
			.region = aws_client_region(cloud->client),
			.kms_key = detail->kms_key,
			.named = &named,
		};
		if (input.pod == NULL || !user_data_make(&input, &out->data[i], err))
			return false;
		for (size_t p = 0; p < out->data[i].puts.count; p++) {
			parameter_list_add(&detail->puts, out->data[i].puts.items[p].name,
					   out->data[i].puts.items[p].value, true);
			parameter_list_use_key(&detail->puts, detail->kms_key);
		}
		out->items[i] = (struct stack_release){
			.pod = release->pod,
			.image = release->image != NULL ? release->image : NO_IMAGE,
			.id = release->id,
			.receipt_tag = receipt_of(detail, &scope, release, deployment->trusted),
			.user_data = out->data[i].text,
			.parameters = (const char *const *)out->data[i].paths.items,
		};
	}
	return true;
}

static char *without_dot(const char *name)
{
	size_t size = name != NULL ? strlen(name) : 0;
	if (name == NULL)
		return NULL;
	return xstrndup(name, size > 0 && name[size - 1] == '.' ? size - 1 : size);
}

/* What a target borrows. */
struct target_texts {
	char *zone; /* all owned */
	char *domain;
	char *inside;
	struct stack_volume *volumes;
	struct stack_place *places;
};

static void target_texts_clear(struct target_texts *texts)
{
	free(texts->zone);
	free(texts->domain);
	free(texts->inside);
	free(texts->volumes);
	free(texts->places);
}

static bool make_target(struct cloud *cloud, const struct environment *environment,
			const struct plan_detail *detail, struct target_texts *texts,
			struct stack_target *ret, struct error *err)
{
	texts->zone = without_dot(environment->hosted_zone);
	texts->domain = without_dot(environment->domain);
	texts->inside = stack_private_domain(detail->scope.name);
	texts->volumes = volume_list_for_stack(&detail->volumes);
	texts->places = xcalloc(detail->place_count + 1, sizeof(*texts->places));
	for (size_t i = 0; i < detail->place_count; i++)
		texts->places[i] = (struct stack_place){.service = detail->places[i].key,
							.balancer = detail->places[i].value};
	bool is_zone_id =
		texts->zone != NULL && texts->zone[0] == 'Z' && strchr(texts->zone, '.') == NULL;
	if (is_zone_id && texts->domain == NULL) {
		error_set(err, ERROR_INVALID,
			  "provider.hosted_zone is an id and provider.domain does not say which "
			  "names are in it");
		return error_hint(err, "provider.domain: example.com");
	}
	*ret = (struct stack_target){
		.project = detail->scope.project,
		.environment = detail->scope.environment,
		.region = aws_client_region(cloud->client),
		.stack = detail->scope.name,
		.domain_inside = texts->inside,
		.instance_type = environment->instance_type,
		.vpc = detail->network.vpc,
		.private_network = environment->aws.private_network,
		.subnets = detail->network.subnets,
		.subnet_count = detail->network.count,
		.public_subnets = detail->network.public_subnets,
		.public_subnet_count = detail->network.public_count,
		.security_groups = (const char *const *)environment->security_groups.items,
		.hosted_zone = texts->zone,
		.is_zone_id = is_zone_id,
		.domain = texts->domain,
		.certificate = environment->aws.certificate,
		.instance_profile = environment->aws.instance_profile,
		.role = environment->aws.role,
		.permissions_boundary = environment->aws.permissions_boundary,
		.kms_key = detail->kms_key,
		.key_pair = environment->key_pair,
		.log_days = environment->aws.log_retention_days,
		.shares_balancers = environment->aws.shares_balancers,
		.names_instances = environment->aws.names_instances,
		.is_isolated = detail->network.is_isolated,
		.places = texts->places,
		.place_count = detail->place_count,
		.rules = detail->rules.items,
		.rule_count = detail->rules.count,
		.is_balancer_health = environment->aws.is_balancer_health,
		.volumes = texts->volumes,
		.volume_count = detail->volumes.count,
		.restore = environment->restore,
		.restore_count = environment->restore_count,
	};
	return true;
}

bool plan_make_template(struct cloud *cloud, const struct cloud_deployment *deployment,
			struct plan_detail *detail, char **ret, struct error *err)
{
	AUTO(releases_clear) struct releases releases = {0};
	AUTO(target_texts_clear) struct target_texts texts = {0};
	struct stack_target target;
	return make_target(cloud, deployment->environment, detail, &texts, &target, err) &&
	       make_releases(cloud, deployment, &target, detail, &releases, err) &&
	       stack_template_make(deployment->app, &target, releases.items, releases.count, ret,
				   err);
}

/* --- what there is -------------------------------------------------------------------------- */

/* The stack as it stands: its template (owned; NULL: there is none), pods and volumes. */
static bool look(struct cloud *cloud, struct plan_detail *detail, bool wait,
		 const struct progress *progress, struct stack_status *status, char **ret_template,
		 struct error *err)
{
	if (!scope_stack_describe(cloud->client, &detail->scope, status, err))
		return false;
	if (wait && status->exists && stack_is_under_way(status->status)) {
		if (!stack_wait(cloud->client, status->id, progress, err))
			return false;
		stack_status_clear(status);
		if (!scope_stack_describe(cloud->client, &detail->scope, status, err))
			return false;
	}
	if (!status->exists || stack_must_be_deleted(status->status))
		return true;
	scope_stack_pods(status, &detail->old_pods, &detail->old_pod_count);
	return stack_get_template(cloud->client, status->id, ret_template, err) &&
	       volume_list_find(cloud->client, &detail->scope, *ret_template, &detail->volumes,
				err);
}

static void note_state(const struct stack_status *status, struct cloud_plan *plan)
{
	if (!status->exists)
		return;
	if (stack_is_under_way(status->status))
		string_list_addf(&plan->notes, "stack %s is %s: what follows is of its end",
				 plan->is_new ? "" : "now", status->status);
	else if (stack_must_be_deleted(status->status))
		string_list_addf(&plan->notes, "the stack is %s: it is deleted and made anew",
				 status->status);
	else if (strcmp(status->status, "UPDATE_ROLLBACK_FAILED") == 0)
		string_list_add(&plan->notes, "a rollback got stuck: it is ended first");
}

static bool is_tag_different(const struct stack_status *status, const struct key_value *tag)
{
	const char *there = stack_status_tag(status, tag->key);
	return there == NULL || strcmp(there, tag->value) != 0;
}

static void compare_tags(const struct stack_status *status, const struct plan_detail *detail,
			 struct cloud_plan *plan)
{
	bool is_different = status->tag_count != detail->tag_count;
	for (size_t i = 0; i < detail->tag_count && !is_different; i++)
		is_different = is_tag_different(status, &detail->tags[i]);
	if (is_different && !plan->is_new)
		cloud_plan_add(plan, CLOUD_MODIFY, "Tags", "tags of the stack", false);
}

/* Only what is to change stays in the plan. */
static void compare_protection(const struct stack_status *status, enum environment_switch wanted,
			       struct plan_detail *detail, struct cloud_plan *plan)
{
	bool is_on = status->exists && status->is_protected && !plan->is_new;
	if (wanted == SWITCH_LEFT || (wanted == SWITCH_ON) == is_on)
		return;
	detail->protection = wanted;
	cloud_plan_add(plan, plan->is_new ? CLOUD_ADD : CLOUD_MODIFY, "TerminationProtection",
		       wanted == SWITCH_ON ? "on: the stack cannot be deleted"
					   : "off: the stack can be deleted",
		       false);
	plan->has_changes = true;
}

/* --- claims --------------------------------------------------------------------------------- */

static void copy_volume(const struct ebs_volume *volume, struct volume_list *list)
{
	struct ebs_volume *added = ARRAY_APPEND(list->items, list->count);
	added->id = xstrdup(volume->id);
	added->claim = xstrdup(volume->claim);
}

/* Volumes that go leave a snapshot; a volume made anew would lose what it holds. */
static bool check_volumes(struct plan_detail *detail, struct cloud_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct cloud_change *change = &plan->changes[i];
		if (strcmp(change->type, "AWS::EC2::Volume") != 0)
			continue;
		if (change->is_replaced) {
			error_set(err, ERROR_DENIED, "volume %s would be made anew, and be empty",
				  change->resource);
			return error_hint(err, "undo what changed in environment.yml or the claim");
		}
		for (size_t v = 0; v < detail->volumes.count; v++)
			if (change->action == CLOUD_REMOVE &&
			    strcmp(detail->volumes.items[v].logical_id, change->resource) == 0)
				copy_volume(&detail->volumes.items[v], &detail->removed);
	}
	for (size_t i = 0; i < detail->removed.count; i++)
		string_list_addf(&plan->notes, "the volume of claim %s goes; a snapshot stays",
				 detail->removed.items[i].claim);
	return true;
}

static bool is_restored(const struct environment *environment, const char *claim)
{
	for (size_t i = 0; i < environment->restore_count; i++)
		if (strcmp(environment->restore[i].key, claim) == 0)
			return true;
	return false;
}

/* A claim that comes back empty although its removal left a snapshot. */
static bool note_snapshots(struct cloud *cloud, const struct cloud_deployment *deployment,
			   const struct plan_detail *detail, struct cloud_plan *plan,
			   struct error *err)
{
	AUTO(left_snapshot_list_clear) struct left_snapshot_list left = {0};
	AUTO(string_list_clear) struct string_list told = STRING_LIST_INIT;
	if (!volumes_list_left(cloud->client, &detail->scope, &left, err))
		return false;
	for (size_t i = 0; i < left.count; i++) {
		const struct left_snapshot *snapshot = &left.items[i];
		AUTO_FREE char *id = stack_logical_id(snapshot->claim, "Volume");
		bool is_added = false;
		for (size_t c = 0; c < plan->change_count; c++)
			is_added = is_added || (plan->changes[c].action == CLOUD_ADD &&
						strcmp(plan->changes[c].resource, id) == 0);
		if (!is_added || string_list_has(&told, snapshot->claim) ||
		    is_restored(deployment->environment, snapshot->claim))
			continue;
		string_list_add(&told, snapshot->claim);
		string_list_addf(&plan->notes,
				 "claim %s begins empty; its removal left %s of %s: "
				 "provider.restore: {%s: %s} begins with that",
				 snapshot->claim, snapshot->id, snapshot->started, snapshot->claim,
				 snapshot->id);
	}
	return true;
}

/* --- plans ---------------------------------------------------------------------------------- */

/* What holds less than it says, or does nothing. */
static void note_app(const struct app *app, struct cloud_plan *plan)
{
	for (size_t i = 0; i < app->pod_count; i++)
		if (app->pods[i].egress.is_restricted)
			string_list_addf(&plan->notes,
					 "pod '%s' may also reach port 443 anywhere: its guest "
					 "speaks with AWS",
					 app->pods[i].name);
	for (size_t i = 0; i < app->pod_count; i++)
		if (app->pods[i].workload == WORKLOAD_STATEFUL_SET &&
		    app->pods[i].start_order == START_ORDERED && app->pods[i].replicas > 1)
			string_list_addf(&plan->notes,
					 "StatefulSet '%s': its %u instances start at once in AWS, "
					 "not one after the other; updates go one by one",
					 app->pods[i].name, app->pods[i].replicas);
	for (size_t i = 0; i < app->pod_count; i++)
		if (app->pods[i].wait_count > 0)
			string_list_addf(&plan->notes,
					 "pod '%s' does not wait for '%s' in AWS: instances start "
					 "side by side there, and again by themselves",
					 app->pods[i].name, app->pods[i].waits[0].pod);
	for (size_t i = 0; i < app->service_count; i++)
		if (app->services[i].port_count == 0 &&
		    !outside_is_given(&app->services[i].outside))
			string_list_addf(&plan->notes,
					 "service '%s' has no ports, so it gets no name in AWS",
					 app->services[i].name);
}

/* What the key in the file does not reach, and who else must be let at it. */
static void note_key(const struct plan_detail *detail, struct cloud_plan *plan)
{
	if (detail->kms_key == NULL)
		return;
	if (plan->is_new)
		string_list_add(&plan->notes, "the key's own policy must let Auto Scaling and "
					      "CloudWatch Logs use it: i2kit doctor --cloud "
					      "--policy key has the statements");
	for (size_t i = 0; i < detail->volumes.count; i++) {
		const char *key = detail->volumes.items[i].kms_key;
		if (key == NULL || strcmp(key, detail->kms_key) != 0)
			string_list_addf(&plan->notes,
					 "the volume of claim %s keeps the key it was made with",
					 detail->volumes.items[i].claim);
	}
}

/* CloudFormation User Guide, "Outputs": they are not updated by themselves. */
static void drop_outputs(struct cloud_plan *plan)
{
	if (plan->is_new || plan->change_count != 1 ||
	    strcmp(plan->changes[0].resource, "Outputs") != 0)
		return;
	free(plan->changes[0].resource);
	free(plan->changes[0].type);
	plan->change_count = 0;
	string_list_add(&plan->notes, "receipts would be signed anew, which CloudFormation does "
				      "beside another change alone: with the next release");
}

/* after: owned; the plan's. */
static bool compare(struct plan_detail *detail, const struct stack_status *status,
		    const char *before, char *after, struct cloud_plan *plan, struct error *err)
{
	plan->is_new = before == NULL;
	plan->document = after;
	if (!stack_difference(before, after, plan, err))
		return false;
	compare_tags(status, detail, plan);
	drop_outputs(plan);
	note_state(status, plan);
	plan->has_changes =
		plan->change_count > 0 || (status->exists && stack_needs_settling(status->status));
	return check_volumes(detail, plan, err);
}

bool aws_plan(struct cloud *cloud, const struct cloud_deployment *deployment, bool wait,
	      const struct progress *progress, struct cloud_plan *ret, struct error *err)
{
	const struct environment *environment = deployment->environment;
	AUTO_PTR(plan_detail)
	struct plan_detail *detail = detail_new(deployment->scope, xstrdup("promote"));
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(cloud_plan_clear) struct cloud_plan plan = {0};
	AUTO(target_texts_clear) struct target_texts texts = {0};
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;
	struct stack_target target;
	if (!stack_tags_make(&detail->scope, environment, &detail->tags, &detail->tag_count, err) ||
	    !network_find(cloud->client, environment, &detail->network, err) ||
	    !kms_key_find(cloud->client, environment->aws.kms_key, &detail->kms_key, err) ||
	    !look(cloud, detail, wait, progress, &status, &before, err) ||
	    !plan_places_find(deployment->app, before, detail, err) ||
	    !route_rules_find(before, &detail->rules, err) ||
	    !make_target(cloud, environment, detail, &texts, &target, err) ||
	    !stack_check_app(deployment->app, &target, err) ||
	    !volumes_check_restore(cloud->client, deployment->app, environment, &detail->volumes,
				   err) ||
	    !instance_types_check(cloud->client, deployment->app, &target, err) ||
	    !plan_make_template(cloud, deployment, detail, &after, err) ||
	    !compare(detail, &status, before, TAKE_PTR(after), &plan, err) ||
	    !note_snapshots(cloud, deployment, detail, &plan, err) ||
	    !plan_places_note(deployment->app, &target, &plan, err))
		return false;
	compare_protection(&status, environment->aws.termination_protection, detail, &plan);
	note_app(deployment->app, &plan);
	route_rules_note(deployment->app, &target, &plan);
	note_key(detail, &plan);
	if (environment->aws.private_network != NETWORK_PUBLIC)
		string_list_add(&plan.notes, "NAT gateways and endpoints also cost by the byte, "
					     "which the sum has not");
	if (detail->network.is_isolated)
		string_list_add(&plan.notes, "the instances' subnets have no way out: they need "
					     "VPC endpoints of ssm, logs, cloudformation and ec2");
	plan.dollars_a_month = cost_a_month(deployment->app, &target);
	plan.prices_of = xstrdup(STACK_PRICES_OF);
	plan.detail = TAKE_PTR(detail);
	*ret = plan;
	plan = (struct cloud_plan){0};
	return true;
}

bool aws_plan_rollback(struct cloud *cloud, const struct cloud_scope *scope, unsigned number,
		       bool wait, const struct progress *progress, struct cloud_plan *ret,
		       struct error *err)
{
	AUTO_PTR(plan_detail)
	struct plan_detail *detail = detail_new(scope, xasprintf("rollback to %u", number));
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(cloud_plan_clear) struct cloud_plan plan = {0};
	AUTO_FREE char *before = NULL;
	if (!look(cloud, detail, wait, progress, &status, &before, err) ||
	    !release_record_load(cloud->client, scope->name, number, &detail->template_text,
				 &detail->tags, &detail->tag_count, err) ||
	    !rollback_keep_volumes(&detail->template_text, &detail->volumes, &plan.notes, err) ||
	    !plan_places_check_rollback(before, detail->template_text, err) ||
	    !compare(detail, &status, before, xstrdup(detail->template_text), &plan, err))
		return false;
	plan.detail = TAKE_PTR(detail);
	*ret = plan;
	plan = (struct cloud_plan){0};
	return true;
}
