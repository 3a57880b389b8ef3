/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/images_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cloud/openstack/image/image_upload.h"
#include "cloud/openstack/image/image_verify.h"
#include "cloud/openstack/provider/provider_openstack.h"

#define OTHER_RUN_MS 60000 /* for an upload that may be another run's */

static bool is_active(const struct glance_image *image)
{
	return strcmp(image->status, "active") == 0;
}

/*
 * The one of the list that holds the disk: one that was compared before any other; NULL: none does. A
 * snapshot of a server says of itself what the server's image says: whose hash is another is passed over.
 */
static const struct glance_image *choose(const struct glance_list *list,
					 const struct disk_hashes *hashes)
{
	const struct glance_image *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct glance_image *image = &list->items[i];
		if (!is_active(image))
			continue;
		if (image_verify_hash(image, hashes) == IMAGE_HASH_DIFFERS)
			log_verbose("image %s has the disk's name and holds something else",
				    image->id);
		else if (found == NULL || (found->verified == NULL && image->verified != NULL))
			found = image;
	}
	return found;
}

/* Compared as far as is asked for, and said so: the last step of an image. */
static bool prove(struct cloud *cloud, const struct glance_image *image,
		  const struct cloud_upload *disk, const struct progress *progress,
		  struct cloud_image *ret, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (image_verify_run(provider_openstack_client(cloud), image, disk, 0, progress,
			     &ret->bytes_verified, &failure) &&
	    glance_mark(provider_openstack_client(cloud), image, verify_kind_name(disk->verify),
			&failure)) {
		ret->id = xstrdup(image->id);
		return true;
	}
	/* One that is not the disk must not be found and used by anybody. */
	if (failure.kind == ERROR_CORRUPT)
		(void)!glance_delete(provider_openstack_client(cloud), image->id, NULL);
	return error_move(err, &failure);
}

/*
 * What earlier runs began: one that is on its way is waited for, since another run may be at it; what came to
 * nothing goes.
 */
static bool sweep(struct cloud *cloud, struct glance_list *list, const struct progress *progress,
		  struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct glance_image *image = &list->items[i];
		if (is_active(image))
			continue;
		AUTO_FREE char *id = xstrdup(image->id);
		if (!image_upload_wait(provider_openstack_client(cloud), id, OTHER_RUN_MS, progress,
				       image, err))
			return false;
		bool is_dead = strcmp(image->status, "queued") == 0 ||
			       strcmp(image->status, "killed") == 0;
		if (is_dead && !glance_delete(provider_openstack_client(cloud), id, err))
			return false;
		if (is_dead)
			log_verbose(
				"image %s of an upload that broke off is deleted: Glance cannot "
				"go on with it",
				id);
	}
	return true;
}

static bool upload(struct cloud *cloud, const struct cloud_upload *disk,
		   const struct progress *progress, struct cloud_image *ret, struct error *err)
{
	AUTO(glance_image_clear) struct glance_image image = {0};
	struct disk_hashes hashes;

	if (!image_upload_run(provider_openstack_client(cloud), disk, progress, &image, &hashes,
			      err))
		return false;
	ret->bytes_sent = disk->size_bytes;
	return prove(cloud, &image, disk, progress, ret, err);
}

bool openstack_ensure_image(struct cloud *cloud, const struct cloud_upload *disk,
			    const struct progress *progress, struct cloud_image *ret,
			    struct error *err)
{
	AUTO(glance_list_clear) struct glance_list list = {0};
	AUTO(cloud_image_clear) struct cloud_image out = {.bytes_total = disk->size_bytes};
	const struct glance_image *found = NULL;
	struct disk_hashes hashes;

	if (!glance_list_of(provider_openstack_client(cloud), &disk->digest, &list, err) ||
	    !sweep(cloud, &list, progress, err))
		return false;
	if (list.count > 0) {
		if (!disk_feed_hash(disk, progress, &hashes, err))
			return false;
		found = choose(&list, &hashes);
	}
	out.is_present = found != NULL;
	if (found != NULL && found->verified != NULL)
		out.id = xstrdup(found->id);
	else if (found != NULL && !prove(cloud, found, disk, progress, &out, err))
		return false;
	else if (found == NULL && !upload(cloud, disk, progress, &out, err))
		return false;
	*ret = out;
	out = (struct cloud_image){0};
	return true;
}

bool openstack_plan_image(struct cloud *cloud, const struct cloud_upload *disk,
			  const struct progress *progress, struct cloud_image *ret,
			  struct error *err)
{
	AUTO(glance_list_clear) struct glance_list list = {0};
	const struct glance_image *found = NULL;
	struct disk_hashes hashes;

	if (!glance_list_of(provider_openstack_client(cloud), &disk->digest, &list, err))
		return false;
	if (list.count > 0) {
		if (!disk_feed_hash(disk, progress, &hashes, err))
			return false;
		found = choose(&list, &hashes);
	}
	*ret = (struct cloud_image){.is_present = found != NULL,
				    .id = found != NULL ? xstrdup(found->id) : NULL,
				    .bytes_total = disk->size_bytes,
				    .bytes_sent = found != NULL ? 0 : disk->size_bytes};
	return true;
}
