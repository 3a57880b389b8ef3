/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "cloud/aws/client/xml.h"
#include "cloud/aws/provider/aws_cloud.h"
#include "cloud/aws/stack/stack_plan.h"

/* Follows names; NULL where one is missing. */
static json_t *walk(json_t *value, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count && value != NULL; i++)
		value = json_object_get(value, names[i]);
	return value;
}

/* User data as it was written, volumes' ids aside. Owned; NULL: none. */
static char *user_data_of(json_t *launch)
{
	static const char *const path[] = {"Properties", "LaunchTemplateData", "UserData",
					   "Fn::Base64"};
	json_t *value = walk(launch, path, ARRAY_SIZE(path));
	if (json_is_object(value))
		value = json_object_get(value, "Fn::Sub");
	return xstrdup_or_null(json_string_value(value));
}

static void read_config(json_t *launch, struct cloud_pod_status *pod)
{
	static const char *const type_path[] = {"Properties", "LaunchTemplateData", "InstanceType"};
	AUTO_FREE char *text = user_data_of(launch);
	json_t *document = text != NULL ? json_loads(text, 0, NULL) : NULL;
	json_t *config = json_object_get(json_object_get(document, "i2kit"), "config");
	if (config != NULL)
		pod->config_json = json_dumps(config, JSON_COMPACT);
	const char *type = json_string_value(walk(launch, type_path, ARRAY_SIZE(type_path)));
	pod->instance_type = xstrdup_or_null(type);
	json_decref(document);
}

static void read_pod(json_t *resources, struct cloud_pod_status *pod)
{
	static const char *const size_path[] = {"Properties", "DesiredCapacity"};
	AUTO_FREE char *group_id = stack_group_id(pod->name);
	AUTO_FREE char *launch_id = stack_logical_id(pod->name, "Launch");
	json_t *group = json_object_get(resources, group_id);
	const char *size = json_string_value(walk(group, size_path, ARRAY_SIZE(size_path)));
	uint64_t replicas = 0;
	if (size != NULL && parse_u64(size, 0, UINT32_MAX, &replicas))
		pod->replicas = (uint32_t)replicas;
	read_config(json_object_get(resources, launch_id), pod);
}

bool aws_details(struct cloud *cloud, struct cloud_status *status, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "GetTemplate");
	aws_query_add(&query, "StackName", status->stack);
	AUTO_PTR(xml) struct xml *root = aws_client_query(cloud->client, &query, NULL, err);
	if (root == NULL)
		return false;
	const char *text = xml_text(root, "GetTemplateResult/TemplateBody");
	json_t *body = text != NULL ? json_loads(text, 0, NULL) : NULL;
	if (body == NULL)
		return error_set(err, ERROR_INVALID, "stack %s has no template of ours",
				 status->stack);
	for (size_t i = 0; i < status->pod_count; i++)
		read_pod(json_object_get(body, "Resources"), &status->pods[i]);
	json_decref(body);
	return true;
}
