/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_LOGS_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_LOGS_AWS_H

#include "cloud/aws/provider/aws_cloud.h"

bool aws_logs(struct cloud *cloud, const struct cloud_scope *scope,
	      const struct cloud_line_range *range, cloud_log_fn *fn, void *arg, struct error *err);

/* Of a stack's log group. */
MUST_CHECK bool logs_read(struct aws_client *client, const char *stack,
			  const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
			  struct error *err);

#endif
