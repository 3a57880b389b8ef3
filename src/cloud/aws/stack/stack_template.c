/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/stack_text.h"

#define MAX_RESOURCES_BYTES ((size_t)1024 * 1024)
#define MAX_USER_DATA	    16384 /* before base64, EC2's limit */

static const struct stack_release *find_release(const struct stack_release *releases, size_t count,
						const char *pod)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(releases[i].pod, pod) == 0)
			return &releases[i];
	return NULL;
}

static bool check_list(const char *what, const char *const *list, struct error *err)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (!stack_check_plain(what, list[i], err))
			return false;
	return true;
}

static bool check_target(const struct stack_target *target, struct error *err)
{
	for (size_t i = 0; i < target->subnet_count; i++)
		if (!stack_check_plain("a subnet", target->subnets[i].id, err) ||
		    !stack_check_plain("a zone", target->subnets[i].zone, err))
			return false;
	if (target->vpc != NULL && target->subnet_count == 0)
		return error_set(err, ERROR_INVALID, "the VPC %s has no subnet to use",
				 target->vpc);
	return stack_check_plain("the project", target->project, err) &&
	       stack_check_plain("the stack", target->stack, err) &&
	       stack_check_plain("the region", target->region, err) &&
	       stack_check_plain("the VPC", target->vpc, err) &&
	       stack_check_plain("the instance type", target->instance_type, err) &&
	       stack_check_plain("the hosted zone", target->hosted_zone, err) &&
	       stack_check_plain("the domain", target->domain, err) &&
	       stack_check_plain("the instance profile", target->instance_profile, err) &&
	       stack_check_plain("the key pair", target->key_pair, err) &&
	       check_list("a subnet", target->public_subnets, err) &&
	       check_list("a security group", target->security_groups, err);
}

static bool check_release(const struct stack_release *release, const char *pod, struct error *err)
{
	if (release == NULL)
		return error_set(err, ERROR_INVALID, "pod '%s' has no release", pod);
	if (strlen(release->user_data) > MAX_USER_DATA)
		return error_set(err, ERROR_FULL, "pod '%s': user data is %zu bytes, 16384 at most",
				 pod, strlen(release->user_data));
	return stack_check_plain("an image", release->image, err) &&
	       check_list("a parameter", release->parameters, err);
}

static bool add_pods(struct stack_text *text, const struct stack_release *releases, size_t count,
		     struct error *err)
{
	for (size_t i = 0; i < text->app->pod_count; i++) {
		const struct pod_spec *pod = &text->app->pods[i];
		const struct stack_release *release = find_release(releases, count, pod->name);
		if (!check_release(release, pod->name, err) ||
		    !stack_check_plain("a pod", pod->name, err) ||
		    !stack_check_plain("the instance type", pod->instance_type, err) ||
		    !stack_add_pod(text, pod, release, err))
			return false;
	}
	return true;
}

static void text_clear(struct stack_text *text)
{
	strbuf_clear(&text->resources);
	strbuf_clear(&text->outputs);
}

bool stack_template_make(const struct app *app, const struct stack_target *target,
			 const struct stack_release *releases, size_t count, char **ret,
			 struct error *err)
{
	AUTO(text_clear)
	struct stack_text text = {.app = app,
				  .target = target,
				  .resources = STRBUF_MAX(MAX_RESOURCES_BYTES),
				  .outputs = STRBUF_MAX(MAX_RESOURCES_BYTES)};
	if (!check_target(target, err))
		return false;
	stack_add_network(&text);
	for (size_t i = 0; i < app->service_count; i++)
		if (!stack_add_service(&text, &app->services[i], err))
			return false;
	if (!add_pods(&text, releases, count, err))
		return false;
	if (text.resources.is_cut || text.outputs.is_cut)
		return error_set(err, ERROR_FULL, "the template would be larger than 1 MiB");
	/* The zone of a given subnet is a parameter, so that it is told apart from the design. */
	AUTO_FREE char *parameters =
		text.has_volumes && target->vpc != NULL
			? xasprintf("\"Parameters\":{\"VolumeZone\":{\"Type\":"
				    "\"AWS::EC2::AvailabilityZone::Name\",\"Default\":\"%s\"}},",
				    target->subnets[0].zone)
			: xstrdup("");
	*ret = xasprintf("{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Description\":"
			 "\"i2kit project %s\",%s\"Resources\":{%s},\"Outputs\":{%s}}",
			 target->project, parameters, strbuf_text(&text.resources),
			 strbuf_text(&text.outputs));
	return true;
}
