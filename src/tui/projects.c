/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/projects.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "local/plan/status_copy.h"

static void clear_one(struct other_project *project)
{
	free(project->name);
	free(project->problem);
	project_status_clear(&project->status);
}

void project_set_clear(struct project_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		clear_one(&set->items[i]);
	free(set->items);
	*set = (struct project_set){0};
}

static struct other_project *find(struct project_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->items[i].name, name) == 0)
			return &set->items[i];
	}
	return NULL;
}

void project_set_keep(struct project_set *set, const struct string_list *names)
{
	struct project_set kept = {.is_known = true};

	for (size_t i = 0; i < names->count; i++) {
		struct other_project *old = find(set, names->items[i]);
		struct other_project *project = ARRAY_APPEND(kept.items, kept.count);
		if (old != NULL) {
			*project = *old;
			*old = (struct other_project){.name = xstrdup("")};
		} else {
			project->name = xstrdup(names->items[i]);
		}
	}
	project_set_clear(set);
	*set = kept;
}

void project_set_take(struct project_set *set, const char *name,
		      const struct project_status *status, const char *problem)
{
	struct other_project *project = find(set, name);

	if (project == NULL)
		return;
	free(project->problem);
	project->problem = xstrdup_or_null(problem);
	if (status == NULL)
		return;
	project_status_clear(&project->status);
	status_copy(&project->status, status);
	project->has_status = true;
}
