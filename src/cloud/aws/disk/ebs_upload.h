/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_EBS_UPLOAD_H
#define I2KIT_CLOUD_AWS_DISK_EBS_UPLOAD_H

/*
 * A disk into an EBS snapshot without a bucket: only blocks that are not zero, only what differs
 * from the snapshot of an earlier disk, many at once, going on where a killed run stopped.
 */

#include "base/progress.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/disk/block_map.h"
#include "cloud/provider.h"

struct ebs_upload {
	const struct cloud_upload *disk;
	const char *account;
	unsigned parallel;
	/* What a delta may be made against: the newest snapshot of the same pod, or NULL. */
	const char *parent;
	const struct digest *parent_digest; /* or NULL */
};

struct ebs_snapshot {
	char *id;	       /* owned */
	char *parent;	       /* owned; or NULL */
	struct block_map disk; /* what the disk holds */
	uint64_t blocks_sent;  /* by this run */
	unsigned widest;
	uint64_t retries;
};
void ebs_snapshot_clear(struct ebs_snapshot *snapshot);

/*
 * Ends with a completed snapshot. On an error that another run cannot mend, the snapshot begun is
 * deleted; otherwise it stays for the next run to go on with.
 */
MUST_CHECK bool ebs_upload_run(struct aws_client *client, const struct ebs_upload *upload,
			       const struct progress *progress, struct ebs_snapshot *ret,
			       struct error *err);
/* Forgets the upload's state, when its snapshot has become an image (or must not be used). */
MUST_CHECK bool ebs_upload_forget(struct aws_client *client, const struct ebs_upload *upload,
				  struct error *err);

#endif
