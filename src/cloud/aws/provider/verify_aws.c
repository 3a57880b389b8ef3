/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/verify_aws.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/xml.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/client/query.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/disk/block_map.h"
#include "cloud/aws/disk/ebs_verify.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/aws/provider/aws_cloud.h"

#define MAX_PAGES 200
#define PER_CALL  100

/* What one of EC2's things was made of: a volume, or an image. */
struct origin {
	char *id;	/* owned */
	char *snapshot; /* owned; NULL: of none */
};
struct origin_list {
	struct origin *items; /* owned */
	size_t count;
};

static void origins_clear(struct origin_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].snapshot);
	}
	free(list->items);
	*list = (struct origin_list){0};
}

static const struct origin *find_origin(const struct origin_list *list, const char *id)
{
	for (size_t i = 0; i < list->count && id != NULL; i++)
		if (strcmp(list->items[i].id, id) == 0)
			return &list->items[i];
	return NULL;
}

static void add_origin(struct origin_list *list, const char *id, const char *snapshot)
{
	struct origin *added = ARRAY_APPEND(list->items, list->count);
	added->id = xstrdup(id);
	added->snapshot = snapshot_id_is_valid(snapshot) ? xstrdup(snapshot) : NULL;
}

/* --- volumes and images ----------------------------------------------------------------------- */

static void read_set(const struct xml *set, bool is_image, struct origin_list *ret)
{
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const char *id = xml_text(item, is_image ? "imageId" : "volumeId");
		const char *snapshot =
			is_image ? ec2_root_disk(item, "snapshotId") : xml_text(item, "snapshotId");
		if (id != NULL)
			add_origin(ret, id, snapshot);
	}
}

/* By filter and not by id: one that is gone is left out, and is no error. */
static bool describe(struct aws_client *client, const struct string_list *ids, size_t first,
		     bool is_image, struct origin_list *ret, struct error *err)
{
	const char *action = is_image ? "DescribeImages" : "DescribeVolumes";
	AUTO(aws_pager_clear) struct aws_pager pager = {.action = action, .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, action);
		aws_query_add(&query, "Filter.1.Name", is_image ? "image-id" : "volume-id");
		for (size_t i = first; i < ids->count && i < first + PER_CALL; i++)
			aws_query_addf(&query, ids->items[i], "Filter.1.Value.%zu", i - first + 1);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		read_set(xml_find(root, is_image ? "imagesSet" : "volumeSet"), is_image, ret);
		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

static bool describe_all(struct aws_client *client, const struct cloud_status *status,
			 bool is_image, struct origin_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct cloud_instance *one = &status->instances[i];
		const char *id = is_image ? one->image : one->disk;
		if (id != NULL && id[0] != '\0' && !string_list_has(&ids, id))
			string_list_add(&ids, id);
	}
	for (size_t first = 0; first < ids.count; first += PER_CALL)
		if (!describe(client, &ids, first, is_image, ret, err))
			return false;
	return true;
}

/* --- snapshots ------------------------------------------------------------------------------ */

/* What was found out about one snapshot, for all instances that were made of it. */
struct judgement {
	char *snapshot; /* owned */
	struct digest digest;
	char *reason; /* owned; NULL: it is the disk */
	uint64_t bytes;
};

struct verifier {
	struct cloud *cloud;
	const struct cloud_status *status;
	const struct cloud_verification *how;
	const struct progress *progress;
	struct origin_list volumes;
	struct origin_list images;
	struct judgement *judgements; /* owned */
	size_t judgement_count;
};

static void verifier_clear(struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->judgement_count; i++) {
		free(verifier->judgements[i].snapshot);
		free(verifier->judgements[i].reason);
	}
	free(verifier->judgements);
	origins_clear(&verifier->volumes);
	origins_clear(&verifier->images);
}

/* What the disk here holds: as it was kept from its upload, or of the disk itself. */
static bool find_blocks(const struct verifier *verifier, const struct digest *digest,
			struct block_map *ret, struct error *err)
{
	if (block_map_load(digest, ret))
		return true;
	AUTO_FREE char *path = verifier->how->find_disk(digest, verifier->how->arg);
	AUTO_CLOSE int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return error_set(err, ERROR_NOT_FOUND,
				 "the disk %.19s is not on this machine, so there is nothing to "
				 "compare with: i2kit build makes it of the same manifests",
				 DIGEST_TEXT(digest));
	return block_map_scan(fd, digest, verifier->progress, ret, err);
}

