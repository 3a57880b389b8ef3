/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_VOLUME_CINDER_H
#define I2KIT_CLOUD_OPENSTACK_VOLUME_CINDER_H

/*
 * Volumes of Cinder (v3), one for each claim of a scope: i2kit_project, i2kit_environment and i2kit_claim of
 * their metadata, which they are created with. A guest knows one by the first 20 characters of its UUID. A
 * claim's volume stays when its pod goes: what is on it is nobody's but the user's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

struct cinder_volume {
	char *id; /* all owned */
	char *claim;
	char *status; /* "creating", "available", "in-use", "error" … */
	uint64_t size_gib;
	char *created; /* ISO 8601, as Cinder says it: of two of one claim the earlier is it */
};
struct cinder_volume_list {
	struct cinder_volume *items; /* owned; by claim, the eldest first */
	size_t count;
};
void cinder_volume_list_clear(struct cinder_volume_list *list);
/* The eldest of the claim; NULL: none. */
const struct cinder_volume *cinder_volume_find(const struct cinder_volume_list *list,
					       const char *claim);

/* All of the scope; none where the cloud has no Cinder. */
MUST_CHECK bool cinder_volume_list_of(struct openstack_client *client,
				      const struct cloud_scope *scope,
				      struct cinder_volume_list *ret, struct error *err);
/* Begins it. zone NULL: Cinder's own. */
MUST_CHECK bool cinder_volume_create(struct openstack_client *client,
				     const struct cloud_scope *scope, const char *claim,
				     uint64_t size_bytes, struct error *err);
/* Success when it is gone. */
MUST_CHECK bool cinder_volume_delete(struct openstack_client *client, const char *id,
				     struct error *err);
/* Pure. */
uint64_t cinder_gib(uint64_t bytes);
/* Owned; pure. */
char *cinder_volume_document(const struct cloud_scope *scope, const char *claim,
			     uint64_t size_bytes);
void cinder_volumes_read(struct json_view list, const struct cloud_scope *scope,
			 struct cinder_volume_list *ret);

struct cinder_limits {
	uint64_t volumes_left; /* UINT64_MAX: no limit */
	uint64_t gib_left;
};
MUST_CHECK bool cinder_limits_ask(struct openstack_client *client, struct cinder_limits *ret,
				  struct error *err);

#endif
