/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_APPLY_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_APPLY_AWS_H

#include "cloud/aws/provider/aws_cloud.h"

bool aws_apply_plan(struct cloud *cloud, struct cloud_plan *plan,
		    const struct cloud_deployment *deployment, bool wait,
		    const struct progress *progress, struct error *err);

#endif
