/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/provider_aws.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/client/xml.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/disk/ebs_upload.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/aws/provider/aws_cloud.h"

static void aws_close(struct cloud *cloud)
{
	if (cloud == NULL)
		return;
	aws_client_free(cloud->client);
	free(cloud->account);
	free(cloud->arn);
	free(cloud);
}
DEFINE_AUTO_PTR(cloud, aws_close)

static struct cloud *aws_open(const struct cloud_options *options, struct error *err)
{
	AUTO_PTR(cloud) struct cloud *cloud = xcalloc(1, sizeof(*cloud));
	cloud->parallel = options->parallel > 0 ? options->parallel : 32;
	struct aws_client_options client = {
		.profile = options->profile,
		.region = options->region,
		.parallel = cloud->parallel,
	};
	cloud->client = aws_client_new(&client, err);
	return cloud->client != NULL ? TAKE_PTR(cloud) : NULL;
}

/* The cheapest question that proves the credentials. */
static bool ask_identity(struct cloud *cloud, struct error *err)
{
	if (cloud->account != NULL)
		return true;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_STS, "GetCallerIdentity");
	AUTO_PTR(xml) struct xml *root = aws_client_query(cloud->client, &query, NULL, err);
	if (root == NULL)
		return false;
	const char *account = xml_text(root, "GetCallerIdentityResult/Account");
	const char *arn = xml_text(root, "GetCallerIdentityResult/Arn");
	if (account == NULL || arn == NULL || strlen(account) != 12 ||
	    strspn(account, "0123456789") != 12)
		return error_set(err, ERROR_INVALID, "GetCallerIdentity answered no account");
	cloud->account = xstrdup(account);
	cloud->arn = xstrdup(arn);
	return true;
}

static char *aws_identify(struct cloud *cloud, struct error *err)
{
	if (!ask_identity(cloud, err))
		return NULL;
	return xasprintf("AWS account %s, region %s, as %s (from %s)", cloud->account,
			 aws_client_region(cloud->client), cloud->arn,
			 aws_client_source(cloud->client));
}

/* --- images --------------------------------------------------------------------------------- */

/* An image of exactly this disk that can be used as it is. */
static const struct ami *find_usable(const struct ami_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		bool is_usable = strcmp(list->items[i].state, "available") == 0 ||
				 strcmp(list->items[i].state, "pending") == 0;
		if (is_usable && list->items[i].is_verified)
			return &list->items[i];
	}
	return NULL;
}

/*
 * The newest image of the pod whose blocks we still know and that was compared with them: what a
 * delta leaves out is taken from it unseen.
 */
static const struct ami *find_parent(const struct ami_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		AUTO(block_map_clear) struct block_map map = {0};
		if (list->items[i].snapshot != NULL && list->items[i].is_verified &&
		    list->items[i].digest[0] != '\0' && block_map_load(list->items[i].digest, &map))
			return &list->items[i];
	}
	return NULL;
}

static const char *verify_name(enum verify_kind kind)
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

static bool verify(struct cloud *cloud, const struct ebs_upload *upload,
		   const struct ebs_snapshot *snapshot, const struct progress *progress,
		   uint64_t *ret_verified, struct error *err)
{
	enum verify_kind kind = upload->disk->verify;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (kind == VERIFY_NONE ||
	    ebs_verify_run(cloud->client, snapshot->id, &snapshot->disk, kind, cloud->parallel,
			   progress, ret_verified, &failure))
		return true;
	/* A snapshot that is not the disk must not be found and used by anybody. */
	if (failure.kind == ERROR_CORRUPT && snapshot_delete(cloud->client, snapshot->id, NULL))
		(void)!ebs_upload_forget(cloud->client, upload, NULL);
	return error_move(err, &failure);
}

static bool register_image(struct cloud *cloud, const struct cloud_upload *disk,
			   const char *snapshot, const struct progress *progress, char **ret_id,
			   struct error *err)
{
	struct ami_register image = {
		.project = disk->project,
		.pod = disk->pod,
		.digest = disk->digest,
		.snapshot = snapshot,
		.receipt_tag = disk->receipt_tag,
	};
	progress_start(progress, "image", disk->pod, PROGRESS_COUNT, 0);
	if (!ami_register(cloud->client, &image, ret_id, err) ||
	    !ami_wait(cloud->client, *ret_id, progress, err))
		return false;
	/* Last, so that an image without this tag is known to be unproved. */
	if (!ec2_tag(cloud->client, *ret_id, "i2kit:verified", verify_name(disk->verify), err))
		return false;
	progress_done(progress, "image", disk->pod, *ret_id);
	return true;
}

static bool upload_new(struct cloud *cloud, const struct cloud_upload *disk,
		       const struct ami *parent, const struct progress *progress,
		       struct cloud_image *ret, struct error *err)
{
	struct ebs_upload upload = {
		.disk = disk,
		.account = cloud->account,
		.parallel = cloud->parallel,
		.parent = parent != NULL ? parent->snapshot : NULL,
		.parent_digest = parent != NULL ? parent->digest : NULL,
	};
	AUTO(ebs_snapshot_clear) struct ebs_snapshot snapshot = {0};
	if (!ebs_upload_run(cloud->client, &upload, progress, &snapshot, err) ||
	    !verify(cloud, &upload, &snapshot, progress, &ret->blocks_verified, err) ||
	    !register_image(cloud, disk, snapshot.id, progress, &ret->id, err) ||
	    !ebs_upload_forget(cloud->client, &upload, err))
		return false;
	ret->blocks_total = snapshot.disk.count;
	ret->blocks_sent = snapshot.blocks_sent;
	ret->bytes_sent = snapshot.blocks_sent * (uint64_t)BLOCK_SIZE;
	ret->snapshot = TAKE_PTR(snapshot.id);
	ret->parent = TAKE_PTR(snapshot.parent);
	log_verbose("at most %u requests at once, %llu tried again", snapshot.widest,
		    (unsigned long long)snapshot.retries);
	return true;
}

static bool aws_ensure_image(struct cloud *cloud, const struct cloud_upload *disk,
			     const struct progress *progress, struct cloud_image *ret,
			     struct error *err)
{
	AUTO(ami_list_clear) struct ami_list same = {0};
	AUTO(ami_list_clear) struct ami_list older = {0};
	AUTO(cloud_image_clear) struct cloud_image out = {0};
	if (!ask_identity(cloud, err) ||
	    !ami_list(cloud->client, NULL, NULL, disk->digest, &same, err))
		return false;
	const struct ami *found = find_usable(&same);
	if (found != NULL) {
		if (!ami_wait(cloud->client, found->id, progress, err))
			return false;
		out.id = xstrdup(found->id);
		out.snapshot = xstrdup_or_null(found->snapshot);
		out.was_there = true;
	} else if (!ami_list(cloud->client, disk->project, disk->pod, NULL, &older, err) ||
		   !upload_new(cloud, disk, find_parent(&older), progress, &out, err)) {
		return false;
	}
	*ret = out;
	out = (struct cloud_image){0};
	return true;
}

const struct cloud_provider CLOUD_PROVIDER_AWS = {
	.name = "aws",
	.open = aws_open,
	.close = aws_close,
	.identify = aws_identify,
	.ensure_image = aws_ensure_image,
	.plan_stack = aws_plan_stack,
	.plan_rollback = aws_plan_rollback,
	.apply_plan = aws_apply_plan,
	.drop_plan = aws_drop_plan,
	.free_plan = aws_free_plan,
	.status = aws_status,
	.details = aws_details,
	.records = aws_records,
	.logs = aws_logs,
	.destroy = aws_destroy,
};
