/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "cloud/aws/client/xml.h"
#include "cloud/aws/provider/aws_cloud.h"
#include "cloud/aws/stack/stack.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/user_data.h"

#define NO_IMAGE "ami-00000000000000000" /* stands in a plan for what is not uploaded yet */

struct plan_detail {
	struct stack_plan plan;
	struct parameter_list puts;
	struct key_value *tags; /* owned */
	size_t tag_count;
	char *note; /* owned */
};

static void add_tag(struct plan_detail *detail, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	struct key_value *tag = ARRAY_APPEND(detail->tags, detail->tag_count);
	tag->key = xstrdup(key);
	tag->value = xstrdup(value);
}

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
	parameter_list_clear(&detail->puts);
	stack_plan_clear(&detail->plan);
	free(detail);
}
DEFINE_AUTO_PTR(plan_detail, detail_free)

void aws_free_plan(struct cloud_plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		free(plan->changes[i].action);
		free(plan->changes[i].resource);
		free(plan->changes[i].type);
		free(plan->changes[i].replacement);
	}
	free(plan->changes);
	free(plan->template_text);
	detail_free(plan->detail);
	*plan = (struct cloud_plan){0};
}

/* --- network -------------------------------------------------------------------------------- */

struct network {
	char *vpc;		      /* owned; NULL: one is made */
	struct stack_subnet *subnets; /* owned; what they point to is in names */
	size_t count;
	struct string_list names;
};

static void network_clear(struct network *network)
{
	free(network->vpc);
	free(network->subnets);
	string_list_clear(&network->names);
}

static void add_subnet(struct network *network, const char *id, const char *zone)
{
	string_list_add(&network->names, id);
	string_list_add(&network->names, zone);
	network->count++;
}

/* The list's strings move while it grows, so they are pointed to at the end. */
static void link_subnets(struct network *network)
{
	network->subnets = xcalloc(network->count + 1, sizeof(*network->subnets));
	for (size_t i = 0; i < network->count; i++) {
		network->subnets[i].id = network->names.items[2 * i];
		network->subnets[i].zone = network->names.items[2 * i + 1];
	}
}

/* The subnets that are named, or all of the VPC that is named. */
static bool find_network(struct aws_client *client, const struct environment *environment,
			 struct network *ret, struct error *err)
{
	const struct string_list *zones = &environment->availability_zones;
	if (environment->vpc == NULL && environment->subnets.count == 0)
		return zones->count == 0 ||
		       (error_set(
				err, ERROR_UNSUPPORTED,
				"provider.availability_zones chooses among subnets that are there; "
				"the network that would be made takes two zones itself") ||
			error_hint(err, "provider.vpc or provider.subnets"));
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeSubnets");
	for (size_t i = 0; i < environment->subnets.count; i++)
		aws_query_addf(&query, environment->subnets.items[i], "SubnetId.%zu", i + 1);
	if (environment->subnets.count == 0)
		aws_query_add_filter(&query, 1, "vpc-id", environment->vpc);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	if (root == NULL)
		return false;
	const struct xml *set = xml_find(root, "subnetSet");
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const char *id = xml_text(item, "subnetId");
		const char *zone = xml_text(item, "availabilityZone");
		const char *vpc = xml_text(item, "vpcId");
		if (id == NULL || zone == NULL || vpc == NULL ||
		    (zones->count > 0 && !string_list_has(zones, zone)))
			continue;
		if (ret->vpc != NULL && strcmp(ret->vpc, vpc) != 0)
			return error_set(err, ERROR_INVALID,
					 "the subnets are in two VPCs, %s and %s", ret->vpc, vpc);
		if (ret->vpc == NULL)
			ret->vpc = xstrdup(vpc);
		add_subnet(ret, id, zone);
	}
	link_subnets(ret);
	if (ret->count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no subnet of %s is there%s",
				 environment->vpc != NULL ? environment->vpc : "provider.subnets",
				 zones->count > 0 ? " in provider.availability_zones" : "");
	return true;
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

