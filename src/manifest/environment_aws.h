/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ENVIRONMENT_AWS_H
#define I2KIT_MANIFEST_ENVIRONMENT_AWS_H

/* The keys of an environment that AWS alone knows. */

struct field_set;

extern const struct field_set environment_aws_fields;

#endif
