/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_INSTANCE_RELEASE_H
#define I2KIT_LOCAL_SUPERVISOR_INSTANCE_RELEASE_H

/* What an instance is told once its guest is there: the release document. */

struct instance;
struct pod_plan;

/* Owned. */
char *instance_release_make(const struct instance *instance, const struct pod_plan *pod);

#endif
