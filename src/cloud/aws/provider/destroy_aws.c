/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/destroy_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/aws/client/parameter.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/aws/provider/images.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/provider/volumes.h"

static bool remove_parameters(struct aws_client *client, const char *stack, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s", stack);
	if (!parameter_list_below(client, path, false, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!parameter_delete(client, list.items[i].name, err))
			return false;
	return true;
}

static bool remove_images(struct aws_client *client, const struct cloud_scope *scope,
			  const struct string_list *digests, struct error *err)
{
	AUTO(ami_list_clear) struct ami_list list = {0};
	if (!images_list_unneeded(client, scope->project, digests, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!ami_remove(client, &list.items[i], err))
			return false;
	return true;
}

static bool remove_snapshots(struct aws_client *client, const struct cloud_scope *scope,
			     struct error *err)
{
	AUTO(left_snapshot_list_clear) struct left_snapshot_list left = {0};
	if (!volumes_list_left(client, scope, &left, err))
		return false;
	for (size_t i = 0; i < left.count; i++)
		if (!snapshot_delete(client, left.items[i].id, err))
			return false;
	return true;
}

/* Looks again instead of believing what was just done. */
static bool prove_gone(struct aws_client *client, const struct cloud_scope *scope,
		       const struct cloud_destruction *what, const struct string_list *digests,
		       struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(parameter_list_clear) struct parameter_list parameters = {0};
	AUTO(ami_list_clear) struct ami_list images = {0};
	AUTO(left_snapshot_list_clear) struct left_snapshot_list left = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s", scope->name);
	if (!stack_describe(client, scope->name, &status, err) ||
	    !parameter_list_below(client, path, false, &parameters, err) ||
	    (what->images &&
	     !images_list_unneeded(client, scope->project, digests, &images, err)) ||
	    (what->volumes && !volumes_list_left(client, scope, &left, err)))
		return false;
	if (!status.exists && parameters.count == 0 && images.count == 0 && left.count == 0)
		return true;
	return error_set(err, ERROR_BUSY,
			 "something is left: stack %s, %zu parameters, %zu images, %zu snapshots",
			 status.exists ? status.status : "gone", parameters.count, images.count,
			 left.count);
}

/* The snapshots that CloudFormation made of the volumes get their tags: that is how they are found
 * again. */
static bool remove_stack(struct aws_client *client, const struct cloud_scope *scope,
			 const struct progress *progress, struct error *err)
{
	AUTO(volume_list_clear) struct volume_list volumes = {0};
	return volume_list_find(client, scope, NULL, &volumes, err) &&
	       stack_delete(client, scope->name, progress, err) &&
	       volumes_mark_left(client, scope, &volumes, err);
}

bool aws_destroy(struct cloud *cloud, const struct cloud_scope *scope,
		 const struct cloud_destruction *what, const struct progress *progress,
		 struct error *err)
{
	struct aws_client *client = cloud->client;
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(string_list_clear) struct string_list digests = STRING_LIST_INIT;
	return scope_stack_describe(client, scope, &status, err) &&
	       images_list_of_scope(client, scope, &digests, err) &&
	       remove_stack(client, scope, progress, err) &&
	       remove_parameters(client, scope->name, err) &&
	       (!what->images || remove_images(client, scope, &digests, err)) &&
	       (!what->volumes || remove_snapshots(client, scope, err)) &&
	       prove_gone(client, scope, what, &digests, err);
}
