/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/image/image_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"

#define SAMPLE_BYTES ((uint64_t)64 << 10)
#define SAMPLES	     24

enum image_hash image_verify_hash(const struct glance_image *image,
				  const struct disk_hashes *hashes)
{
	const char *algorithm = image->hash_algorithm;
	const char *own = NULL;
	char sha256[DIGEST_HEX_SIZE];

	if (algorithm != NULL && strcmp(algorithm, "sha512") == 0)
		own = hashes->sha512;
	else if (algorithm != NULL && strcmp(algorithm, "sha256") == 0)
		own = digest_hex(&hashes->sha256, sha256);
	if (own == NULL || image->hash == NULL)
		return IMAGE_HASH_UNKNOWN;
	return strcasecmp(own, image->hash) == 0 ? IMAGE_HASH_EQUAL : IMAGE_HASH_DIFFERS;
}

static bool is_other(const struct glance_image *image, uint64_t at, struct error *err)
{
	error_set(err, ERROR_CORRUPT,
		  "image %s gives back something else than the disk holds, after byte %llu",
		  image->id, (unsigned long long)at);
	return error_hint(err, "it is no image to run from: promote again, and tell the cloud's "
			       "administrators");
}

/* What comes, beside the disk. */
struct comparison {
	unsigned by_chance; /* pieces; 0: those that follow from the digest */
	const struct glance_image *image;
	const struct cloud_upload *disk;
	const struct progress *progress;
	int fd;
	uint64_t at;
	uint8_t piece[SAMPLE_BYTES];
};

static bool compare(const void *bytes, size_t size, void *arg, struct error *err)
{
	struct comparison *all = arg;
	const uint8_t *at = bytes;

	for (size_t done = 0; done < size;) {
		size_t wanted = size - done < SAMPLE_BYTES ? size - done : SAMPLE_BYTES;
		ssize_t got = pread(all->fd, all->piece, wanted, (off_t)all->at);
		if (progress_is_cancelled(all->progress))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (got < 0)
			return error_set_errno(err, errno, "cannot read %s", all->disk->path);
		if (got == 0 || memcmp(all->piece, at + done, (size_t)got) != 0)
			return is_other(all->image, all->at, err);
		done += (size_t)got;
		all->at += (uint64_t)got;
	}
	progress_update(all->progress, "verify", all->disk->pod, PROGRESS_BYTES, all->at,
			all->disk->size_bytes);
	return true;
}

static bool read_all(struct openstack_client *client, struct comparison *all, uint64_t *ret,
		     struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s/file", all->image->id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	const struct openstack_call call = {
		.service = &OPENSTACK_IMAGE, .path = path, .sink = compare, .sink_arg = all};

	all->at = 0;
	progress_start(all->progress, "verify", all->disk->pod, PROGRESS_BYTES,
		       all->disk->size_bytes);
	if (!openstack_client_call(client, &call, &answer, err))
		return false;
	if (all->at != all->disk->size_bytes)
		return is_other(all->image, all->at, err);
	*ret = all->at;
	return true;
}

/* *ret_is_range: the service gave what was asked for, and no more. */
static bool read_range(struct openstack_client *client, struct comparison *all, uint64_t first,
		       uint64_t size, bool *ret_is_range, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s/file", all->image->id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE,
					    .path = path,
					    .range_first = first,
					    .range_last = first + size - 1};

	bool is_answered = openstack_client_call(client, &call, &answer, err);
	*ret_is_range = is_answered && answer.status == 206 && answer.body_size == size;
	all->at = first;
	return !*ret_is_range || compare(answer.body, answer.body_size, all, err);
}

/* Where: it follows from the digest, so nobody chooses, and no pattern on the disk is met or missed. */
static uint64_t place_of(const struct cloud_upload *disk, unsigned number, bool is_by_chance)
{
	uint64_t pieces = (disk->size_bytes + SAMPLE_BYTES - 1) / SAMPLE_BYTES;
	uint64_t random = 0;

	if (is_by_chance) {
		/* So few bytes come whole. */
		(void)!getrandom(&random, sizeof(random), 0);
		return random % pieces * SAMPLE_BYTES;
	}
	if (number == 0)
		return 0;
	if (number == 1)
		return (pieces - 1) * SAMPLE_BYTES;
	for (unsigned i = 0; i < sizeof(random); i++)
		random = random << 8 | disk->digest.bytes[(number * 5 + i * 3) % DIGEST_BYTES];
	return random % pieces * SAMPLE_BYTES;
}

static bool read_samples(struct openstack_client *client, struct comparison *all, uint64_t *ret,
			 struct error *err)
{
	uint64_t whole = all->disk->size_bytes;

	progress_start(all->progress, "verify", all->disk->pod, PROGRESS_BYTES, whole);
	unsigned count = all->by_chance > 0 ? all->by_chance : SAMPLES;
	for (unsigned i = 0; i < count; i++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		uint64_t first = place_of(all->disk, i, all->by_chance > 0);
		uint64_t size = whole - first < SAMPLE_BYTES ? whole - first : SAMPLE_BYTES;
		bool is_range = false;
		if (!read_range(client, all, first, size, &is_range, &failure))
			return error_move(err, &failure);
		if (!is_range) {
			log_verbose("the image service gives no ranges: all of it is read");
			return read_all(client, all, ret, err);
		}
		*ret += size;
	}
	return true;
}

bool image_verify_run(struct openstack_client *client, const struct glance_image *image,
		      const struct cloud_upload *disk, unsigned by_chance,
		      const struct progress *progress, uint64_t *ret_verified, struct error *err)
{
	AUTO_FREE struct comparison *all = xcalloc(1, sizeof(*all));
	AUTO_CLOSE int fd = open(disk->path, O_RDONLY | O_CLOEXEC);

	*ret_verified = 0;
	if (disk->verify == VERIFY_NONE)
		return true;
	if (fd < 0)
		return error_set_errno(err, errno, "cannot open %s", disk->path);
	all->by_chance = by_chance;
	all->image = image;
	all->disk = disk;
	all->progress = progress;
	all->fd = fd;
	bool is_whole = disk->verify == VERIFY_FULL && by_chance == 0;
	bool is_equal = is_whole ? read_all(client, all, ret_verified, err)
				 : read_samples(client, all, ret_verified, err);
	if (is_equal)
		progress_done(progress, "verify", disk->pod, NULL);
	else
		progress_failed(progress, "verify", disk->pod, NULL);
	return is_equal;
}
