/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUNNER_H
#define I2KIT_TUI_RUNNER_H

/* What feeds the model and carries out the effects it asks for; each kind of work has a run_NAME.c. */

#include "base/loop.h"
#include "local/client/client.h"
#include "local/logs/log_store.h"
#include "tui/model.h"
#include "tui/screen.h"
#include "tui/tui.h"

/*
 * A child process: a job with its output on the screen, or a question whose JSON is wanted whole.
 */
struct runner_child {
	struct runner *runner;
	unsigned number; /* of the job; 0: a question */
	enum ask_kind ask;
	pid_t pid;
	int fd; /* its stdout and stderr; owned */
	struct loop_fd *source;
	struct loop_child *watch;
	struct strbuf output; /* a line not ended yet, or the whole answer */
	bool has_ended;
	int status;
	struct runner_child *next;
};

/* One of all projects, while their screen is shown. */
struct watched_project {
	struct runner *runner;
	char *name;
	struct client *client;
	bool is_lost;
	struct watched_project *next;
};

struct runner {
	const struct tui_options *options;
	struct loop *loop;
	struct screen *screen;
	struct client *client; /* or NULL while it cannot be opened */
	struct loop_timer *reconnect;
	struct model model;
	struct canvas canvas;
	struct loop_timer *frame; /* draws at most so often */
	bool is_frame_due;
	bool needs_redraw;
	struct runner_child *children;
	struct log_reader *logs;
	struct loop_timer *log_more; /* older or newer lines than those in memory are wanted */
	bool is_more_newer;
	uint64_t newer_sequence; /* so far the store was looked through for newer ones */
	uint64_t last_frame_ms;
	struct loop_fd *log_watch;
	struct loop_timer *log_poll; /* where there is no watch; and to go on with a long read */
	struct watched_project *watched;
	bool is_watching;
	struct loop_timer *project_look; /* for projects that come and go */
	uint64_t last_busy;		 /* of /proc/stat */
	uint64_t last_total;
};

/* Shows the model and feeds it until the user leaves: loop, screen, canvas and model are there. */
void runner_run(struct runner *runner);
void runner_clear(struct runner *runner);
/* Feeds the model, carries out what it asks for, and has the screen drawn soon. */
void runner_feed(struct runner *runner, const struct event *event);

#endif
