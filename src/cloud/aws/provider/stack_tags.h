/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_STACK_TAGS_H
#define I2KIT_CLOUD_AWS_PROVIDER_STACK_TAGS_H

/* A stack's tags: whose it is, and what environment.yml wants on everything. */

#include "cloud/provider.h"

/* ERROR_INVALID for tags that AWS would refuse somewhere on the way to an instance. Owned. */
MUST_CHECK bool stack_tags_make(const struct cloud_scope *scope,
				const struct environment *environment, struct key_value **ret,
				size_t *ret_count, struct error *err);

#endif
