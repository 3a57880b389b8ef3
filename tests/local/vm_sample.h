/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_LOCAL_VM_SAMPLE_H
#define I2KIT_TESTS_LOCAL_VM_SAMPLE_H

#include "local/vm/vm_plan.h"

#define VM_SAMPLE_DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A pod's VM in the network of its project, without disks besides its own. */
struct vm_plan vm_sample(void);
/* Another text in one of its fields. */
void vm_sample_set(char **text, const char *with);

#endif
