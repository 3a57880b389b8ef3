/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_NAMES_H
#define I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_NAMES_H

/* The private zone as the pod's role sees it, and EC2 with one instance. */

#include "cloud/aws/rehearsal/rehearsal_parts.h"

/* Route 53, and EC2's list of instances. False: another call. */
bool rehearsal_call_names(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			  const char *service, struct rehearsal_answer *answer);
/* The first name that does not lead to the pod; NULL: all do. */
const char *rehearsal_missing_name(const struct cloud_rehearsal *rehearsal);

#endif
