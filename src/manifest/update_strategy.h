/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_UPDATE_STRATEGY_H
#define I2KIT_MANIFEST_UPDATE_STRATEGY_H

/* How a workload's pods start and are replaced; the targets are a struct workload. */

#include "manifest/loader.h"

extern const struct field_set strategy_fields;
field_fn read_strategy;
field_fn read_start_order; /* podManagementPolicy */

#endif
