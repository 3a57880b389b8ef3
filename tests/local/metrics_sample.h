/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_LOCAL_METRICS_SAMPLE_H
#define I2KIT_TESTS_LOCAL_METRICS_SAMPLE_H

#include "local/plan/state.h"

/* Two pods of a project whose names no YAML would have: quotes, line feeds, bytes that are no UTF-8. */
struct project_status metrics_sample(void);

#endif
