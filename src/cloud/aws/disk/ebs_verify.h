/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_EBS_VERIFY_H
#define I2KIT_CLOUD_AWS_DISK_EBS_VERIFY_H

/* Whether a snapshot holds what the disk holds. */

#include "cloud/provider.h"

struct aws_client;
struct block_map;

struct ebs_verify {
	const char *snapshot;
	const struct block_map *disk;
	enum verify_kind kind;
	unsigned sample; /* with VERIFY_FULL, so many blocks chosen by chance; 0: all */
	unsigned parallel;
};
/*
 * Lists and reads back what the snapshot holds and compares; *ret_verified is in blocks. ERROR_CORRUPT:
 * it holds something else. Blocks that the snapshot has and the disk has not are read whatever the
 * sample is.
 */
MUST_CHECK bool ebs_verify_run(struct aws_client *client, const struct ebs_verify *what,
			       const struct progress *progress, uint64_t *ret_verified,
			       struct error *err);

#endif
