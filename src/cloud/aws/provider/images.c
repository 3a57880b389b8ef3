/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/images.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cloud/aws/disk/ebs_upload.h"
#include "cloud/aws/disk/ebs_verify.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/aws/provider/provider_aws.h"
#include "cloud/aws/provider/release_record.h"
#include "cloud/aws/provider/scope_stack.h"

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
static const struct ami *find_parent(const struct ami_list *list, bool only_encrypted)
{
	for (size_t i = 0; i < list->count; i++) {
		AUTO(block_map_clear) struct block_map map = {0};
		if (list->items[i].snapshot != NULL && list->items[i].is_verified &&
		    (list->items[i].is_encrypted || !only_encrypted) &&
		    block_map_load(&list->items[i].digest, &map))
			return &list->items[i];
	}
	return NULL;
}

/* An account that encrypts all its disks takes no delta against what is not encrypted: EBS User
 * Guide, "Encryption outcomes for EBS direct APIs". */
static bool is_encryption_forced(struct aws_client *client)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "GetEbsEncryptionByDefault");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, &failure);
	const char *text = xml_text(root, "ebsEncryptionByDefault");
	/* Whoever may not ask finds out by trying: ebs_upload.c begins again without the parent. */
	if (root == NULL)
		log_verbose("whether the account encrypts: %s", failure.message);
	return text != NULL && strcmp(text, "true") == 0;
}

static const struct ami *choose_parent(struct aws_client *client, const struct ami_list *list)
{
	const struct ami *parent = find_parent(list, false);
	if (parent == NULL || parent->is_encrypted || !is_encryption_forced(client))
		return parent;
	return find_parent(list, true);
}

static bool verify(struct cloud *cloud, const struct ebs_upload *upload,
		   const struct ebs_snapshot *snapshot, const struct progress *progress,
		   uint64_t *ret_verified, struct error *err)
{
	enum verify_kind kind = upload->disk->verify;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct ebs_verify what = {.snapshot = snapshot->id,
					.disk = &snapshot->disk,
					.kind = kind,
					.parallel = cloud->parallel};
	if (kind == VERIFY_NONE ||
	    ebs_verify_run(cloud->client, &what, progress, ret_verified, &failure))
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
	if (!ec2_tag(cloud->client, *ret_id, "i2kit:verified", verify_kind_name(disk->verify), err))
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
		.parent_digest = parent != NULL ? &parent->digest : NULL,
	};
	AUTO(ebs_snapshot_clear) struct ebs_snapshot snapshot = {0};
	uint64_t verified = 0;
	if (!ebs_upload_run(cloud->client, &upload, progress, &snapshot, err) ||
	    !verify(cloud, &upload, &snapshot, progress, &verified, err) ||
	    !register_image(cloud, disk, snapshot.id, progress, &ret->id, err) ||
	    !ebs_upload_forget(cloud->client, &upload, err))
		return false;
	ret->bytes_total = snapshot.disk.count * (uint64_t)BLOCK_SIZE;
	ret->bytes_sent = snapshot.blocks_sent * (uint64_t)BLOCK_SIZE;
	ret->bytes_verified = verified * (uint64_t)BLOCK_SIZE;
	ret->base = TAKE_PTR(snapshot.parent);
	log_verbose("at most %u requests at once, %llu tried again", snapshot.widest,
		    (unsigned long long)snapshot.retries);
	return true;
}

bool aws_ensure_image(struct cloud *cloud, const struct cloud_upload *disk,
		      const struct progress *progress, struct cloud_image *ret, struct error *err)
{
	AUTO(ami_list_clear) struct ami_list same = {0};
	AUTO(ami_list_clear) struct ami_list older = {0};
	AUTO(cloud_image_clear) struct cloud_image out = {0};
	if (!aws_cloud_identify(cloud, err) ||
	    !ami_list(cloud->client, NULL, NULL, &disk->digest, &same, err))
		return false;
	const struct ami *found = find_usable(&same);
	if (found != NULL) {
		if (!ami_wait(cloud->client, found->id, progress, err))
			return false;
		out.id = xstrdup(found->id);
		out.is_present = true;
	} else if (!ami_list(cloud->client, disk->project, disk->pod, NULL, &older, err) ||
		   !upload_new(cloud, disk, choose_parent(cloud->client, &older), progress, &out,
			       err)) {
		return false;
	}
	*ret = out;
	out = (struct cloud_image){0};
	return true;
}

