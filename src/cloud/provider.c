/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/provider.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/aws/provider/provider_aws.h"

void cloud_image_clear(struct cloud_image *image)
{
	free(image->id);
	free(image->snapshot);
	free(image->parent);
	*image = (struct cloud_image){0};
}

static void pods_free(struct cloud_pod_status *pods, size_t count)
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
	pods_free(status->pods, status->pod_count);
	instances_free(status->instances, status->instance_count);
	free(status->stack);
	free(status->state);
	free(status->reason);
	*status = (struct cloud_status){0};
}

void cloud_record_list_clear(struct cloud_record_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].note);
		pods_free(list->items[i].pods, list->items[i].pod_count);
	}
	free(list->items);
	*list = (struct cloud_record_list){0};
}

char *cloud_stack_name(const char *project, const char *environment)
{
	return environment != NULL ? xasprintf("i2kit-%s-%s", project, environment)
				   : xasprintf("i2kit-%s", project);
}

const struct cloud_provider *cloud_provider_find(const char *name, struct error *err)
{
	if (strcmp(name, CLOUD_PROVIDER_AWS.name) == 0)
		return &CLOUD_PROVIDER_AWS;
	error_set(err, ERROR_UNSUPPORTED, "i2kit cannot promote to '%s'", name);
	error_hint(err, "provider.type: aws");
	return NULL;
}
