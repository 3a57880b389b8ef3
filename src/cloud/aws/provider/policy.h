/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_POLICY_H
#define I2KIT_CLOUD_AWS_PROVIDER_POLICY_H

/* IAM policies out of client/permissions.h, for one project in one environment. */

#include "cloud/provider.h"

/* As struct cloud_provider's policy. */
char *aws_policy(const struct environment *environment, const struct cloud_scope *scope,
		 const char *region, enum cloud_policy kind);

#endif
