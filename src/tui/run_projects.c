/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to each project that is up, while the screen of all of them is shown. */
#include "tui/run_projects.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "local/plan/project_identity.h"
#include "tui/runner.h"

enum { LOOK_MS = 2000 };

static void take_status(const struct project_status *status, void *arg)
{
	struct watched_project *watched = arg;

	runner_feed(watched->runner,
		    &(struct event){.kind = EVENT_OTHER_STATUS,
				    .text = watched->name,
				    .status = status,
				    .problem = status ? NULL : "its supervisor has gone"});
	watched->is_lost = status == NULL; /* the next look opens it again */
}

static void drop(struct watched_project **link)
{
	struct watched_project *watched = *link;
	*link = watched->next;
	client_close(watched->client);
	free(watched->name);
	free(watched);
}

static struct watched_project **find(struct runner *runner, const char *name)
{
	struct watched_project **link = &runner->watched;
	while (*link != NULL && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

static void watch(struct runner *runner, const char *name)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct client *client = client_open(runner->loop, name, &err);

	if (client == NULL) {
		runner_feed(runner, &(struct event){.kind = EVENT_OTHER_STATUS,
						    .text = name,
						    .problem = err.message});
		return;
	}
	struct watched_project *watched = xcalloc(1, sizeof(*watched));
	watched->runner = runner;
	watched->name = xstrdup(name);
	watched->client = client;
	watched->next = runner->watched;
	runner->watched = watched;
	client_watch_status(client, take_status, watched);
	client_watch_stats(client, LOOK_MS);
}

static void find_projects(struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	project_list(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (project_is_up(all.items[i]))
			string_list_add(ret, all.items[i]);
	}
}

static void look(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	find_projects(&names);
	for (struct watched_project **link = &runner->watched; *link != NULL;) {
		if ((*link)->is_lost || !string_list_has(&names, (*link)->name))
			drop(link);
		else
			link = &(*link)->next;
	}
	runner_feed(runner, &(struct event){.kind = EVENT_PROJECTS, .names = &names});
	for (size_t i = 0; i < names.count; i++) {
		if (*find(runner, names.items[i]) == NULL)
			watch(runner, names.items[i]);
	}
	loop_timer_set(timer, LOOK_MS);
}

void runner_watch_projects(struct runner *runner)
{
	bool is_wanted = runner->model.view == VIEW_PROJECTS;

	if (is_wanted == runner->is_watching)
		return;
	runner->is_watching = is_wanted;
	if (!is_wanted) {
		runner_drop_projects(runner);
		return;
	}
	if (runner->project_look == NULL)
		runner->project_look = loop_add_timer(runner->loop, 0, look, runner);
	loop_timer_set(runner->project_look, 0);
}

void runner_drop_projects(struct runner *runner)
{
	if (runner->project_look != NULL)
		loop_timer_cancel(runner->project_look);
	while (runner->watched != NULL)
		drop(&runner->watched);
}
