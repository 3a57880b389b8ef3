/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_CRON_PLAN_JSON_H
#define I2KIT_LOCAL_PLAN_CRON_PLAN_JSON_H

/* A CronJob's spec in the plan's file: the object "cron"; without one it is no CronJob. */

#include "base/json.h"
#include "base/json_writer.h"
#include "manifest/cron_spec.h"

void cron_plan_write(struct json_writer *json, const struct cron_spec *spec);
void cron_plan_read(struct json_view view, struct cron_spec *ret);

#endif
