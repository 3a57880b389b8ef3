/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_RELEASE_H
#define I2KIT_GUEST_CLOUD_CLOUD_RELEASE_H

/* User data becomes the release document: references fetched and checked, the instance named. */

#include "guest/cloud/cloud_backend.h"

/* What the agent itself needs to know of the release. NULL: not given. */
struct guest_release {
	char *document; /* the whole release document, ready for the guest */
	char *pod;
	char *log_group;
	char *signal_stack;
	char *signal_resource;
	char *names_zone;
	char *console_key;
	struct string_list names;
};
void cloud_release_clear(struct guest_release *release);

/* Attaches the pod's volumes, too. */
MUST_CHECK bool cloud_release_load(struct guest_cloud *cloud, struct guest_release *ret,
				   struct error *err);

#endif
