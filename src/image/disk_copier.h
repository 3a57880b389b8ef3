/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_COPIER_H
#define I2KIT_IMAGE_DISK_COPIER_H

/*
 * The other thread of disk_write(): copies the files and checks that each is what it was when it
 * was made, while the first one hashes the disk as a whole. Both read the files; only this one
 * writes them.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/sha256.h"

struct disk_writing;

struct disk_copier {
	const struct disk_writing *writing;
	uint8_t *buffer;
	struct error failure;
	atomic_bool has_stopped;
	pthread_t thread;
	bool is_running;
};

MUST_CHECK bool disk_copier_start(struct disk_copier *copier, struct error *err);
/* Waits for it; true when all files are copied and whole. */
MUST_CHECK bool disk_copier_join(struct disk_copier *copier, struct error *err);
/* Stops it early, if it still runs. */
void disk_copier_clear(struct disk_copier *copier);

#endif
