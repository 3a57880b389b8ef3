/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CRON_JOB_H
#define I2KIT_MANIFEST_CRON_JOB_H

/* A CronJob's spec around its jobTemplate, and `schedule:` of the short form. */

#include "manifest/loader.h"

struct cron_spec;
struct pod_spec;
struct yaml_writer;

/* Of a struct cron_spec: what stands beside schedule and jobTemplate. */
extern const struct field_set cron_rule_fields;
extern const char cron_schedule_help[];
field_fn read_cron_schedule;
/* The short form's: a schedule, or a map of the same names with the schedule in `at`. */
extern const struct field_set short_schedule_fields;
field_fn read_short_schedule; /* the target is a struct pod_spec */

/* Its runs are called NAME-MINUTE. */
void cron_job_check_name(struct loader *loader, const struct yaml_node *node, const char *name);
/* Once all of it is read: what is missing, and what a CronJob cannot be. */
void cron_job_complete(struct loader *loader, const struct yaml_node *root, struct pod_spec *pod);
/* What stands beside the schedule, where it is not the default. */
void write_cron_rules(struct yaml_writer *writer, const struct cron_spec *cron);

#endif
