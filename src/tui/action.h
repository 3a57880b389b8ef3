/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ACTION_H
#define I2KIT_TUI_ACTION_H

/*
 * Everything a person can do in the terminal UI, once: keys, the : command, the help screen and the
 * man page's table all derive from this list.
 */

#include <stddef.h>

#include "base/strbuf.h"

enum view_kind {
	VIEW_PODS,
	VIEW_POD, /* one instance in detail */
	VIEW_LOGS,
	VIEW_SERVICES,
	VIEW_IMAGES,
	VIEW_CLOUD,
	VIEW_EVENTS,
	VIEW_JOBS,
	VIEW_JOB, /* one job's output */
	VIEW_PROJECTS,
	VIEW_ABOUT, /* what a pod is made of */
	VIEW_LINE,  /* one line of a log, whole */
	VIEW_HELP,
	VIEW_COUNT,
};

enum action_kind {
	ACTION_NONE,
	ACTION_QUIT,
	ACTION_BACK,
	ACTION_HELP,
	ACTION_COMMAND,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_TOP,
	ACTION_BOTTOM,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_NEXT_VIEW,
	ACTION_PREVIOUS_VIEW,
	ACTION_VIEW_PODS,
	ACTION_VIEW_SERVICES,
	ACTION_VIEW_LOGS,
	ACTION_VIEW_IMAGES,
	ACTION_VIEW_CLOUD,
	ACTION_VIEW_EVENTS,
	ACTION_VIEW_JOBS,
	ACTION_OPEN,
	ACTION_MARK,
	ACTION_LOGS,
	ACTION_FILTER,
	ACTION_SORT,
	ACTION_SORT_BACK,
	ACTION_REVERSE,
	ACTION_SEARCH,
	ACTION_SEARCH_NEXT,
	ACTION_SEARCH_PREVIOUS,
	ACTION_FOLLOW,
	ACTION_WRAP,
	ACTION_TIMESTAMPS,
	ACTION_JSON,
	ACTION_STREAM,
	ACTION_CONTAINER,
	ACTION_SINCE,
	ACTION_PREVIOUS_RUN,
	ACTION_SAVE,
	ACTION_COPY,
	ACTION_SHELL,
	ACTION_RESTART,
	ACTION_SCALE,
	ACTION_STOP,
	ACTION_DELETE,
	ACTION_FORWARD,
	ACTION_BROWSE,
	ACTION_REBUILD,
	ACTION_PROMOTE,
	ACTION_ROLLBACK,
	ACTION_REFRESH,
	ACTION_CANCEL,
	ACTION_MOUSE,
	ACTION_SUSPEND,
	ACTION_REDRAW,
	ACTION_OPEN_LINE,
	ACTION_COPY_LINE,
	ACTION_VIEW_PROJECTS,
	ACTION_REMOVE_IMAGE,
	ACTION_PRUNE,
	ACTION_LINE_MARK,
	ACTION_CLEAR,
	ACTION_TRANSFER,
	ACTION_MANIFEST,
	ACTION_ENVIRONMENT,
	ACTION_MOUNTS,
	ACTION_WHY,
	ACTION_SECRETS,
	ACTION_COPY_PAGE,
	ACTION_SAVE_PAGE,
	ACTION_COUNT,
};

#define ACTION_MAX_KEYS 4
#define ACTION_LIMIT	96 /* actions[] has no more */
#define IN_VIEW(view)	(1U << (view))
#define IN_ALL_VIEWS	((1U << VIEW_COUNT) - 1)

struct action {
	enum action_kind kind;
	const char *name;		/* what : takes */
	unsigned keys[ACTION_MAX_KEYS]; /* 0 ends; what is in force is in bindings.h */
	unsigned views;			/* IN_VIEW() bits */
	const char *label; /* one or two words for the line of keys at the bottom, or NULL */
	const char *help;  /* one line */
};

extern const struct action actions[];
extern const size_t action_count;

/* By its name, whole, or by a prefix that fits only one; NULL otherwise. */
const struct action *action_for_name(const char *name, enum view_kind view);
/* "i2kit -p shop restart web-0", as a person would type it. */
struct string_list;
void action_command_line(const struct string_list *argv, struct strbuf *out);
const struct action *action_of(enum action_kind kind); /* the first of it */
const char *view_name(enum view_kind view);	       /* "pods" */

#endif
