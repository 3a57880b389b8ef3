/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_JOB_PLAN_JSON_H
#define I2KIT_LOCAL_PLAN_JOB_PLAN_JSON_H

/* A Job's spec in the plan's file: the object "job". */

#include "base/json.h"
#include "base/json_writer.h"
#include "manifest/job_spec.h"

void job_plan_write(struct json_writer *json, const struct job_spec *spec);
void job_plan_read(struct json_view view, struct job_spec *ret);

#endif
