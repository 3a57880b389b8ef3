/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_REGION_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_REGION_H

/*
 * Which region of a cloud. `regions` is a list of names, or of {name: NAME, values: {…}} with keys
 * that hold there alone; `region_name` one name, a list, or names with commas between.
 */

#include <stddef.h>

#include "base/error.h"
#include "manifest/yaml_node.h"

/* Where a cloud's keys stand, the later winning. All borrowed. */
struct cloud_layers {
	const struct yaml_node *profile; /* or NULL; its regions count where the others name none */
	const struct yaml_node *plain;	 /* of clouds.yaml; or NULL */
	const struct yaml_node *secure;	 /* or NULL */
	const char *region_name;	 /* of the environment; or NULL */
};

/*
 * wanted NULL: the first. *ret_name is owned, "" where none is named; *ret_values borrowed of the
 * layers, or NULL. ERROR_NOT_FOUND for one that is not in the cloud's list.
 */
MUST_CHECK bool cloud_region_choose(const struct cloud_layers *layers, const char *wanted,
				    char **ret_name, const struct yaml_node **ret_values,
				    struct error *err);

#endif
