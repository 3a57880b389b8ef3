/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_LOG_INSTANCES_H
#define I2KIT_CLI_LOG_INSTANCES_H

/*
 * Logs outlive their pods. Those of instances that are no more are shown when they are asked for by
 * name or with --all, or when nothing of the project lives; and `i2kit logs rm` removes them.
 */

#include "base/error.h"
#include "base/string_list.h"

/* The instances with logs that are no more; none when nothing lives, or nobody knows. Sorted. */
void log_instances_dead(const char *project, struct string_list *ret);

/*
 * Removes the logs of the instances and pods named, or of all that are no more. What lives still
 * writes its own: an error. ret gets the instances whose logs are gone.
 */
MUST_CHECK bool log_instances_remove(const char *project, const struct string_list *names,
				     struct string_list *ret, struct error *err);

#endif
