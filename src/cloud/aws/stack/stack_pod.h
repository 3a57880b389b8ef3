/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_POD_H
#define I2KIT_CLOUD_AWS_STACK_STACK_POD_H

/* A pod's instances: their group, and how it rolls. */

#include <stdint.h>

#include "base/error.h"

struct pod_spec;
struct stack_release;
struct template_writer;

MUST_CHECK bool stack_add_pod(struct template_writer *writer, const struct pod_spec *pod,
			      const struct stack_release *release, struct error *err);
/* How long one instance may take until it is ready, at most. */
uint32_t stack_startup_s(const struct pod_spec *pod);

#endif
