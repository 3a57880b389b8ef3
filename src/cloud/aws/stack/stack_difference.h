/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_DIFFERENCE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_DIFFERENCE_H

/* What a template changes in a stack, worked out here: nothing is sent for it. Pure. */

#include "base/error.h"
#include "cloud/provider.h"

/*
 * Adds a change for each resource that is new, different or gone. before NULL: there is no stack.
 * ERROR_INVALID where a template is no JSON of ours.
 */
MUST_CHECK bool stack_difference(const char *before, const char *after, struct cloud_plan *plan,
				 struct error *err);

/* Whether a change of the property makes the resource anew. */
bool stack_property_replaces(const char *type, const char *property);

#endif
