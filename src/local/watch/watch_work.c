/* SPDX-License-Identifier: Apache-2.0 */
#include "local/watch/watch_work.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "manifest/build_spec.h"

static void change_clear(struct watch_change *change)
{
	free(change->path);
	free(change->inside);
}

void watch_changes_clear(struct watch_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		change_clear(&changes->items[i]);
	free(changes->items);
	*changes = (struct watch_changes){0};
}

void watch_changes_add(struct watch_changes *changes, const char *path, const char *inside,
		       const struct watch_item *item)
{
	*ARRAY_APPEND(changes->items, changes->count) = (struct watch_change){
		.path = xstrdup(path), .inside = xstrdup(inside), .item = item};
}

/* The same place: the rule that stands later wins, as the later of two files in a tar. */
static int compare_changes(const void *a, const void *b)
{
	const struct watch_change *first = a;
	const struct watch_change *second = b;
	int order = strcmp(first->inside, second->inside);

	if (order != 0)
		return order;
	return (first->item > second->item) - (first->item < second->item);
}

void watch_changes_settle(struct watch_changes *changes)
{
	size_t kept = 0;

	if (changes->count > 1)
		qsort(changes->items, changes->count, sizeof(*changes->items), compare_changes);
	for (size_t i = 0; i < changes->count; i++) {
		bool is_last = i + 1 == changes->count ||
			       strcmp(changes->items[i].inside, changes->items[i + 1].inside) != 0;
		if (is_last)
			changes->items[kept++] = changes->items[i];
		else
			change_clear(&changes->items[i]);
	}
	changes->count = kept;
}

void watch_plan_clear(struct watch_plan *plan)
{
	string_list_clear(&plan->rebuilds);
	for (size_t i = 0; i < plan->count; i++) {
		watch_changes_clear(&plan->works[i].changes);
		free(plan->works[i].execs);
	}
	free(plan->works);
	*plan = (struct watch_plan){0};
}

static struct watch_work *work_of(struct watch_plan *plan, const struct watch_item *item)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->works[i].container == item->container)
			return &plan->works[i];
	}
	struct watch_work *work = ARRAY_APPEND(plan->works, plan->count);
	work->pod = item->pod;
	work->container = item->container;
	return work;
}

void watch_work_follow(struct watch_work *work, const struct watch_rule *rule)
{
	work->restarts = work->restarts || rule->action == WATCH_RESTART ||
			 rule->action == WATCH_SYNC_RESTART;
	if (rule->action != WATCH_SYNC_EXEC)
		return;
	for (size_t i = 0; i < work->exec_count; i++) {
		if (work->execs[i] == rule)
			return;
	}
	*ARRAY_APPEND(work->execs, work->exec_count) = rule;
}

static void take(struct watch_plan *plan, const struct watch_item *item, const char *path,
		 const char *inside)
{
	if (item->rule->action == WATCH_REBUILD) {
		if (!string_list_has(&plan->rebuilds, item->pod->name))
			string_list_add(&plan->rebuilds, item->pod->name);
		return;
	}
	struct watch_work *work = work_of(plan, item);
	if (inside != NULL)
		watch_changes_add(&work->changes, path, inside, item);
	watch_work_follow(work, item->rule);
}

void watch_plan_make(const struct watch_set *set, const struct string_list *paths,
		     struct watch_plan *ret)
{
	*ret = (struct watch_plan){0};
	for (size_t i = 0; i < set->count; i++) {
		for (size_t k = 0; k < paths->count; k++) {
			char *inside = NULL;
			if (watch_item_matches(set, &set->items[i], paths->items[k], &inside))
				take(ret, &set->items[i], paths->items[k], inside);
			free(inside);
		}
	}
	for (size_t i = 0; i < ret->count; i++)
		watch_changes_settle(&ret->works[i].changes);
}
