/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_STATUS_VIEW_H
#define I2KIT_CLI_STATUS_VIEW_H

/* A project's status as ps and up show it. */

#include "cli/verb.h"
#include "local/plan/state.h"

/* Of which projects a table is, and what of them. */
struct status_table {
	const struct project_status *statuses;
	size_t count;
	bool is_wide;
	bool has_project;			/* a column says whose each row is */
	const struct string_list *gone_or_null; /* instances that are no more, of the first one */
};

/* One row for each instance, and for pods that have none. */
void status_print_tables(const struct invocation *invocation, const struct status_table *of);
/* Where each published port is: "web  http://127.0.0.1:8080 → 80". */
/* How routes are reached, a line each. */
void status_print_routes(const struct invocation *invocation, const struct project_status *status);
void status_print_ports(const struct invocation *invocation, const struct project_status *status);
#endif
