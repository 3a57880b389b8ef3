/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/verify_openstack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/image/image_verify.h"
#include "cloud/openstack/provider/provider_openstack.h"

/* What was found out about one image, for all servers that run from it. */
struct judgement {
	char *image; /* owned */
	struct digest digest;
	char *reason; /* owned; NULL: it is the disk */
	uint64_t bytes;
};

struct verifier {
	struct openstack_client *client;
	const struct cloud_status *status;
	const struct cloud_verification *how;
	const struct progress *progress;
	struct judgement *judgements; /* owned */
	size_t judgement_count;
};

static void verifier_clear(struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->judgement_count; i++) {
		free(verifier->judgements[i].image);
		free(verifier->judgements[i].reason);
	}
	free(verifier->judgements);
}

/* Owned. */
static char *find_disk(const struct verifier *verifier, const struct digest *digest,
		       uint64_t *ret_size, struct error *err)
{
	AUTO_FREE char *path = verifier->how->find_disk(digest, verifier->how->arg);
	struct stat facts;

	if (path == NULL || stat(path, &facts) != 0) {
		error_set(err, ERROR_NOT_FOUND,
			  "the disk %.19s is not on this machine, so there is nothing to compare "
			  "with: i2kit build makes it of the same manifests",
			  DIGEST_TEXT(digest));
		return NULL;
	}
	*ret_size = (uint64_t)facts.st_size;
	return TAKE_PTR(path);
}

static bool find_image(const struct verifier *verifier, const char *id, struct glance_image *ret,
		       struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (glance_get(verifier->client, id, ret, &failure))
		return strcmp(ret->status, "active") == 0 ||
		       error_set(err, ERROR_NOT_FOUND, "its image %s is %s", id, ret->status);
	if (failure.kind == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND,
				 "its image %s is not in the cloud any more, so nothing can be "
				 "read back",
				 id);
	return error_move(err, &failure);
}

/* The hash first: it tells more, and costs nothing. Then what Glance gives back, all or a part. */
static bool compare(const struct verifier *verifier, const char *id, const char *pod,
		    const struct digest *digest, uint64_t *ret_bytes, struct error *err)
{
	AUTO(glance_image_clear) struct glance_image image = {0};
	struct cloud_upload disk = {.project = "", .pod = pod, .digest = *digest};
	struct disk_hashes hashes;
	AUTO_FREE char *path = find_disk(verifier, digest, &disk.size_bytes, err);

	if (path == NULL || !find_image(verifier, id, &image, err))
		return false;
	disk.path = path;
	disk.verify = VERIFY_FULL;
	if (!disk_feed_hash(&disk, verifier->progress, &hashes, err))
		return false;
	if (image_verify_hash(&image, &hashes) == IMAGE_HASH_DIFFERS)
		return error_set(err, ERROR_CORRUPT,
				 "its image %s was made of something else: Glance's %s is not the "
				 "disk's",
				 id, image.hash_algorithm);
	return image_verify_run(verifier->client, &image, &disk, verifier->how->sample,
				verifier->progress, ret_bytes, err);
}

/* Each image is read once for a digest. Borrowed until the next call. */
static const struct judgement *judge(struct verifier *verifier, const char *image, const char *pod,
				     const struct digest *digest)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;

	for (size_t i = 0; i < verifier->judgement_count; i++) {
		const struct judgement *known = &verifier->judgements[i];
		if (strcmp(known->image, image) == 0 && digest_equal(&known->digest, digest))
			return known;
	}
	struct judgement one = {.image = xstrdup(image), .digest = *digest};
	if (!compare(verifier, image, pod, digest, &one.bytes, &failure))
		one.reason = xstrdup(failure.message);
	*ARRAY_APPEND(verifier->judgements, verifier->judgement_count) = one;
	return &verifier->judgements[verifier->judgement_count - 1];
}

/* Why it is not proved, owned; NULL, with what was read: it is. */
static char *verify_instance(struct verifier *verifier, const struct cloud_instance *instance,
			     struct cloud_verified *ret)
{
	struct digest digest;

	if (!cloud_status_release(verifier->status, instance->pod, &digest))
		return xasprintf("its pod '%s' has no release", instance->pod);
	if (instance->image[0] == '\0')
		return xstrdup("it runs from a volume, and not from an image");
	ret->source = xstrdup(instance->image);
	/* What runs then is the image it is mended with. */
	if (strcmp(instance->state, "rescue") == 0)
		return xstrdup("it is in rescue, and runs from another disk");
	const struct judgement *found = judge(verifier, instance->image, instance->pod, &digest);
	if (found->reason != NULL)
		return xstrdup(found->reason);
	ret->bytes = found->bytes;
	return NULL;
}

bool openstack_verify(struct cloud *cloud, const struct cloud_status *status,
		      const struct cloud_verification *how, const struct progress *progress,
		      struct cloud_verified_list *ret, struct error *err)
{
	AUTO(verifier_clear)
	struct verifier verifier = {.client = provider_openstack_client(cloud),
				    .status = status,
				    .how = how,
				    .progress = progress};
	AUTO(cloud_verified_list_clear) struct cloud_verified_list out = {0};

	if (openstack_client_login(verifier.client, err) == NULL)
		return false;
	for (size_t i = 0; i < status->instance_count; i++) {
		struct cloud_verified *one = ARRAY_APPEND(out.items, out.count);
		*one = (struct cloud_verified){.instance = xstrdup(status->instances[i].id)};
		one->reason = verify_instance(&verifier, &status->instances[i], one);
	}
	*ret = out;
	out = (struct cloud_verified_list){0};
	return true;
}
