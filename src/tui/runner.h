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

/* run_jobs.c */
void runner_start_job(struct runner *runner, const struct effect *effect);
void runner_ask(struct runner *runner, const struct effect *effect);
void runner_cancel_job(struct runner *runner, unsigned number);
void runner_foreground(struct runner *runner, const struct effect *effect);
void runner_browse(struct runner *runner, const char *url);
void runner_free_children(struct runner *runner);

/* run_logs.c */
void runner_open_logs(struct runner *runner);
void runner_more_logs(struct runner *runner, bool is_newer);
void runner_save_logs(struct runner *runner, const char *path);
void runner_close_logs(struct runner *runner);

/* run_projects.c: watches all projects while their screen is shown. */
void runner_watch_projects(struct runner *runner);
void runner_drop_projects(struct runner *runner);

/* run_about.c: the plan and the disk of a pod, as an EVENT_ABOUT; a text into a new file. */
void runner_read_about(struct runner *runner, const char *pod);
void runner_save_text(struct runner *runner, const char *path, const char *text);

/* run_host.c: the host's load, as an EVENT_TICK */
void runner_measure_host(struct runner *runner, struct event *ret);

#endif
