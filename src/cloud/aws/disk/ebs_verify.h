/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_EBS_VERIFY_H
#define I2KIT_CLOUD_AWS_DISK_EBS_VERIFY_H

/* Whether a snapshot holds what the disk holds. */

#include "cloud/provider.h"

struct aws_client;
struct block_map;

/* Lists and reads back what the snapshot holds and compares */
MUST_CHECK bool ebs_verify_run(struct aws_client *client, const char *snapshot,
			       const struct block_map *disk, enum verify_kind kind,
			       unsigned parallel, const struct progress *progress,
			       uint64_t *ret_verified, struct error *err);

#endif
