/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_WATCH_WATCH_WORK_H
#define I2KIT_LOCAL_WATCH_WATCH_WORK_H

/* From a batch of paths that changed to what is to be done about them. Pure. */

#include "local/watch/watch_set.h"

/* A path of this machine and where it goes; whether it is there still is asked later. */
struct watch_change {
	char *path;
	char *inside;
	const struct watch_item *item;
};
struct watch_changes {
	struct watch_change *items;
	size_t count;
};
void watch_changes_clear(struct watch_changes *changes);
/* By where they go, folders before what is in them; of two for one place the later stays. */
void watch_changes_settle(struct watch_changes *changes);
void watch_changes_add(struct watch_changes *changes, const char *path, const char *inside,
		       const struct watch_item *item);

/* Of one container: first the changes, then the rest in this order. */
struct watch_work {
	const struct pod_spec *pod;
	const struct container_spec *container;
	struct watch_changes changes;
	bool restarts;
	const struct watch_rule **execs; /* each rule once; the array is owned */
	size_t exec_count;
};

/* Adds what the rule does after its files are there. */
void watch_work_follow(struct watch_work *work, const struct watch_rule *rule);

struct watch_plan {
	struct string_list rebuilds; /* pods, each once */
	struct watch_work *works;
	size_t count;
};
void watch_plan_clear(struct watch_plan *plan);
/* paths: absolute. Pods whose image is built again have their work, too, for what it lacks. */
void watch_plan_make(const struct watch_set *set, const struct string_list *paths,
		     struct watch_plan *ret);

#endif
