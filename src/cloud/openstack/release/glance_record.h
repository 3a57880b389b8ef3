/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_GLANCE_RECORD_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_GLANCE_RECORD_H

/* Where records are (record.h): private images of Glance. */

#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

struct glance_record {
	unsigned number;
	char *id; /* owned; of the image */
	bool is_whole;
	char *created; /* owned; ISO 8601 */
};
struct glance_record_list {
	struct glance_record *items; /* owned; by number, the earliest first of one number */
	size_t count;
};
void glance_record_list_clear(struct glance_record_list *list);

/* Of the scope, also those that are not whole. */
MUST_CHECK bool glance_record_list_of(struct openstack_client *client,
				      const struct cloud_scope *scope,
				      struct glance_record_list *ret, struct error *err);
/* The number of the newest; 0: none. */
unsigned glance_record_newest(const struct glance_record_list *list);
/* The text of one. Owned. ERROR_NOT_FOUND: there is no whole one of that number. */
MUST_CHECK bool glance_record_load(struct openstack_client *client,
				   const struct glance_record_list *list, unsigned number,
				   char **ret, struct error *err);
/* ERROR_BUSY: somebody else wrote one of that number meanwhile; then nothing is left of this one. */
MUST_CHECK bool glance_record_save(struct openstack_client *client, const struct cloud_scope *scope,
				   unsigned number, const char *text, struct error *err);
/* Also one that is protected. Success when it is not there. */
MUST_CHECK bool glance_record_remove(struct openstack_client *client, const char *id,
				     struct error *err);

#endif
