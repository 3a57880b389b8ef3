/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/image/image_upload.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/string_list.h"
#include "cloud/openstack/image/image_verify.h"
#include "cloud/patience.h"

#define ATTEMPTS   3
#define STORE_MS   UINT64_C(1800000) /* from the last byte until the image is active */
#define MAX_WAYS   64
#define IMPORT	   "{\"method\":{\"name\":\"glance-direct\"}}"
#define DIRECT_WAY "glance-direct"

static bool is_under_way(const struct glance_image *image)
{
	static const char *const states[] = {"saving", "uploading", "importing"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(image->status, states[i]) == 0)
			return true;
	return false;
}

bool image_upload_wait(struct openstack_client *client, const char *id, uint64_t timeout_ms,
		       const struct progress *progress, struct glance_image *ret, struct error *err)
{
	static const struct backoff law = {200, 5000, 150};
	uint64_t end = clock_monotonic_ms() + timeout_ms;

	for (unsigned looks = 0;; looks++) {
		glance_image_clear(ret);
		if (!glance_get(client, id, ret, err))
			return false;
		if (!is_under_way(ret) || clock_monotonic_ms() >= end)
			return true;
		if (!patience_wait_ms(backoff_ms(&law, looks), progress, err))
			return false;
	}
}

/* Sends all of the disk to PATH. *ret_status: what was answered; 0: nothing. */
static bool send(struct openstack_client *client, const char *path, const struct cloud_upload *disk,
		 const struct progress *progress, struct disk_hashes *ret, int *ret_status,
		 struct error *err)
{
	AUTO(disk_feed_clear) struct disk_feed feed = {.fd = -1};
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!disk_feed_open(&feed, disk, "upload", progress, err))
		return false;
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE,
					    .method = "PUT",
					    .path = path,
					    .source = disk_feed_next,
					    .source_arg = &feed,
					    .source_size = disk->size_bytes};
	bool is_taken = openstack_client_call(client, &call, &answer, &failure);
	*ret_status = answer.status;
	if (is_taken)
		return disk_feed_end(&feed, ret, err);
	/* What stopped the reader is why the transfer failed. */
	return error_move(err, feed.failure.message != NULL ? &feed.failure : &failure);
}

/* Whether the cloud imports what was staged before. */
static bool can_import(struct openstack_client *client)
{
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE, .path = "/info/import"};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(string_list_clear) struct string_list ways = STRING_LIST_INIT;
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, &failure);

	if (document == NULL) {
		log_verbose("ways to import an image: %s", failure.message);
		return false;
	}
	struct json_view methods = json_view_get(json_document_root(document), "import-methods");
	json_view_texts(json_view_get(methods, "value"), MAX_WAYS, &ways);
	return string_list_has(&ways, DIRECT_WAY);
}

static bool import(struct openstack_client *client, const char *id, const struct cloud_upload *disk,
		   const struct progress *progress, struct disk_hashes *ret, int *ret_status,
		   struct error *err)
{
	AUTO_FREE char *stage = xasprintf("/images/%s/stage", id);
	AUTO_FREE char *path = xasprintf("/images/%s/import", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	const struct openstack_call call = {
		.service = &OPENSTACK_IMAGE, .method = "POST", .path = path, .json = IMPORT};

	if (!send(client, stage, disk, progress, ret, ret_status, err))
		return false;
	bool is_begun = openstack_client_call(client, &call, &answer, err);
	*ret_status = answer.status;
	return is_begun;
}

/* Bytes into an image that is queued, by the way that the cloud leaves open. */
static bool fill(struct openstack_client *client, const char *id, const struct cloud_upload *disk,
		 const struct progress *progress, struct disk_hashes *ret, int *ret_status,
		 struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s/file", id);
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (send(client, path, disk, progress, ret, ret_status, &failure))
		return true;
	bool is_closed = *ret_status == 403 || *ret_status == 405 || *ret_status == 501;
	if (!is_closed || !can_import(client))
		return error_move(err, &failure);
	log_verbose("%s; importing instead", failure.message);
	return import(client, id, disk, progress, ret, ret_status, err);
}

static bool settle(struct openstack_client *client, const char *id, const struct progress *progress,
		   const struct disk_hashes *hashes, struct glance_image *ret, struct error *err)
{
	if (!image_upload_wait(client, id, STORE_MS, progress, ret, err))
		return false;
	if (strcmp(ret->status, "active") != 0)
		return error_set(err, ERROR_NETWORK, "the image service has image %s as '%s'", id,
				 ret->status);
	return image_verify_hash(ret, hashes) != IMAGE_HASH_DIFFERS ||
	       error_set(err, ERROR_CORRUPT,
			 "the image service holds something else than was sent to it (%s of image "
			 "%s is %s)",
			 ret->hash_algorithm, id, ret->hash);
}

/* One whole attempt. *ret_again: it is worth another. */
static bool attempt(struct openstack_client *client, const char *document,
		    const struct cloud_upload *disk, const struct progress *progress,
		    struct glance_image *ret, struct disk_hashes *ret_hashes, bool *ret_again,
		    struct error *err)
{
	AUTO_FREE char *id = NULL;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(error_clear) struct error left = ERROR_INIT;
	int status = 0;

	*ret_again = false;
	if (!glance_create(client, document, &id, err))
		return false;
	if (fill(client, id, disk, progress, ret_hashes, &status, &failure) &&
	    settle(client, id, progress, ret_hashes, ret, &failure))
		return true;
	*ret_again = status >= 500 || status == 401 || status == 404 || status == 409 ||
		     status == 429 || failure.kind == ERROR_NETWORK ||
		     failure.kind == ERROR_TIMEOUT;
	(void)error_move(err, &failure);
	if (!glance_delete(client, id, &left))
		(void)error_hint(err, "image %s is left and can be deleted: %s", id, left.message);
	return false;
}

bool image_upload_run(struct openstack_client *client, const struct cloud_upload *disk,
		      const struct progress *progress, struct glance_image *ret,
		      struct disk_hashes *ret_hashes, struct error *err)
{
	static const struct backoff law = {1000, 20000, 200};
	struct disk_firmware firmware;

	if (!disk_firmware_read(disk->path, &firmware, err))
		return false;
	AUTO_FREE char *document = glance_document(disk, firmware);
	for (unsigned failures = 0;; failures++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_worth_it = false;
		if (attempt(client, document, disk, progress, ret, ret_hashes, &is_worth_it,
			    &failure)) {
			progress_done(progress, "upload", disk->pod, ret->id);
			return true;
		}
		if (!is_worth_it || failures + 1 == ATTEMPTS) {
			progress_failed(progress, "upload", disk->pod, NULL);
			return error_move(err, &failure);
		}
		AUTO_FREE char *note =
			xasprintf("%s; Glance cannot go on with a part: the whole is "
				  "sent again",
				  failure.message);
		progress_note(progress, disk->pod, note);
		if (!patience_wait_ms(patience_backoff_ms(&law, failures), progress, err))
			return false;
	}
}
