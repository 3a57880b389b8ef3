/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_blobs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "image/oci/oci_document.h"
#include "image/oci/registry.h"
#include "image/oci/registry_authorize.h"

enum {
	PARALLEL = 4,
	TRIES_MAX = 6,
	LOGINS_MAX = 3,
	STEP_MS = 100,
	BYTES_PER_MS_MIN = 32,
	GOOD_PROGRESS_BYTES = 256 << 10, /* after so much, a cut counts as the first again */
};

/* WAITING → RUNNING → (RETRYING or LOGIN → RUNNING)* → DONE */
enum download_state {
	DOWNLOAD_WAITING, /* for a free place, or for another process that makes the same blob */
	DOWNLOAD_RUNNING,
	DOWNLOAD_RETRYING, /* until retry_at_ms */
	DOWNLOAD_LOGIN,	   /* the token has run out */
	DOWNLOAD_DONE,
};

struct fleet;

struct download {
	struct fleet *fleet;
	const struct oci_descriptor *blob;
	enum download_state state;
	int lock_fd;
	struct store_draft draft;
	struct sha256 *hash; /* of the bytes in draft */
	uint64_t size;	     /* bytes in draft */
	uint64_t start_size; /* size when the request at hand began */
	bool was_resumed;    /* some bytes came by an earlier request */
	unsigned tries;
	unsigned logins;
	unsigned login_serial; /* registry->login_count when the request was made */
	uint64_t retry_at_ms;
	uint64_t deadline_ms;	      /* of all requests together */
	struct http_response refusal; /* DOWNLOAD_LOGIN: the 401 */
};

struct fleet {
	struct registry *registry;
	const struct source_request *request;
	struct download *downloads; /* owned */
	size_t count;
	size_t running;
	bool has_failed;
	struct error err; /* the first failure */
};

/* A config of a few kilobytes is not worth a bar. */
static const struct progress *progress_of(const struct download *download)
{
	enum { SHOWN_FROM_BYTES = 64 << 10 };
	return download->blob->size_bytes < SHOWN_FROM_BYTES ? NULL
							     : download->fleet->request->progress;
}

static void fail(struct download *download, struct error *why)
{
	struct fleet *fleet = download->fleet;
	progress_failed(progress_of(download), "pull", DIGEST_TEXT(&download->blob->digest),
			why->message);
	download->state = DOWNLOAD_DONE;
	if (!fleet->has_failed)
		error_move(&fleet->err, why);
	fleet->has_failed = true;
}

static bool on_bytes(const void *bytes, size_t size, void *arg, struct error *err)
{
	struct download *download = arg;
	const struct source_request *request = download->fleet->request;
	if (size > download->blob->size_bytes - download->size)
		return error_set(err, ERROR_CORRUPT, "layer %s is longer than %llu bytes",
				 DIGEST_TEXT(&download->blob->digest),
				 (unsigned long long)download->blob->size_bytes);
	if (!store_write(request->store, download->draft.fd, bytes, size, err))
		return false;
	sha256_update(download->hash, bytes, size);
	download->size += size;
	progress_update(progress_of(download), "pull", DIGEST_TEXT(&download->blob->digest),
			PROGRESS_BYTES, download->size, download->blob->size_bytes);
	return true;
}

static bool start_over(struct download *download, struct error *err)
{
	if (ftruncate(download->draft.fd, 0) < 0 || lseek(download->draft.fd, 0, SEEK_SET) < 0)
		return error_set_errno(err, errno, "%s", download->draft.path);
	sha256_free(download->hash);
	download->hash = sha256_new();
	download->size = 0;
	download->was_resumed = false;
	return true;
}

static void retry_later(struct download *download, uint64_t delay_ms)
{
	download->state = DOWNLOAD_RETRYING;
	download->retry_at_ms = clock_monotonic_ms() + delay_ms;
}

/* The bytes are wrong. If a part of them came earlier, that part may be to blame: once more. */
static bool try_from_start(struct download *download)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	if (!download->was_resumed || ++download->tries > TRIES_MAX || !start_over(download, &why))
		return false;
	log_verbose("layer %s: the resumed bytes do not fit; from the start",
		    DIGEST_TEXT(&download->blob->digest));
	retry_later(download, 0);
	return true;
}

static bool try_again(struct download *download)
{
	if (download->size - download->start_size >= GOOD_PROGRESS_BYTES)
		download->tries = 0;
	if (++download->tries > TRIES_MAX)
		return false;
	/* A single cut is nobody's fault: at once. */
	retry_later(download,
		    download->tries == 1 ? 0 : backoff_ms(&registry_backoff, download->tries - 2));
	return true;
}

