/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_CLOUD_TAIL_H
#define I2KIT_CLI_CLOUD_TAIL_H

/* The last lines of each stream of a cloud's log, which gives them from the first on. */

#include "cloud/provider.h"

struct cloud_tail;

struct cloud_tail *cloud_tail_new(size_t lines);
void cloud_tail_free(struct cloud_tail *tail);
DEFINE_AUTO_PTR(cloud_tail, cloud_tail_free)
/* Copies the line; the oldest of its stream goes where there are too many. */
void cloud_tail_add(struct cloud_tail *tail, const struct cloud_line *line);
/* All that are kept, by time. */
void cloud_tail_show(struct cloud_tail *tail, cloud_log_fn *fn, void *arg);

#endif
