/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_KMS_KEY_H
#define I2KIT_CLOUD_AWS_PROVIDER_KMS_KEY_H

#include "cloud/aws/client/client.h"

/*
 * The ARN of the key that provider.kms_key names by ARN, id or alias/NAME, for not all services
 * take an alias. NULL where none is named. ERROR_INVALID for one that cannot encrypt disks: of
 * another region, switched off, about to be deleted, not symmetric. *ret is owned.
 */
MUST_CHECK bool kms_key_find(struct aws_client *client, const char *name_or_null, char **ret,
			     struct error *err);

#endif
