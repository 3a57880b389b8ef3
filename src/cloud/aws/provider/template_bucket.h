/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_TEMPLATE_BUCKET_H
#define I2KIT_CLOUD_AWS_PROVIDER_TEMPLATE_BUCKET_H

/*
 * Where templates lie that are too long for a request: the bucket i2kit-templates-ACCOUNT-REGION,
 * made at the first use, encrypted, closed to the public, its objects gone after a day.
 */

#include "cloud/aws/provider/aws_cloud.h"

/* *ret_url is owned. */
MUST_CHECK bool template_bucket_put(struct cloud *cloud, const char *stack, const char *text,
				    char **ret_url, struct error *err);

#endif
