/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_AWS_CLOUD_H
#define I2KIT_CLOUD_AWS_PROVIDER_AWS_CLOUD_H

/* What the parts of the AWS provider share. */

#include "cloud/aws/client/client.h"
#include "cloud/provider.h"

struct cloud {
	struct aws_client *client; /* owned */
	char *account;		   /* owned; NULL until asked */
	char *arn;		   /* owned; likewise */
	unsigned parallel;
};

#endif
