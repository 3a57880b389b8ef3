/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/action.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/string_list.h"
#include "tui/key.h"

#define LISTS                                                                                      \
	(IN_VIEW(VIEW_PODS) | IN_VIEW(VIEW_SERVICES) | IN_VIEW(VIEW_IMAGES) |                      \
	 IN_VIEW(VIEW_CLOUD) | IN_VIEW(VIEW_EVENTS) | IN_VIEW(VIEW_JOBS) | IN_VIEW(VIEW_PROJECTS))
#define LOGS	  IN_VIEW(VIEW_LOGS)
#define INSTANCES (IN_VIEW(VIEW_PODS) | IN_VIEW(VIEW_POD) | IN_VIEW(VIEW_ABOUT))
#define PAGES	  (IN_VIEW(VIEW_ABOUT) | IN_VIEW(VIEW_JOB))
/* Screens whose lines lead to a pod. */
#define POD_LISTS (IN_VIEW(VIEW_SERVICES) | IN_VIEW(VIEW_EVENTS) | IN_VIEW(VIEW_CLOUD))

const struct action actions[] = {
	{ACTION_UP,
	 "up",
	 {'k', TUI_KEY_ARROW_UP, TUI_KEY_WHEEL_UP},
	 IN_ALL_VIEWS,
	 NULL,
	 "one line up"},
	{ACTION_DOWN,
	 "down",
	 {'j', TUI_KEY_ARROW_DOWN, TUI_KEY_WHEEL_DOWN},
	 IN_ALL_VIEWS,
	 NULL,
	 "one line down"},
	{ACTION_PAGE_UP,
	 "page-up",
	 {TUI_KEY_PAGE_UP, TUI_KEY_CONTROL('b'), TUI_KEY_CONTROL('u')},
	 IN_ALL_VIEWS,
	 NULL,
	 "one screen up"},
	{ACTION_PAGE_DOWN,
	 "page-down",
	 {TUI_KEY_PAGE_DOWN, TUI_KEY_CONTROL('f'), TUI_KEY_CONTROL('d')},
	 IN_ALL_VIEWS,
	 NULL,
	 "one screen down"},
	{ACTION_TOP, "top", {'g', TUI_KEY_FIRST}, IN_ALL_VIEWS, NULL, "to the first line"},
	{ACTION_BOTTOM, "bottom", {'G', TUI_KEY_LAST}, IN_ALL_VIEWS, NULL, "to the last line"},
	{ACTION_LEFT, "left", {'h', TUI_KEY_ARROW_LEFT}, LOGS, NULL, "scroll left"},
	{ACTION_RIGHT, "right", {'l', TUI_KEY_ARROW_RIGHT}, LOGS, NULL, "scroll right"},
	{ACTION_NEXT_VIEW, "next", {TUI_KEY_TABULATOR}, IN_ALL_VIEWS, NULL, "next screen"},
	{ACTION_PREVIOUS_VIEW,
	 "previous",
	 {TUI_KEY_BACK_TAB},
	 IN_ALL_VIEWS,
	 NULL,
	 "previous screen"},
	{ACTION_VIEW_PODS, "pods", {'1'}, IN_ALL_VIEWS, NULL, "pods"},
	{ACTION_VIEW_SERVICES, "services", {'2'}, IN_ALL_VIEWS, NULL, "services and ports"},
	{ACTION_VIEW_LOGS, "all-logs", {'3'}, IN_ALL_VIEWS, NULL, "logs of all pods"},
	{ACTION_VIEW_IMAGES, "images", {'4'}, IN_ALL_VIEWS, NULL, "images and releases"},
	{ACTION_VIEW_CLOUD, "cloud", {'5'}, IN_ALL_VIEWS, NULL, "what runs where"},
	{ACTION_VIEW_EVENTS, "events", {'6'}, IN_ALL_VIEWS, NULL, "events"},
	{ACTION_VIEW_JOBS, "jobs", {'7'}, IN_ALL_VIEWS, NULL, "work started from here"},
	{ACTION_VIEW_PROJECTS, "all", {'0'}, IN_ALL_VIEWS, NULL, "pods of all projects"},
	{ACTION_OPEN,
	 "open",
	 {TUI_KEY_RETURN},
	 IN_VIEW(VIEW_PODS) | POD_LISTS | IN_VIEW(VIEW_JOBS) | IN_VIEW(VIEW_PROJECTS),
	 "open",
	 "the selected pod, project or job"},
	{ACTION_LOGS,
	 "logs",
	 {'l'},
	 INSTANCES | POD_LISTS,
	 "logs",
	 "logs of the selected or marked pods"},
	{ACTION_MARK, "mark", {' '}, IN_VIEW(VIEW_PODS), "mark", "mark a pod, for logs of several"},
	{ACTION_SHELL, "shell", {'s'}, INSTANCES, "shell", "a shell in the container"},
	{ACTION_RESTART, "restart", {'r'}, INSTANCES, "restart", "restart the pod"},
	{ACTION_SCALE, "scale", {'S'}, INSTANCES, "scale", "change the number of replicas"},
	{ACTION_STOP, "stop", {'x'}, INSTANCES, "stop", "stop the pod (scale it to 0)"},
	{ACTION_DELETE,
	 "delete",
	 {'D', TUI_KEY_REMOVE},
	 INSTANCES,
	 NULL,
	 "take the project down, volumes stay"},
	{ACTION_FORWARD, "forward", {'p'}, INSTANCES, NULL, "forward a local port to the pod"},
	{ACTION_TRANSFER,
	 "transfer",
	 {'t'},
	 INSTANCES,
	 NULL,
	 "copy a file into the pod, or out of it"},
	{ACTION_BROWSE,
	 "browse",
	 {'o'},
	 INSTANCES | IN_VIEW(VIEW_SERVICES),
	 "browse",
	 "open the forwarded port in a browser"},
	{ACTION_COPY,
	 "copy",
	 {'c'},
	 IN_VIEW(VIEW_PODS) | IN_VIEW(VIEW_POD) | IN_VIEW(VIEW_SERVICES) | IN_VIEW(VIEW_IMAGES),
	 "copy",
	 "copy the address or digest"},
	{ACTION_REBUILD, "rebuild", {'b'}, INSTANCES, NULL, "build again and replace what changed"},
	{ACTION_PROMOTE,
	 "promote",
	 {'P'},
	 INSTANCES | IN_VIEW(VIEW_CLOUD),
	 "promote",
	 "ship to the cloud: shows the plan, then asks"},
	{ACTION_ROLLBACK,
	 "rollback",
	 {'R'},
	 IN_VIEW(VIEW_CLOUD),
	 "rollback",
	 "back to an earlier release"},
	{ACTION_FOLLOW, "follow", {'f'}, LOGS, "follow", "follow, or pause"},
	{ACTION_SORT, "sort", {'>'}, LISTS, NULL, "sort by the next column"},
	{ACTION_SORT_BACK, "sort-back", {'<'}, LISTS, NULL, "sort by the column before"},
	{ACTION_REVERSE, "reverse", {'I'}, LISTS, NULL, "sort the other way round"},
	{ACTION_MANIFEST,
	 "manifest",
	 {'y'},
	 INSTANCES,
	 "manifest",
	 "the pod's manifest and release"},
	{ACTION_ENVIRONMENT,
	 "environment",
	 {'e'},
	 INSTANCES,
	 NULL,
	 "its environment; secrets are hidden"},
	{ACTION_MOUNTS, "mounts", {'m'}, INSTANCES, NULL, "its volumes, and where they are"},
	{ACTION_WHY, "why", {'w', 'd'}, INSTANCES, "why", "why it is as it is, and what to try"},
	{ACTION_SECRETS,
	 "secrets",
	 {'v'},
	 IN_VIEW(VIEW_ABOUT),
	 "secrets",
	 "show or hide the values of secrets"},
	{ACTION_COPY_PAGE, "copy-page", {'c'}, PAGES, "copy", "copy the text of the screen"},
	{ACTION_SAVE_PAGE, "save-page", {'W'}, PAGES, "save", "save the text of the screen"},
	{ACTION_FILTER,
	 "filter",
	 {'&'},
	 LISTS | LOGS,
	 "filter",
	 "show only lines that match; with ! in front those that do not"},
	{ACTION_SEARCH,
	 "search",
	 {'/'},
	 LISTS | LOGS | PAGES,
	 "search",
	 "search; from the end of a followed log back"},
	{ACTION_SEARCH_NEXT,
	 "search-next",
	 {'n'},
	 LISTS | LOGS | PAGES,
	 NULL,
	 "next match, the same way"},
	{ACTION_SEARCH_PREVIOUS,
	 "search-previous",
	 {'N'},
	 LISTS | LOGS | PAGES,
	 NULL,
	 "next match, the other way"},
	{ACTION_WRAP, "wrap", {'w'}, LOGS, "wrap", "wrap long lines"},
	{ACTION_TIMESTAMPS, "timestamps", {'t'}, LOGS, "time", "show when a line was written"},
	{ACTION_OPEN_LINE, "open-line", {TUI_KEY_RETURN}, LOGS, "line", "the selected line, whole"},
	{ACTION_COPY_LINE,
	 "copy-line",
	 {'y'},
	 LOGS | IN_VIEW(VIEW_LINE),
	 "copy",
	 "copy the selected line"},
	{ACTION_JSON, "json", {'J'}, LOGS, "json", "show JSON lines as level and message"},
	{ACTION_STREAM, "stream", {'e'}, LOGS, "stream", "all, only stdout, only stderr, system"},
	{ACTION_CONTAINER, "container", {'c'}, LOGS, "container", "only one container"},
	{ACTION_SINCE, "since", {'T'}, LOGS, "since", "only lines newer than 5m, 2h …"},
	{ACTION_PREVIOUS_RUN,
	 "previous-run",
	 {'p'},
	 LOGS,
	 "previous",
	 "the run before the last restart"},
	{ACTION_LINE_MARK, "line-mark", {'m'}, LOGS, NULL, "draw a line under what is there now"},
	{ACTION_CLEAR, "clear", {'C'}, LOGS, NULL, "only lines from now on; T shows all"},
	{ACTION_SAVE, "save", {'W'}, LOGS, "save", "save what is shown to a file"},
	{ACTION_REMOVE_IMAGE,
	 "remove-image",
	 {'d', TUI_KEY_REMOVE},
	 IN_VIEW(VIEW_IMAGES),
	 "remove",
	 "take the image out of the store"},
	{ACTION_PRUNE,
	 "prune",
	 {'D'},
	 IN_VIEW(VIEW_IMAGES),
	 "prune",
	 "free what no image and no pod needs"},
	{ACTION_REFRESH,
	 "refresh",
	 {TUI_KEY_CONTROL('r')},
	 IN_VIEW(VIEW_IMAGES) | IN_VIEW(VIEW_CLOUD) | IN_VIEW(VIEW_ABOUT),
	 "refresh",
	 "ask again"},
	{ACTION_CANCEL,
	 "cancel",
	 {TUI_KEY_CONTROL('k')},
	 IN_ALL_VIEWS,
	 NULL,
	 "cancel the work that runs beside the screen"},
	{ACTION_MOUSE,
	 "mouse",
	 {'M'},
	 IN_ALL_VIEWS,
	 NULL,
	 "leave the mouse to the terminal, or take it"},
	{ACTION_SUSPEND,
	 "suspend",
	 {TUI_KEY_CONTROL('z')},
	 IN_ALL_VIEWS,
	 NULL,
	 "back to the shell; fg returns"},
	{ACTION_COMMAND, "command", {':'}, IN_ALL_VIEWS, NULL, "type an action by name"},
	{ACTION_REDRAW,
	 "redraw",
	 {TUI_KEY_CONTROL('l')},
	 IN_ALL_VIEWS,
	 NULL,
	 "draw the screen again"},
	{ACTION_HELP, "help", {'?'}, IN_ALL_VIEWS, "help", "all keys of this screen"},
	{ACTION_BACK, "back", {TUI_KEY_ESCAPE}, IN_ALL_VIEWS, NULL, "back to where you came from"},
	{ACTION_QUIT,
	 "quit",
	 {'q', TUI_KEY_CONTROL('c')},
	 IN_ALL_VIEWS,
	 "quit",
	 "back from a page; else leave, pods run on"},
};
const size_t action_count = ARRAY_SIZE(actions);
_Static_assert(ARRAY_SIZE(actions) <= ACTION_LIMIT, "struct bindings has room for all");

