/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/scope_stack.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/aws/stack/logical_id.h"

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool scope_stack_describe(struct aws_client *client, const struct cloud_scope *scope,
			  struct stack_status *ret, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	if (!stack_describe(client, scope->name, &status, err))
		return false;
	const char *project = stack_status_tag(&status, "i2kit:project");
	const char *environment = stack_status_tag(&status, "i2kit:environment");
	/* Before its change set has run, a stack has no tags; nor does it hold anything. */
	bool is_ours =
		!status.exists || strcmp(status.status, "REVIEW_IN_PROGRESS") == 0 ||
		(is_same(project, scope->project) && is_same(environment, scope->environment));
	if (is_ours) {
		*ret = status;
		status = (struct stack_status){0};
		return true;
	}
	if (project == NULL)
		error_set(err, ERROR_DENIED, "the stack %s was not made by i2kit", scope->name);
	else
		error_set(err, ERROR_DENIED, "the stack %s is of project '%s'%s%s%s, not of '%s'",
			  scope->name, project, environment != NULL ? ", environment '" : "",
			  environment != NULL ? environment : "", environment != NULL ? "'" : "",
			  scope->project);
	return error_hint(err, "another name in environment.yml, or another project: -p");
}

bool scope_stack_read_release(const char *pod, const char *text, struct cloud_pod_status **ret,
			      size_t *ret_count)
{
	const char *config = strchr(text, ' ');
	const char *receipt = config != NULL ? strchr(config + 1, ' ') : NULL;
	if (receipt == NULL)
		return false;
	AUTO_FREE char *image_digest = xstrndup(text, (size_t)(config - text));
	AUTO_FREE char *config_digest = xstrndup(config + 1, (size_t)(receipt - config - 1));
	if (!digest_is_valid(image_digest) || !digest_is_valid(config_digest))
		return false;
	struct cloud_pod_status *added = ARRAY_APPEND(*ret, *ret_count);
	added->name = xstrdup(pod);
	added->image_digest = TAKE_PTR(image_digest);
	added->config_digest = TAKE_PTR(config_digest);
	added->receipt_tag = strcmp(receipt + 1, "-") != 0 ? xstrdup(receipt + 1) : NULL;
	return true;
}

void scope_stack_pods(const struct stack_status *status, struct cloud_pod_status **ret,
		      size_t *ret_count)
{
	for (size_t i = 0; i < status->output_count; i++) {
		AUTO_FREE char *pod = stack_logical_name(status->outputs[i].key, "Release");
		if (pod != NULL)
			(void)scope_stack_read_release(pod, status->outputs[i].value, ret,
						       ret_count);
	}
}
