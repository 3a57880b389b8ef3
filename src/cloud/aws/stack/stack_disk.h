/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_DISK_H
#define I2KIT_CLOUD_AWS_STACK_STACK_DISK_H

/* The disks of an instance: root, scratch, volumes. */

#include <stdint.h>

#include "base/error.h"

struct pod_spec;
struct template_writer;

/* Where the volume is attached that holds what containers write outside of volumes. */
#define STACK_SCRATCH_DEVICE "/dev/sdg"
/* Its size; 0: the pod has none, and that lives in memory */
uint64_t stack_scratch_gib(const struct pod_spec *pod);

void stack_write_disks(struct template_writer *writer, const struct pod_spec *pod);
MUST_CHECK bool stack_check_disks(const struct pod_spec *pod, struct error *err);

#endif
