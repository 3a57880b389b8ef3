/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_METRICS_H
#define I2KIT_LOCAL_PLAN_METRICS_H

/*
 * A project's status as metrics: the OpenMetrics text format, version 1.0.0
 * (https://github.com/prometheus/OpenMetrics, specification/OpenMetrics.md). Pure. What was never
 * measured has no sample; what each family means stands in its HELP.
 */

#include "local/plan/state.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

char *metrics_text(const struct project_status *status); /* owned; ends in "# EOF\n" */

#endif
