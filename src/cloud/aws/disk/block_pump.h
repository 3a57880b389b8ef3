/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_BLOCK_PUMP_H
#define I2KIT_CLOUD_AWS_DISK_BLOCK_PUMP_H

/*
 * Many block requests at once, as many as the way and the service bear: the window grows by one for
 * every window of successes and is halved when the service throttles or chokes (additive increase,
 * multiplicative decrease, as TCP does it). Failed blocks are tried again later, each with its own
 * back-off.
 */

#include "base/sha256.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/disk/block_map.h"

#define PUMP_MAX_PARALLEL 64

/* What one block's request is; filled by `prepare`. */
struct block_request {
	struct aws_call call;
	struct string_list headers; /* call.headers points here */
	char *path;		    /* owned; call.path */
	char *query;		    /* owned; call.query, or NULL */
	void *bytes;		    /* BLOCK_SIZE of room for the body; the pump's */
	char body_hash[SHA256_HEX_SIZE];
};

enum block_verdict {
	BLOCK_DONE,
	BLOCK_RETRY,	    /* once more, counted */
	BLOCK_RETRY_SLOWER, /* once more, counted, and with fewer at once */
	BLOCK_RETRY_LATE,   /* the service is not yet aware of the snapshot: not counted */
	BLOCK_FATAL,	    /* err is set */
};

struct block_pump {
	struct aws_client *client;
	const struct progress *progress;
	const char *step; /* for progress: "upload", "verify" */
	const char *what;
	const struct block *blocks; /* what to do, in order */
	size_t count;
	uint8_t *done;	       /* one per block; those set are skipped, and set as they are done */
	unsigned max_parallel; /* 0: 32 */
	unsigned late_limit_s; /* how long BLOCK_RETRY_LATE is believed */
	bool (*prepare)(const struct block *block, struct block_request *request, void *arg,
			struct error *err);
	enum block_verdict (*judge)(const struct block *block, const struct aws_answer *answer,
				    void *arg, struct error *err);
	/* Called now and then with done[] up to date; may be NULL. */
	bool (*save)(void *arg, struct error *err);
	void *arg;
	/* What it came to. */
	unsigned widest; /* most requests that were under way at once */
	uint64_t retries;
};

/* False with err: what is not done yet is told by done[]. */
MUST_CHECK bool block_pump_run(struct block_pump *pump, struct error *err);

#endif