static bool read_back(const struct verifier *verifier, const char *snapshot,
		      const struct digest *digest, uint64_t *ret_bytes, struct error *err)
{
	AUTO(block_map_clear) struct block_map disk = {0};
	uint64_t blocks = 0;
	if (!find_blocks(verifier, digest, &disk, err))
		return false;
	const struct ebs_verify what = {.snapshot = snapshot,
					.disk = &disk,
					.kind = VERIFY_FULL,
					.sample = verifier->how->sample,
					.parallel = verifier->cloud->parallel};
	if (!ebs_verify_run(verifier->cloud->client, &what, verifier->progress, &blocks, err))
		return false;
	*ret_bytes = blocks * BLOCK_SIZE;
	return true;
}

/* Each snapshot is read once for a digest. Borrowed until the next call. */
static const struct judgement *judge(struct verifier *verifier, const char *snapshot,
				     const struct digest *digest)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	for (size_t i = 0; i < verifier->judgement_count; i++) {
		const struct judgement *known = &verifier->judgements[i];
		if (strcmp(known->snapshot, snapshot) == 0 && digest_equal(&known->digest, digest))
			return known;
	}
	struct judgement one = {.snapshot = xstrdup(snapshot), .digest = *digest};
	if (!read_back(verifier, snapshot, digest, &one.bytes, &failure))
		one.reason = xstrdup(failure.message);
	*ARRAY_APPEND(verifier->judgements, verifier->judgement_count) = one;
	return &verifier->judgements[verifier->judgement_count - 1];
}

/* --- instances ------------------------------------------------------------------------------ */

/* Why it is not proved, owned; NULL, with what was read: it is. */
static char *verify_instance(struct verifier *verifier, const struct cloud_instance *instance,
			     struct cloud_verified *ret)
{
	struct digest digest;
	const struct origin *volume = find_origin(&verifier->volumes, instance->disk);
	const struct origin *image = find_origin(&verifier->images, instance->image);
	if (!cloud_status_release(verifier->status, instance->pod, &digest))
		return xasprintf("its pod '%s' has no release", instance->pod);
	if (volume == NULL)
		return xasprintf("its disk %s is not known to EC2",
				 instance->disk != NULL ? instance->disk : "(none)");
	if (volume->snapshot == NULL)
		return xasprintf("its disk %s was made of no snapshot", volume->id);
	ret->source = xstrdup(volume->snapshot);
	const struct judgement *found = judge(verifier, volume->snapshot, &digest);
	if (found->reason != NULL)
		return xstrdup(found->reason);
	if (image != NULL &&
	    (image->snapshot == NULL || strcmp(image->snapshot, volume->snapshot) != 0))
		return xasprintf("its disk %s was made of %s, and its image %s has %s", volume->id,
				 volume->snapshot, image->id,
				 image->snapshot != NULL ? image->snapshot : "none");
	ret->bytes = found->bytes;
	return NULL;
}

bool aws_verify(struct cloud *cloud, const struct cloud_status *status,
		const struct cloud_verification *how, const struct progress *progress,
		struct cloud_verified_list *ret, struct error *err)
{
	AUTO(verifier_clear)
	struct verifier verifier = {
		.cloud = cloud, .status = status, .how = how, .progress = progress};
	AUTO(cloud_verified_list_clear) struct cloud_verified_list out = {0};
	if (!describe_all(cloud->client, status, false, &verifier.volumes, err) ||
	    !describe_all(cloud->client, status, true, &verifier.images, err))
		return false;
	for (size_t i = 0; i < status->instance_count; i++) {
		struct cloud_verified *one = ARRAY_APPEND(out.items, out.count);
		one->instance = xstrdup(status->instances[i].id);
		one->reason = verify_instance(&verifier, &status->instances[i], one);
	}
	*ret = out;
	out = (struct cloud_verified_list){0};
	return true;
}
