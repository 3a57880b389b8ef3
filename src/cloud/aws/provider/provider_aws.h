/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_PROVIDER_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_PROVIDER_AWS_H

#include "cloud/provider.h"

extern const struct cloud_provider CLOUD_PROVIDER_AWS;

#endif
