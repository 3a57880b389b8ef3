/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_INSTANCE_TYPES_H
#define I2KIT_CLOUD_AWS_PROVIDER_INSTANCE_TYPES_H

/* That the instance types exist, can boot our images, and are offered where they would start. */

#include "cloud/aws/client/client.h"
#include "cloud/aws/stack/stack_plan.h"

MUST_CHECK bool instance_types_check(struct aws_client *client, const struct app *app,
				     const struct stack_target *target, struct error *err);

#endif
