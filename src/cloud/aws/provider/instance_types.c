/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/instance_types.h"

#include <string.h>

#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/stack/stack_instance.h"

static bool has_architecture(const struct xml *item, const char *wanted)
{
	const struct xml *list = xml_find(item, "processorInfo/supportedArchitectures");
	for (const struct xml *one = list != NULL ? list->first : NULL; one != NULL;
	     one = one->next)
		if (strcmp(one->text, wanted) == 0)
			return true;
	return false;
}

static bool check_type(struct aws_client *client, const char *pod, const char *type,
		       struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeInstanceTypes");
	aws_query_add(&query, "InstanceType.1", type);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	const struct xml *item = xml_find(root, "instanceTypeSet/item");
	bool is_unknown = (root != NULL && item == NULL) ||
			  (root == NULL && (aws_code_is(&answer, "InvalidInstanceType") ||
					    aws_code_is(&answer, "InvalidParameterValue")));
	if (is_unknown) {
		error_set(err, ERROR_INVALID, "pod '%s': EC2 has no instance type '%s' here", pod,
			  type);
		return error_hint(err, "instance_type: t3.small");
	}
	if (root == NULL)
		return error_move(err, &failure);
	if (has_architecture(item, "x86_64"))
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': instances of type %s are arm64, and the images are x86_64", pod, type);
	return error_hint(err, "a type of Intel or AMD, such as t3.small or m6i.large");
}

/* A zone of the subnets that has none of them; NULL: all have. */
static const char *missing_zone(const struct xml *set, const struct stack_target *target)
{
	for (size_t i = 0; i < target->subnet_count; i++) {
		bool is_there = false;
		for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
		     item = item->next) {
			const char *zone = xml_text(item, "location");
			is_there = is_there ||
				   (zone != NULL && strcmp(zone, target->subnets[i].zone) == 0);
		}
		if (!is_there)
			return target->subnets[i].zone;
	}
	return NULL;
}

static bool check_zones(struct aws_client *client, const struct stack_target *target,
			const char *pod, const char *type, struct error *err)
{
	if (target->vpc == NULL)
		return true; /* the network that is made takes the zones there are */
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeInstanceTypeOfferings");
	aws_query_add(&query, "LocationType", "availability-zone");
	aws_query_add_filter(&query, 1, "instance-type", type);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	if (root == NULL)
		return false;
	const char *zone = missing_zone(xml_find(root, "instanceTypeOfferingSet"), target);
	if (zone == NULL)
		return true;
	error_set(err, ERROR_INVALID, "pod '%s': %s is not offered in %s, where a subnet is", pod,
		  type, zone);
	return error_hint(err, "another instance_type, or provider.availability_zones");
}

bool instance_types_check(struct aws_client *client, const struct app *app,
			  const struct stack_target *target, struct error *err)
{
	AUTO(string_list_clear) struct string_list seen = STRING_LIST_INIT;
	for (size_t i = 0; i < app->pod_count; i++) {
		const char *type = stack_type_of(target, &app->pods[i]);
		if (string_list_has(&seen, type))
			continue;
		string_list_add(&seen, type);
		if (!check_type(client, app->pods[i].name, type, err) ||
		    !check_zones(client, target, app->pods[i].name, type, err))
			return false;
	}
	return true;
}
