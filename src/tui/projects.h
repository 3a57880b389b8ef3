/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_PROJECTS_H
#define I2KIT_TUI_PROJECTS_H

/* All projects that are up, for the screen of all of them; the one that is shown is among them. */

#include "local/plan/state.h"

struct other_project {
	char *name;
	struct project_status status;
	bool has_status;
	char *problem; /* why there is none, or NULL */
};

struct project_set {
	struct other_project *items; /* by name */
	size_t count;
	bool is_known; /* the names were looked for */
};

void project_set_clear(struct project_set *set);
/* Those of the names stay, others go, new ones come without a status. */
void project_set_keep(struct project_set *set, const struct string_list *names);
/* status NULL: none, for `problem`; a project that is not in the set is left out. */
void project_set_take(struct project_set *set, const char *name,
		      const struct project_status *status, const char *problem);

#endif