/* All bytes are there. */
static void finish(struct download *download)
{

	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct source_request *request = download->fleet->request;
	struct digest digest = sha256_finish_digest(download->hash);
	if (!digest_equal(&digest, &download->blob->digest)) {
		if (try_from_start(download))
			return;
		store_partial_drop(&download->draft);
		error_set(&err, ERROR_CORRUPT,
			  "%s sent other bytes for layer %s: their digest is %s",
			  download->fleet->registry->endpoint->host,
			  DIGEST_TEXT(&download->blob->digest), DIGEST_TEXT(&digest));
		fail(download, &err);
		return;
	}
	if (!store_draft_commit(request->store, &download->draft, STORE_BLOB, &digest, &err)) {
		fail(download, &err);
		return;
	}
	(void)close(take_fd(&download->lock_fd));
	download->state = DOWNLOAD_DONE;
	progress_done(progress_of(download), "pull", DIGEST_TEXT(&digest), NULL);
}

/* What came is kept: the next pull goes on there. */
static bool is_too_late(struct download *download)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct oci_descriptor *blob = download->blob;
	if (clock_monotonic_ms() < download->deadline_ms)
		return false;
	error_set(&err, ERROR_TIMEOUT,
		  "%s is too slow: %llu of %llu bytes of layer %s when its time was over",
		  download->fleet->registry->endpoint->host, (unsigned long long)download->size,
		  (unsigned long long)blob->size_bytes, DIGEST_TEXT(&blob->digest));
	error_hint(&err, "the same command again goes on where this one stopped");
	fail(download, &err);
	return true;
}

static void on_error(struct download *download, struct error *err)
{
	if (err->kind != ERROR_CORRUPT && is_too_late(download))
		return;
	if (err->kind == ERROR_CORRUPT && try_from_start(download))
		return;
	if (err->kind == ERROR_CORRUPT)
		store_partial_drop(&download->draft);
	else if (registry_may_retry(0, err) && try_again(download))
		return;
	fail(download, err);
}

static void on_answer(struct download *download, struct http_response *response)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	int status = response->status;
	if (status == 200 || status == 206) {
		if (download->size == download->blob->size_bytes) {
			finish(download);
			return;
		}
		if (try_again(download))
			return;
		error_set(&err, ERROR_NETWORK, "layer %s ends after %llu of %llu bytes",
			  DIGEST_TEXT(&download->blob->digest), (unsigned long long)download->size,
			  (unsigned long long)download->blob->size_bytes);
	} else if (status == 401 && download->logins++ < LOGINS_MAX) {
		download->refusal = *response;
		*response = (struct http_response){0};
		download->state = DOWNLOAD_LOGIN;
		return;
	} else if (status == 416 && try_from_start(download)) {
		return;
	} else if (registry_may_retry(status, NULL) && try_again(download)) {
		return;
	} else {
		AUTO_FREE char *what = xasprintf("layer %s", DIGEST_TEXT(&download->blob->digest));
		registry_error(download->fleet->registry, response, what, &err);
	}
	fail(download, &err);
}

static void on_done(struct http_response *response, struct error *err, void *arg)
{
	struct download *download = arg;
	download->fleet->running--;
	if (err != NULL)
		on_error(download, err);
	else
		on_answer(download, response);
}

static void submit(struct download *download)
{
	struct registry *registry = download->fleet->registry;
	const char *headers[2];
	if (is_too_late(download))
		return;
	uint64_t left_ms = download->deadline_ms - clock_monotonic_ms();
	AUTO_FREE char *url = registry_url(registry, "blobs", DIGEST_TEXT(&download->blob->digest));
	struct http_request request = {.sink = on_bytes,
				       .sink_arg = download,
				       .range_start = download->size,
				       .timeout_ms =
					       left_ms < INT_MAX ? (unsigned)left_ms : INT_MAX};
	registry_fill(registry, url, headers, &request);
	download->start_size = download->size;
	download->was_resumed = download->was_resumed || download->size > 0;
	download->login_serial = registry->login_count;
	download->state = DOWNLOAD_RUNNING;
	download->fleet->running++;
	http_client_submit(registry->client, &request, on_done, download);
}