static bool make_releases(struct cloud *cloud, const struct cloud_stack *stack,
			  struct releases *out, struct plan_detail *detail, struct error *err)
{
	out->items = xcalloc(stack->count + 1, sizeof(*out->items));
	out->data = xcalloc(stack->count + 1, sizeof(*out->data));
	out->count = stack->count;
	for (size_t i = 0; i < stack->count; i++) {
		const struct cloud_release *release = &stack->releases[i];
		struct user_data_input input = {
			.app = stack->app,
			.pod = app_find_pod(stack->app, release->pod),
			.config_json = release->config_json,
			.config_digest = release->config_digest,
			.image_digest = release->image_digest,
			.stack = stack->name,
			.region = aws_client_region(cloud->client),
		};
		if (input.pod == NULL || !user_data_make(&input, &out->data[i], err))
			return false;
		for (size_t p = 0; p < out->data[i].puts.count; p++)
			parameter_list_add(&detail->puts, out->data[i].puts.items[p].name,
					   out->data[i].puts.items[p].value, true);
		out->items[i] = (struct stack_release){
			.pod = release->pod,
			.image = release->image != NULL ? release->image : NO_IMAGE,
			.image_digest = release->image_digest,
			.config_digest = release->config_digest,
			.user_data = out->data[i].text,
			.parameters = (const char *const *)out->data[i].parameters.items,
		};
	}
	return true;
}

static void trim_dot(char *name)
{
	size_t size = name != NULL ? strlen(name) : 0;
	if (size > 0 && name[size - 1] == '.')
		name[size - 1] = '\0';
}

static bool make_template(struct cloud *cloud, const struct cloud_stack *stack,
			  struct plan_detail *detail, char **ret, struct error *err)
{
	const struct environment *environment = stack->environment;
	AUTO(network_clear) struct network network = {0};
	AUTO(releases_clear) struct releases releases = {0};
	AUTO_FREE char *zone = xstrdup_or_null(environment->hosted_zone);
	AUTO_FREE char *domain = xstrdup_or_null(environment->domain);
	trim_dot(zone);
	trim_dot(domain);
	if (!find_network(cloud->client, environment, &network, err) ||
	    !make_releases(cloud, stack, &releases, detail, err))
		return false;
	bool is_zone_id = zone != NULL && zone[0] == 'Z' && strchr(zone, '.') == NULL;
	if (is_zone_id && domain == NULL) {
		error_set(err, ERROR_INVALID,
			  "provider.hosted_zone is an id and provider.domain "
			  "does not say which names are in it");
		return error_hint(err, "provider.domain: example.com");
	}
	struct stack_target target = {
		.project = stack->app->project,
		.region = aws_client_region(cloud->client),
		.stack = stack->name,
		.instance_type = environment->instance_type,
		.vpc = network.vpc,
		.subnets = network.subnets,
		.subnet_count = network.count,
		.public_subnets = (const char *const *)environment->public_subnets.items,
		.security_groups = (const char *const *)environment->security_groups.items,
		.hosted_zone = zone,
		.is_zone_id = is_zone_id,
		.domain = domain,
		.certificate = environment->certificate,
		.instance_profile = environment->instance_profile,
		.key_pair = environment->key_pair,
		.log_days = environment->log_retention_days,
	};
	return stack_template_make(stack->app, &target, releases.items, releases.count, ret, err);
}

/* --- plan ----------------------------------------------------------------------------------- */

static void add_release_tags(struct plan_detail *detail, const struct cloud_release *release,
			     const struct cloud_pod_status *old)
{
	AUTO_FREE char *image = xasprintf("i2kit:image/%s", release->pod);
	AUTO_FREE char *config = xasprintf("i2kit:config/%s", release->pod);
	AUTO_FREE char *receipt = xasprintf("i2kit:receipt/%s", release->pod);
	/* A newer receipt of the same release is no change worth an update. */
	bool is_same = old != NULL && old->receipt_tag != NULL && old->image_digest != NULL &&
		       old->config_digest != NULL &&
		       strcmp(old->image_digest, release->image_digest) == 0 &&
		       strcmp(old->config_digest, release->config_digest) == 0;
	add_tag(detail, image, release->image_digest);
	add_tag(detail, config, release->config_digest);
	add_tag(detail, receipt, is_same ? old->receipt_tag : release->receipt_tag);
}

static bool add_tags(struct cloud *cloud, const struct cloud_stack *stack,
		     struct plan_detail *detail, struct error *err)
{
	AUTO(cloud_status_clear) struct cloud_status old = {0};
	AUTO(stack_status_clear) struct stack_status status = {0};
	if (!stack_describe(cloud->client, stack->name, &status, err))
		return false;
	stack_tags_to_pods(status.tags, status.tag_count, &old.pods, &old.pod_count);
	add_tag(detail, "i2kit:project", stack->app->project);
	add_tag(detail, "i2kit:environment", stack->environment->name);
	for (size_t i = 0; i < stack->environment->tag_count; i++)
		add_tag(detail, stack->environment->tags[i].key, stack->environment->tags[i].value);
	for (size_t i = 0; i < stack->count; i++) {
		const struct cloud_pod_status *before = NULL;
		for (size_t p = 0; p < old.pod_count; p++)
			if (strcmp(old.pods[p].name, stack->releases[i].pod) == 0)
				before = &old.pods[p];
		add_release_tags(detail, &stack->releases[i], before);
	}
	return detail->tag_count <= 50
		       ? true
		       : error_set(err, ERROR_FULL, "a stack takes 50 tags; this one needs %zu",
				   detail->tag_count);
}