/* What would be sent: the blocks that the newest image of the pod does not have. */
static bool count_bytes(const struct cloud_upload *disk, const struct ami *parent,
			const struct progress *progress, struct cloud_image *ret, struct error *err)
{
	AUTO(block_map_clear) struct block_map map = {0};
	AUTO(block_map_clear) struct block_map before = {0};
	AUTO(block_map_clear) struct block_map to_send = {0};
	AUTO_CLOSE int fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "cannot open %s", disk->path);
	if (!block_map_scan(fd, &disk->digest, progress, &map, err))
		return false;
	bool has_parent = parent != NULL && block_map_load(&parent->digest, &before);
	block_map_difference(&map, has_parent ? &before : NULL, &to_send);
	ret->bytes_total = map.count * (uint64_t)BLOCK_SIZE;
	ret->bytes_sent = to_send.count * (uint64_t)BLOCK_SIZE;
	ret->base = has_parent ? xstrdup(parent->snapshot) : NULL;
	return true;
}

bool aws_plan_image(struct cloud *cloud, const struct cloud_upload *disk,
		    const struct progress *progress, struct cloud_image *ret, struct error *err)
{
	AUTO(ami_list_clear) struct ami_list same = {0};
	AUTO(ami_list_clear) struct ami_list older = {0};
	AUTO(cloud_image_clear) struct cloud_image out = {0};
	if (!ami_list(cloud->client, NULL, NULL, &disk->digest, &same, err))
		return false;
	const struct ami *found = find_usable(&same);
	if (found != NULL) {
		out.id = xstrdup(found->id);
		out.is_present = true;
	} else if (!ami_list(cloud->client, disk->project, disk->pod, NULL, &older, err) ||
		   !count_bytes(disk, choose_parent(cloud->client, &older), progress, &out, err)) {
		return false;
	}
	*ret = out;
	out = (struct cloud_image){0};
	return true;
}

/* --- who needs them ------------------------------------------------------------------------- */

static void add_pods(const struct cloud_pod_status *pods, size_t count, struct string_list *ret)
{
	for (size_t i = 0; i < count; i++)
		if (!string_list_has(ret, pods[i].image_digest))
			string_list_add(ret, pods[i].image_digest);
}

/* What it runs, and what it could roll back to. */
static bool add_stack(struct aws_client *client, const char *name,
		      const struct stack_status *status, struct string_list *ret, struct error *err)
{
	struct cloud_pod_status *pods = NULL;
	size_t count = 0;
	AUTO(cloud_record_list_clear) struct cloud_record_list records = {0};
	scope_stack_pods(status, &pods, &count);
	add_pods(pods, count, ret);
	cloud_pod_status_free(pods, count);
	if (!release_records_list(client, name, &records, err))
		return false;
	for (size_t i = 0; i < records.count; i++)
		add_pods(records.items[i].pods, records.items[i].pod_count, ret);
	return true;
}

bool images_list_of_scope(struct aws_client *client, const struct cloud_scope *scope,
			  struct string_list *ret, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	return scope_stack_describe(client, scope, &status, err) &&
	       add_stack(client, scope->name, &status, ret, err);
}

bool images_list_needed(struct aws_client *client, struct string_list *ret, struct error *err)
{
	AUTO(stack_list_clear) struct stack_list stacks = {0};
	if (!stack_list_all(client, &stacks, err))
		return false;
	for (size_t i = 0; i < stacks.count; i++)
		if (stack_status_tag(&stacks.items[i], "i2kit:project") != NULL &&
		    !add_stack(client, stacks.items[i].name, &stacks.items[i], ret, err))
			return false;
	return true;
}

bool images_list_unneeded(struct aws_client *client, const char *project,
			  const struct string_list *digests, struct ami_list *ret,
			  struct error *err)
{
	AUTO(string_list_clear) struct string_list needed = STRING_LIST_INIT;
	AUTO(ami_list_clear) struct ami_list all = {0};
	if (!images_list_needed(client, &needed, err) ||
	    !ami_list(client, NULL, NULL, NULL, &all, err))
		return false;
	for (size_t i = 0; i < all.count; i++) {
		struct ami *ami = &all.items[i];
		bool is_ours = (ami->project != NULL && strcmp(ami->project, project) == 0) ||
			       (digest_is_set(&ami->digest) &&
				string_list_has(digests, DIGEST_TEXT(&ami->digest)));
		if (!is_ours || (digest_is_set(&ami->digest) &&
				 string_list_has(&needed, DIGEST_TEXT(&ami->digest))))
			continue;
		*ARRAY_APPEND(ret->items, ret->count) = *ami;
		*ami = (struct ami){0};
	}
	return true;
}