/* What an earlier process left is hashed again; the disk may have lost some of it. */
static bool hash_partial(struct download *download, uint64_t size, struct error *err)
{
	enum { CHUNK_SIZE = 256 << 10 };
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	download->hash = sha256_new();
	if (size > download->blob->size_bytes)
		return start_over(download, err);
	while (download->size < size) {
		ssize_t got = pread(download->draft.fd, chunk, CHUNK_SIZE, (off_t)download->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return start_over(download, err);
		sha256_update(download->hash, chunk, (size_t)got);
		download->size += (uint64_t)got;
	}
	return true;
}

/* Begins, unless another process is at this blob. */
static void start(struct download *download)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint64_t size = 0;
	const struct source_request *request = download->fleet->request;
	const struct oci_descriptor *blob = download->blob;
	download->lock_fd = store_try_lock(request->store, STORE_BLOB, &blob->digest, &err);
	if (download->lock_fd < 0) {
		if (err.kind != ERROR_BUSY)
			fail(download, &err);
		return;
	}
	if (store_has(request->store, STORE_BLOB, &blob->digest)) {
		(void)close(take_fd(&download->lock_fd));
		download->state = DOWNLOAD_DONE;
		return;
	}
	download->deadline_ms = clock_monotonic_ms() + download->fleet->registry->patience_ms +
				blob->size_bytes / BYTES_PER_MS_MIN;
	progress_start(progress_of(download), "pull", DIGEST_TEXT(&blob->digest), PROGRESS_BYTES,
		       blob->size_bytes);
	if (!store_partial_open(request->store, &blob->digest, &download->draft, &size, &err) ||
	    !hash_partial(download, size, &err)) {
		fail(download, &err);
		return;
	}
	download->was_resumed = download->size > 0;
	if (download->size == blob->size_bytes)
		finish(download);
	else
		submit(download);
}

/* One login serves all downloads that were refused with the old token. */
static void log_in_again(struct download *download)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct registry *registry = download->fleet->registry;
	if (download->login_serial == registry->login_count &&
	    !registry_authorize(registry, &download->refusal, &err)) {
		fail(download, &err);
		return;
	}
	http_response_clear(&download->refusal);
	submit(download);
}

static void move_on(struct download *download)
{
	switch (download->state) {
	case DOWNLOAD_WAITING:
		if (download->fleet->running < PARALLEL)
			start(download);
		break;
	case DOWNLOAD_RETRYING:
		if (clock_monotonic_ms() >= download->retry_at_ms)
			submit(download);
		break;
	case DOWNLOAD_LOGIN:
		log_in_again(download);
		break;
	case DOWNLOAD_RUNNING:
	case DOWNLOAD_DONE:
		break;
	}
}

static bool is_all_done(const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (fleet->downloads[i].state != DOWNLOAD_DONE)
			return false;
	}
	return true;
}

static bool run(struct fleet *fleet, struct error *err)
{
	while (!is_all_done(fleet)) {
		if (progress_is_cancelled(fleet->request->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		for (size_t i = 0; i < fleet->count && !fleet->has_failed; i++)
			move_on(&fleet->downloads[i]);
		if (fleet->has_failed)
			return error_move(err, &fleet->err);
		if (fleet->running > 0)
			(void)http_client_step(fleet->registry->client, STEP_MS);
		else if (!is_all_done(fleet))
			(void)poll(NULL, 0, STEP_MS);
		if (fleet->has_failed)
			return error_move(err, &fleet->err);
	}
	return true;
}

static void fleet_clear(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct download *download = &fleet->downloads[i];
		store_draft_drop(&download->draft);
		sha256_free(download->hash);
		http_response_clear(&download->refusal);
		if (download->lock_fd >= 0)
			(void)close(download->lock_fd);
	}
	free(fleet->downloads);
	error_clear(&fleet->err);
}

bool registry_bring_blobs(struct registry *registry, const struct source_request *request,
			  const struct oci_descriptor *const *blobs, size_t count,
			  struct error *err)
{
	AUTO(fleet_clear) struct fleet fleet = {.registry = registry, .request = request};
	fleet.downloads = xcalloc(count + 1, sizeof(*fleet.downloads));
	fleet.count = count;
	for (size_t i = 0; i < count; i++) {
		struct download *download = &fleet.downloads[i];
		download->fleet = &fleet;
		download->blob = blobs[i];
		download->draft = STORE_DRAFT_INIT;
		download->lock_fd = -1;
	}
	bool is_done = run(&fleet, err);
	/* What still runs would write into drafts that go away now. */
	if (!is_done) {
		http_client_free(registry->client);
		registry->client = http_client_new(PARALLEL);
	}
	return is_done;
}
