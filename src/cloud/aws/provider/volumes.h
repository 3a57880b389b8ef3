/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_VOLUMES_H
#define I2KIT_CLOUD_AWS_PROVIDER_VOLUMES_H

/* The EBS volumes of a scope's claims, and the snapshots that removed ones left. */

#include "cloud/aws/client/client.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/provider.h"

struct ebs_volume {
	char *id; /* all owned; "vol-…" */
	char *claim;
	char *logical_id;
	char *zone;
	char *snapshot; /* it was made from; or NULL */
	char *kms_key;	/* as the template gave it; or NULL */
	uint64_t size_gib;
};

struct volume_list {
	struct ebs_volume *items; /* owned */
	size_t count;
};
void volume_list_clear(struct volume_list *list);

/* Those of the stack; template_text: as it was deployed, or NULL. */
MUST_CHECK bool volume_list_find(struct aws_client *client, const struct cloud_scope *scope,
				 const char *template_text, struct volume_list *ret,
				 struct error *err);
/* As the template maker takes them; owned array, borrowed content. */
struct stack_volume *volume_list_for_stack(const struct volume_list *list);

struct left_snapshot {
	char *id; /* all owned; "snap-…" */
	char *claim;
	char *started; /* RFC 3339 */
};
struct left_snapshot_list {
	struct left_snapshot *items; /* owned; newest first */
	size_t count;
};
void left_snapshot_list_clear(struct left_snapshot_list *list);

/* Tags the snapshots that CloudFormation made of volumes it has deleted, so that they are found. */
MUST_CHECK bool volumes_mark_left(struct aws_client *client, const struct cloud_scope *scope,
				  const struct volume_list *gone, struct error *err);
/* That the snapshots of provider.restore are there and fit into the claims. */
MUST_CHECK bool volumes_check_restore(struct aws_client *client, const struct app *app,
				      const struct environment *environment,
				      const struct volume_list *there, struct error *err);
MUST_CHECK bool volumes_list_left(struct aws_client *client, const struct cloud_scope *scope,
				  struct left_snapshot_list *ret, struct error *err);

#endif
