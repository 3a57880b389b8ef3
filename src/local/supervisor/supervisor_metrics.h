/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_METRICS_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_METRICS_H

/* The port for Prometheus that a plan asks for, or none. */

struct metrics;
struct supervisor;

struct metrics *metrics_new(struct supervisor *supervisor);
void metrics_free(struct metrics *metrics);
void metrics_apply(struct supervisor *supervisor);
/* "127.0.0.1:9464", or NULL where it does not listen. */
const char *metrics_address(const struct supervisor *supervisor);

#endif
