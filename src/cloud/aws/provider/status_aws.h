/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_STATUS_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_STATUS_AWS_H

#include "cloud/aws/provider/aws_cloud.h"

bool aws_status(struct cloud *cloud, const struct cloud_scope *scope, struct cloud_status *ret,
		struct error *err);
bool aws_details(struct cloud *cloud, const struct cloud_scope *scope, struct cloud_status *status,
		 struct error *err);

#endif
