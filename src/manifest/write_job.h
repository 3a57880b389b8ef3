/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_JOB_H
#define I2KIT_MANIFEST_WRITE_JOB_H

struct job_spec;
struct yaml_writer;

/* What of a Job's spec is not its template. */
void write_job(struct yaml_writer *writer, const struct job_spec *job);

#endif
