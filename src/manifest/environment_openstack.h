/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ENVIRONMENT_OPENSTACK_H
#define I2KIT_MANIFEST_ENVIRONMENT_OPENSTACK_H

/* The keys of an environment that OpenStack alone knows. */

struct field_set;

extern const struct field_set environment_openstack_fields;

#endif
