/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_DISK_COPIER_H
#define I2KIT_IMAGE_DISK_DISK_COPIER_H

/*
 * The other thread of disk_write(): reads the files, checks that each is what it was when it was
 * made, writes them into the disk, and hands what it read to the thread that hashes the disk.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct disk_writing;

#define DISK_CHUNKS 4u

struct disk_chunk {
	uint8_t *bytes; /* owned; DISK_CHUNK_SIZE */
	size_t size;
};

struct disk_copier {
	const struct disk_writing *writing;
	struct disk_chunk chunks[DISK_CHUNKS]; /* used in turn */
	uint64_t filled, used;		       /* chunks so far; guarded */
	bool is_taken;			       /* the other thread has a chunk */
	bool has_ended, has_stopped;	       /* this thread; the other one. Guarded */
	struct error failure;		       /* to be looked at once has_ended */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread;
	bool is_running;
};

MUST_CHECK bool disk_copier_start(struct disk_copier *copier, const struct disk_writing *writing,
				  struct error *err);
/* The next bytes of the files, in order; they stay until the next call. */
MUST_CHECK bool disk_copier_next(struct disk_copier *copier, const struct disk_chunk **ret,
				 struct error *err);
/* Waits for it; true when all files are copied and whole. */
MUST_CHECK bool disk_copier_join(struct disk_copier *copier, struct error *err);
/* Stops it early, if it still runs. */
void disk_copier_clear(struct disk_copier *copier);

#endif
