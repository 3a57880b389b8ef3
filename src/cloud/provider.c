/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/provider.h"

#include <string.h>

#include "base/alloc.h"

const char *verify_kind_name(enum verify_kind kind)
{
	switch (kind) {
	case VERIFY_FULL:
		return "full";
	case VERIFY_SAMPLE:
		return "sample";
	case VERIFY_NONE:
		break;
	}
	return "none";
}

void cloud_image_clear(struct cloud_image *image)
{
	free(image->id);
	free(image->base);
	*image = (struct cloud_image){0};
}

void cloud_pod_status_free(struct cloud_pod_status *pods, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pods[i].name);
		free(pods[i].image_digest);
		free(pods[i].config_digest);
		free(pods[i].receipt_tag);
		free(pods[i].config_json);
		free(pods[i].instance_type);
	}
	free(pods);
}

static void instances_free(struct cloud_instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(instances[i].id);
		free(instances[i].pod);
		free(instances[i].state);
		free(instances[i].image);
		free(instances[i].image_digest);
		free(instances[i].booted_digest);
		free(instances[i].address);
		free(instances[i].disk);
	}
	free(instances);
}

void cloud_status_clear(struct cloud_status *status)
{
	for (size_t i = 0; i < status->address_count; i++) {
		free(status->addresses[i].key);
		free(status->addresses[i].value);
	}
	free(status->addresses);
	for (size_t i = 0; i < status->route_count; i++) {
		free(status->routes[i].text);
		free(status->routes[i].target);
	}
	free(status->routes);
	free(status->routes_address);
	for (size_t i = 0; i < status->named_count; i++) {
		free(status->named[i].key);
		free(status->named[i].value);
	}
	free(status->named);
	for (size_t i = 0; i < status->name_count; i++) {
		free(status->names[i].name);
		free(status->names[i].instance);
		free(status->names[i].address);
	}
	free(status->names);
	cloud_pod_status_free(status->pods, status->pod_count);
	instances_free(status->instances, status->instance_count);
	free(status->name);
	free(status->state);
	free(status->reason);
	*status = (struct cloud_status){0};
}

bool cloud_status_release(const struct cloud_status *status, const char *pod, struct digest *ret)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (strcmp(status->pods[i].name, pod) == 0)
			return digest_parse(status->pods[i].image_digest, ret);
	return false;
}

void cloud_verified_list_clear(struct cloud_verified_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].instance);
		free(list->items[i].source);
		free(list->items[i].reason);
	}
	free(list->items);
	*list = (struct cloud_verified_list){0};
}

void cloud_record_list_clear(struct cloud_record_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].note);
		cloud_pod_status_free(list->items[i].pods, list->items[i].pod_count);
	}
	free(list->items);
	*list = (struct cloud_record_list){0};
}

void cloud_scope_make(const char *project, const char *environment, struct cloud_scope *ret)
{
	ret->project = xstrdup(project);
	ret->environment = xstrdup_or_null(environment);
	ret->name = environment != NULL ? xasprintf("i2kit-%s-%s", project, environment)
					: xasprintf("i2kit-%s", project);
}

void cloud_scope_clear(struct cloud_scope *scope)
{
	free(scope->project);
	free(scope->environment);
	free(scope->name);
	*scope = (struct cloud_scope){0};
}

const char *cloud_action_name(enum cloud_action action)
{
	static const char *const names[] = {"add", "modify", "remove"};
	return names[action];
}

void cloud_plan_add(struct cloud_plan *plan, enum cloud_action action, const char *resource,
		    const char *type, bool is_replaced)
{
	struct cloud_change *change = ARRAY_APPEND(plan->changes, plan->change_count);
	change->action = action;
	change->resource = xstrdup(resource);
	change->type = xstrdup(type);
	change->is_replaced = is_replaced;
}

void cloud_plan_clear(struct cloud_plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		free(plan->changes[i].resource);
		free(plan->changes[i].type);
	}
	free(plan->changes);
	string_list_clear(&plan->notes);
	free(plan->prices_of);
	free(plan->document);
	*plan = (struct cloud_plan){0};
}
