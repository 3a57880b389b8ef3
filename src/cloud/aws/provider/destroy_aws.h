/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_DESTROY_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_DESTROY_AWS_H

#include "cloud/aws/provider/aws_cloud.h"

bool aws_destroy(struct cloud *cloud, const struct cloud_scope *scope,
		 const struct cloud_destruction *what, const struct progress *progress,
		 struct error *err);

#endif
