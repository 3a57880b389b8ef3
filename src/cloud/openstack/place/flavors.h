/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PLACE_FLAVORS_H
#define I2KIT_CLOUD_OPENSTACK_PLACE_FLAVORS_H

/* The sizes that a cloud's servers come in. */

#include <stddef.h>

#include "cloud/openstack/place/places.h"

void openstack_flavors_free(struct openstack_flavor *flavors, size_t count);
/* All, the smallest memory first. *ret owned. */
MUST_CHECK bool openstack_flavors_list(struct openstack_client *client,
				       struct openstack_flavor **ret, size_t *ret_count,
				       struct error *err);
/* The one of that name or id; wanted NULL: *ret is NULL. Borrowed of the list. */
MUST_CHECK bool openstack_flavors_choose(const struct openstack_flavor *flavors, size_t count,
					 const char *wanted, const struct openstack_flavor **ret,
					 struct error *err);

#endif
