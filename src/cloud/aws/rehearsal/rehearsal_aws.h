/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_AWS_H
#define I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_AWS_H

#include "cloud/rehearsal.h"

extern const struct cloud_rehearsal_table REHEARSAL_AWS;

#endif