static void show_changes(const struct stack_plan *plan, struct cloud_plan *out)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		struct cloud_change *change = ARRAY_APPEND(out->changes, out->change_count);
		change->action = xstrdup(plan->changes[i].action);
		change->resource = xstrdup(plan->changes[i].resource);
		change->type = xstrdup(plan->changes[i].type);
		change->replacement = xstrdup_or_null(plan->changes[i].replacement);
	}
	out->is_new = plan->is_new;
	out->has_changes = plan->change_set != NULL;
}

bool aws_plan_stack(struct cloud *cloud, const struct cloud_stack *stack,
		    const struct progress *progress, struct cloud_plan *ret, struct error *err)
{
	AUTO_PTR(plan_detail) struct plan_detail *detail = xcalloc(1, sizeof(*detail));
	AUTO_FREE char *text = NULL;
	detail->note = xstrdup("promote");
	if (!make_template(cloud, stack, detail, &text, err) ||
	    !add_tags(cloud, stack, detail, err) ||
	    !stack_plan_make(cloud->client, stack->name, text, detail->tags, detail->tag_count,
			     progress, &detail->plan, err))
		return false;
	*ret = (struct cloud_plan){.template_text = TAKE_PTR(text)};
	show_changes(&detail->plan, ret);
	ret->detail = TAKE_PTR(detail);
	return true;
}

bool aws_plan_rollback(struct cloud *cloud, const char *stack, unsigned number,
		       const struct progress *progress, struct cloud_plan *ret, struct error *err)
{
	AUTO_PTR(plan_detail) struct plan_detail *detail = xcalloc(1, sizeof(*detail));
	AUTO_FREE char *text = NULL;
	detail->note = xasprintf("rollback to %u", number);
	if (!release_record_load(cloud->client, stack, number, &text, &detail->tags,
				 &detail->tag_count, err) ||
	    !stack_plan_make(cloud->client, stack, text, detail->tags, detail->tag_count, progress,
			     &detail->plan, err))
		return false;
	*ret = (struct cloud_plan){.template_text = TAKE_PTR(text)};
	show_changes(&detail->plan, ret);
	ret->detail = TAKE_PTR(detail);
	return true;
}

static bool put_parameters(struct cloud *cloud, const struct plan_detail *detail, struct error *err)
{
	for (size_t i = 0; i < detail->puts.count; i++)
		if (!parameter_put(cloud->client, &detail->puts.items[i], err))
			return false;
	return true;
}

static bool next_number(struct cloud *cloud, const char *stack, unsigned *ret, struct error *err)
{
	AUTO(cloud_record_list_clear) struct cloud_record_list list = {0};
	if (!aws_records(cloud, stack, &list, err))
		return false;
	*ret = list.count > 0 ? list.items[list.count - 1].number + 1 : 1;
	return true;
}

bool aws_apply_plan(struct cloud *cloud, struct cloud_plan *plan, bool wait,
		    const struct progress *progress, struct error *err)
{
	struct plan_detail *detail = plan->detail;
	if (!plan->has_changes)
		return true;
	struct release_record record = {
		.note = detail->note,
		.template_text = plan->template_text,
		.tags = detail->tags,
		.tag_count = detail->tag_count,
	};
	/* The record first: without one there would be no way back to what is about to run. */
	if (!put_parameters(cloud, detail, err) ||
	    !next_number(cloud, detail->plan.stack, &record.number, err) ||
	    !release_record_save(cloud->client, detail->plan.stack, &record, err))
		return false;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (stack_plan_execute(cloud->client, &detail->plan, wait, progress, &failure))
		return true;
	bool is_rolled_back = failure.kind == ERROR_INVALID;
	if (is_rolled_back)
		(void)!release_record_remove(cloud->client, detail->plan.stack, record.number,
					     NULL);
	return error_move(err, &failure);
}

bool aws_drop_plan(struct cloud *cloud, struct cloud_plan *plan, struct error *err)
{
	struct plan_detail *detail = plan->detail;
	return stack_plan_drop(cloud->client, &detail->plan, err);
}
