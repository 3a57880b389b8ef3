/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/status_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/parse.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/provider/logs_aws.h"
#include "cloud/aws/provider/route_rules.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_records.h"
#include "cloud/aws/stack/stack_route.h"
#include "wire/booted.h"

#define MAX_PAGES 200

/* --- instances ------------------------------------------------------------------------------ */

static void read_instance(const struct xml *item, struct cloud_status *out)
{
	const char *id = xml_text(item, "instanceId");
	const char *state = xml_text(item, "instanceState/name");
	const char *pod = ec2_tag_of(item, "i2kit:pod");
	const char *image = xml_text(item, "imageId");
	const char *launched = xml_text(item, "launchTime");
	if (id == NULL || state == NULL || pod == NULL || strcmp(state, "terminated") == 0)
		return;
	struct cloud_instance *instance = ARRAY_APPEND(out->instances, out->instance_count);
	instance->id = xstrdup(id);
	instance->state = xstrdup(state);
	instance->pod = xstrdup(pod);
	instance->image = xstrdup(image != NULL ? image : "");
	instance->image_digest = xstrdup_or_null(ec2_tag_of(item, "i2kit:image-sha256"));
	instance->disk = xstrdup_or_null(ec2_root_disk(item, "volumeId"));
	instance->address = xstrdup_or_null(xml_text(item, "privateIpAddress"));
	if (launched != NULL)
		(void)!parse_rfc3339_ns(launched, &instance->launched_ns);
}

static void read_reservations(const struct xml *set, struct cloud_status *out)
{
	for (const struct xml *r = set != NULL ? set->first : NULL; r != NULL; r = r->next) {
		const struct xml *inner = xml_find(r, "instancesSet");
		for (const struct xml *i = inner != NULL ? inner->first : NULL; i != NULL;
		     i = i->next)
			read_instance(i, out);
	}
}

static bool list_instances(struct aws_client *client, const char *stack, struct cloud_status *out,
			   struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeInstances", .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeInstances");
		aws_query_add_filter(&query, 1, "tag:i2kit:stack", stack);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		read_reservations(xml_find(root, "reservationSet"), out);
		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

static void read_addresses(const struct stack_status *stack, struct cloud_status *out)
{
	for (size_t i = 0; i < stack->output_count; i++) {
		AUTO_FREE char *service = stack_logical_name(stack->outputs[i].key, "Address");
		if (service == NULL)
			continue;
		struct key_value *pair = ARRAY_APPEND(out->addresses, out->address_count);
		pair->key = TAKE_PTR(service);
		pair->value = xstrdup(stack->outputs[i].value);
	}
}

static void read_routes_address(const struct stack_status *stack, struct cloud_status *out)
{
	for (size_t i = 0; i < stack->output_count; i++)
		if (strcmp(stack->outputs[i].key, STACK_ROUTES_DOMAIN) == 0)
			out->routes_address = xstrdup(stack->outputs[i].value);
}

static bool read_routes(struct aws_client *client, const char *stack, struct cloud_status *out,
			struct error *err)
{
	AUTO_FREE char *text = NULL;
	return stack_get_template(client, stack, &text, err) && route_rules_status(text, out, err);
}

/* --- names ---------------------------------------------------------------------------------- */

/* The services whose names lead to their instances. */
static void read_named(const struct stack_status *stack, struct cloud_status *out)
{
	for (size_t i = 0; i < stack->output_count; i++) {
		AUTO_FREE char *service =
			stack_logical_name(stack->outputs[i].key, STACK_INSTANCE_NAME);
		if (service == NULL)
			continue;
		struct key_value *pair = ARRAY_APPEND(out->named, out->named_count);
		pair->key = TAKE_PTR(service);
		pair->value = xstrdup(stack->outputs[i].value);
	}
}

static bool is_named(const struct cloud_status *status, const char *name)
{
	for (size_t i = 0; i < status->named_count; i++)
		if (strcmp(status->named[i].value, name) == 0)
			return true;
	return false;
}

/* Each address once, under the shortest of its names. */
static bool read_names(struct aws_client *client, const char *stack, struct cloud_status *out,
		       struct error *err)
{
	AUTO_FREE char *zone = NULL;
	AUTO(name_record_list_clear) struct name_record_list records = {0};
	AUTO(string_list_clear) struct string_list alive = STRING_LIST_INIT;
	if (out->named_count == 0)
		return true;
	if (!stack_zone_find(client, stack, &zone, err))
		return false;
	if (zone == NULL)
		return true;
	if (!stack_records_list(client, zone, &records, err) ||
	    !stack_instances_alive(client, &records, &alive, err))
		return false;
	for (size_t i = 0; i < records.count; i++) {
		const struct name_record *record = &records.items[i];
		if (!is_named(out, record->name))
			continue;
		struct cloud_name *name = ARRAY_APPEND(out->names, out->name_count);
		name->name = xstrdup(record->name);
		name->instance = xstrdup(record->instance);
		name->address = xstrdup(record->address);
		name->is_gone = !string_list_has(&alive, record->instance);
	}
	return true;
}

/* --- what they booted ----------------------------------------------------------------------- */

