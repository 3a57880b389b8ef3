/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_AMI_H
#define I2KIT_CLOUD_AWS_DISK_AMI_H

/* Machine images: one per digest and region, found again by their tags. */

#include "base/digest.h"
#include "base/progress.h"
#include "base/xml.h"
#include "cloud/aws/client/client.h"

#define AMI_ROOT_DEVICE "/dev/xvda"

struct ami {
	char *id;	      /* owned; "ami-…" */
	char *snapshot;	      /* owned; of the root device */
	char *state;	      /* owned; "available", "pending", … */
	char *created;	      /* owned; RFC 3339, so it sorts */
	char *project;	      /* owned; of the tag; or NULL */
	struct digest digest; /* of the tag; none when the tag is none */
	bool is_encrypted;    /* its snapshot is */
	bool is_verified;     /* its blocks were compared with the disk */
};
void ami_clear(struct ami *ami);

struct ami_list {
	struct ami *items; /* owned; newest first */
	size_t count;
};
void ami_list_clear(struct ami_list *list);

/* Our images of a pod (project and pod not NULL), of a digest (digest not NULL), or both; all that
 * have a digest in their tags when all are NULL. */
MUST_CHECK bool ami_list(struct aws_client *client, const char *project, const char *pod,
			 const struct digest *digest, struct ami_list *ret, struct error *err);

struct ami_register {
	const char *project;
	const char *pod;
	struct digest digest;
	const char *snapshot;
	const char *receipt_tag; /* or NULL */
};
/*
 * Registers; an image of that name with that very snapshot, from an answer that was lost, is
 * returned instead. *ret_id is owned.
 */
MUST_CHECK bool ami_register(struct aws_client *client, const struct ami_register *image,
			     char **ret_id, struct error *err);
/* Until it is available; at most 10 minutes. "Not found" is believed after a minute. */
MUST_CHECK bool ami_wait(struct aws_client *client, const char *id, const struct progress *progress,
			 struct error *err);
/* The value of a tag in an item of an EC2 answer; NULL: it has none. Borrowed. */
const char *ec2_tag_of(const struct xml *item, const char *key);
/* What an instance ("volumeId") or image ("snapshotId") has as the disk that it boots, of several; NULL:
 * nothing. Borrowed. */
const char *ec2_root_disk(const struct xml *item, const char *key);
/* Sets one tag of any EC2 object. */
MUST_CHECK bool ec2_tag(struct aws_client *client, const char *id, const char *key,
			const char *value, struct error *err);
/* Deregisters and deletes the snapshot behind it. */
MUST_CHECK bool ami_remove(struct aws_client *client, const struct ami *ami, struct error *err);

#endif
