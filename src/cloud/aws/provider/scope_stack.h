/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_SCOPE_STACK_H
#define I2KIT_CLOUD_AWS_PROVIDER_SCOPE_STACK_H

/* The stack of a scope, and that it is this scope's and no other's. */

#include "cloud/aws/provider/aws_cloud.h"
#include "cloud/aws/stack/stack.h"

/*
 * As stack_describe(); ERROR_DENIED when the stack of that name says that it is another project's
 * or environment's, or nobody's that i2kit knows.
 */
MUST_CHECK bool scope_stack_describe(struct aws_client *client, const struct cloud_scope *scope,
				     struct stack_status *ret, struct error *err);

/* What the stack says of its pods: the outputs PodRelease. Added to *ret, owned. */
void scope_stack_pods(const struct stack_status *status, struct cloud_pod_status **ret,
		      size_t *ret_count);
/* "IMAGE CONFIG RECEIPT" of a pod's output; false: it is none. */
bool scope_stack_read_release(const char *pod, const char *text, struct cloud_pod_status **ret,
			      size_t *ret_count);

#endif