const struct action *action_for_name(const char *name, enum view_kind view)
{
	const struct action *found = NULL;
	size_t length = strlen(name);

	if (length == 0)
		return NULL;
	for (size_t i = 0; i < action_count; i++) {
		if ((actions[i].views & IN_VIEW(view)) == 0)
			continue;
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	for (size_t i = 0; i < action_count; i++) {
		if ((actions[i].views & IN_VIEW(view)) == 0 ||
		    strncmp(actions[i].name, name, length) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &actions[i];
	}
	return found;
}

const struct action *action_of(enum action_kind kind)
{
	size_t i = 0;
	while (i + 1 < action_count && actions[i].kind != kind)
		i++;
	return &actions[i];
}

void action_command_line(const struct string_list *argv, struct strbuf *out)
{
	strbuf_append(out, "i2kit");
	for (size_t i = 0; i < argv->count; i++) {
		strbuf_append_char(out, ' ');
		strbuf_append_shell(out, argv->items[i]);
	}
}

const char *view_name(enum view_kind view)
{
	static const char *const names[VIEW_COUNT] = {
		[VIEW_PODS] = "pods",	      [VIEW_POD] = "pod",	[VIEW_LOGS] = "logs",
		[VIEW_SERVICES] = "services", [VIEW_IMAGES] = "images", [VIEW_CLOUD] = "cloud",
		[VIEW_EVENTS] = "events",     [VIEW_JOBS] = "jobs",	[VIEW_JOB] = "job",
		[VIEW_LINE] = "line",	      [VIEW_PROJECTS] = "all",	[VIEW_ABOUT] = "about",
		[VIEW_HELP] = "help",
	};
	return names[view];
}
