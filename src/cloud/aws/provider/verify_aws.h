/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_VERIFY_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_VERIFY_AWS_H

/*
 * Whether each instance runs from what its release's disk is: its root volume, the snapshot which
 * that was made of, all of its blocks read back by the EBS direct APIs. Neither tags nor the image's
 * name nor the guest say anything in it. What was written to the volume since then is not seen.
 */

#include "cloud/provider.h"

MUST_CHECK bool aws_verify(struct cloud *cloud, const struct cloud_status *status,
			   const struct cloud_verification *how, const struct progress *progress,
			   struct cloud_verified_list *ret, struct error *err);

#endif
