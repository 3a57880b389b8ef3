/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_SNAPSHOT_H
#define I2KIT_CLOUD_AWS_DISK_SNAPSHOT_H

/* One EBS snapshot's life: started and completed by EBS direct, watched and deleted by EC2. */

#include "base/progress.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/disk/block_map.h"

enum snapshot_state { SNAPSHOT_ABSENT, SNAPSHOT_PENDING, SNAPSHOT_COMPLETED, SNAPSHOT_ERROR };

/* "snap-" and hex digits: what may stand in a path. */
bool snapshot_id_is_valid(const char *id);

struct snapshot_start {
	const char *project;
	const char *pod;
	struct digest digest;
	const char *parent; /* or NULL */
	const char *token;  /* of idempotency */
	uint32_t volume_gib;
};
/* *ret_id is owned. */
MUST_CHECK bool snapshot_start(struct aws_client *client, const struct snapshot_start *start,
			       char **ret_id, struct error *err);
/* written: the blocks put, by index, with the digests of what was put. */
MUST_CHECK bool snapshot_complete(struct aws_client *client, const char *id,
				  const struct block_map *written, struct error *err);
MUST_CHECK bool snapshot_get_state(struct aws_client *client, const char *id,
				   enum snapshot_state *ret, struct error *err);
/* Until AWS calls it completed; at most 20 minutes. */
MUST_CHECK bool snapshot_wait(struct aws_client *client, const char *id,
			      const struct progress *progress, struct error *err);
/* An absent one is deleted already. */
MUST_CHECK bool snapshot_delete(struct aws_client *client, const char *id, struct error *err);

#endif