/* "web/.booted/i-0123": a stream that no container's lines go to. */
static bool take_booted(const struct cloud_line *line, void *arg)
{
	struct cloud_status *status = arg;
	const char *text = line->text;
	const char *id = strstr(line->stream, BOOTED_STREAM);
	if (id == NULL || strncmp(text, BOOTED_TEXT, strlen(BOOTED_TEXT)) != 0 ||
	    !digest_is_valid(text + strlen(BOOTED_TEXT)))
		return true;
	for (size_t i = 0; i < status->instance_count; i++) {
		struct cloud_instance *instance = &status->instances[i];
		if (strcmp(instance->id, id + strlen(BOOTED_STREAM)) != 0)
			continue;
		free(instance->booted_digest);
		instance->booted_digest = xstrdup(text + strlen(BOOTED_TEXT));
	}
	return true;
}

static int64_t oldest_launch(const struct cloud_status *status, const char *pod)
{
	int64_t oldest = INT64_MAX;
	for (size_t i = 0; i < status->instance_count; i++)
		if (strcmp(status->instances[i].pod, pod) == 0 &&
		    status->instances[i].launched_ns < oldest)
			oldest = status->instances[i].launched_ns;
	return oldest;
}

/* What the instances say themselves. Without the right to read logs, or without a log group yet,
 * they say nothing. */
static void read_booted(struct aws_client *client, const char *stack, struct cloud_status *status)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		int64_t since_ns = oldest_launch(status, status->pods[i].name);
		AUTO_FREE char *prefix = xasprintf("%s" BOOTED_STREAM, status->pods[i].name);
		const struct cloud_line_range range = {
			.prefix = prefix, .since_ns = since_ns, .until_ns = INT64_MAX};
		if (since_ns != INT64_MAX &&
		    !logs_read(client, stack, &range, take_booted, status, &err))
			log_verbose("what the instances of '%s' booted is not known: %s",
				    status->pods[i].name, err.message);
	}
}

bool aws_status(struct cloud *cloud, const struct cloud_scope *scope, struct cloud_status *ret,
		struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(cloud_status_clear) struct cloud_status out = {.name = xstrdup(scope->name)};
	if (!scope_stack_describe(cloud->client, scope, &status, err))
		return false;
	out.exists = status.exists;
	out.state = xstrdup(status.exists ? status.status : "absent");
	out.is_changing = status.exists && stack_is_under_way(status.status);
	out.reason = xstrdup_or_null(status.reason);
	read_addresses(&status, &out);
	read_named(&status, &out);
	read_routes_address(&status, &out);
	scope_stack_pods(&status, &out.pods, &out.pod_count);
	if (out.routes_address != NULL && !read_routes(cloud->client, scope->name, &out, err))
		return false;
	if (status.exists && (!list_instances(cloud->client, scope->name, &out, err) ||
			      !read_names(cloud->client, scope->name, &out, err)))
		return false;
	read_booted(cloud->client, scope->name, &out);
	*ret = out;
	out = (struct cloud_status){0};
	return true;
}

/* --- details -------------------------------------------------------------------------------- */

/* User data as it was written, volumes' ids aside. Borrowed; NULL: none. */
static const char *user_data_of(struct json_view launch)
{
	struct json_view data = json_view_get(json_view_get(launch, "UserData"), "Fn::Base64");
	return json_view_peek(json_view_is_object(data) ? json_view_get(data, "Fn::Sub") : data);
}

static void read_config(const char *text, struct cloud_pod_status *pod)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		text != NULL ? json_document_parse(text, strlen(text), "user data", 0, NULL) : NULL;
	if (document == NULL)
		return;
	struct json_view release = json_view_get(json_document_root(document), "i2kit");
	pod->config_json = json_view_dump(json_view_get(release, "config"), 0);
}

static void read_pod(struct json_view resources, struct cloud_pod_status *pod)
{
	AUTO_FREE char *group_id = stack_group_id(pod->name);
	AUTO_FREE char *launch_id = stack_logical_id(pod->name, "Launch");
	struct json_view group = json_view_get(json_view_get(resources, group_id), "Properties");
	struct json_view launch =
		json_view_get(json_view_get(json_view_get(resources, launch_id), "Properties"),
			      "LaunchTemplateData");
	const char *size = json_view_peek(json_view_get(group, "DesiredCapacity"));
	uint64_t replicas = 0;
	if (size != NULL && parse_u64(size, 0, UINT32_MAX, &replicas))
		pod->replicas = (uint32_t)replicas;
	pod->instance_type = json_view_text(json_view_get(launch, "InstanceType"));
	read_config(user_data_of(launch), pod);
}

bool aws_details(struct cloud *cloud, const struct cloud_scope *scope, struct cloud_status *status,
		 struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (!stack_get_template(cloud->client, scope->name, &text, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "the stack's template", 0, err);
	if (document == NULL)
		return false;
	for (size_t i = 0; i < status->pod_count; i++)
		read_pod(json_view_get(json_document_root(document), "Resources"),
			 &status->pods[i]);
	return json_document_check(document, err);
}
