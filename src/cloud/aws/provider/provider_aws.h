/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_PROVIDER_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_PROVIDER_AWS_H

#include "base/error.h"
#include "cloud/provider.h"

extern const struct cloud_provider CLOUD_PROVIDER_AWS;

struct cloud;

/* Asks for account and arn, once. */
MUST_CHECK bool aws_cloud_identify(struct cloud *cloud, struct error *err);

#endif
