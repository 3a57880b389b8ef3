/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_seal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "image/layer/build_record.h"
#include "image/layer/layer.h"

#define CHUNK_SIZE ((size_t)256 << 10)

/* Both sums in one reading. */
static bool sum(struct layer_seal *seal, struct error *err)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	AUTO_FREE uint8_t *chunk = xmalloc(CHUNK_SIZE);
	uint64_t checksum = 0;
	off_t at = 0;
	while (true) {
		ssize_t size = pread(seal->draft.fd, chunk, CHUNK_SIZE, at);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_set_errno(err, errno, "cannot read the squashfs");
		if (size == 0)
			break;
		sha256_update(hash, chunk, (size_t)size);
		checksum = checksum_update(checksum, chunk, (size_t)size);
		at += size;
	}
	seal->digest = sha256_finish_digest(hash);
	checksum_format(checksum, seal->checksum);
	return true;
}

static bool write_record(const struct layer_seal *seal, struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	struct digest name = layer_record_key(&seal->key);
	*ARRAY_APPEND(record.layers, record.layer_count) = seal->key;
	record.digest = seal->digest;
	memcpy(record.checksum, seal->checksum, CHECKSUM_SIZE);
	return build_record_write(seal->store, &name, &record, err);
}

static void *run(void *arg)
{
	struct layer_seal *seal = arg;
	/* What is wrong is in failure; the lock goes in any case, or two builds could wait for each
	 * other. */
	(void)!(sum(seal, &seal->failure) &&
		store_draft_commit(seal->store, &seal->draft, STORE_LAYER, &seal->key,
				   &seal->failure) &&
		write_record(seal, &seal->failure));
	(void)close(seal->lock_fd);
	seal->lock_fd = -1;
	return NULL;
}

void layer_seal_start(struct layer_seal *seal)
{
	seal->is_running = pthread_create(&seal->thread, NULL, run, seal) == 0;
	if (!seal->is_running)
		(void)run(seal);
}

bool layer_seal_join(struct layer_seal *seal, struct error *err)
{
	if (seal->is_running)
		(void)pthread_join(seal->thread, NULL);
	seal->is_running = false;
	return seal->failure.kind == ERROR_NONE || error_move(err, &seal->failure);
}

void layer_seal_clear(struct layer_seal *seal)
{
	(void)!layer_seal_join(seal, NULL);
	store_draft_drop(&seal->draft);
	if (seal->lock_fd >= 0)
		(void)close(seal->lock_fd);
	error_clear(&seal->failure);
	*seal = LAYER_SEAL_INIT;
}
