/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ROWS_PODS_H
#define I2KIT_TUI_ROWS_PODS_H

/* The list of pods. */

#include <stddef.h>

struct instance_status;
struct model;
struct pod_status;
struct project_status;
struct table;
struct table_row;

/* What a pod without a VM waits for or has come to; of a CronJob when it is due. Owned. */
char *draw_pod_text(const struct pod_status *pod);
/* "8080→80 53→53/udp": where a pod is published; owned. */
char *draw_ports(const struct project_status *status, const char *pod);
/* With what the container that fails ended last; nothing where none has. */
void draw_exit(struct table_row *row, size_t column, const struct instance_status *instance);
void draw_count_containers(const struct instance_status *instance, unsigned *ret_ready,
			   unsigned *ret_all);

void rows_of_pods(struct table *table, const struct model *model);

#endif
