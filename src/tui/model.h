/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_MODEL_H
#define I2KIT_TUI_MODEL_H

/*
 * All that the terminal UI knows. update.c changes it, the view_*.c files draw it, runner.c feeds it
 * and carries out the effects it asks for. No curses, no sockets, no files here, so every screen
 * can be tested as keys in, text out.
 */

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/string_list.h"
#include "local/plan/state.h"
#include "tui/about.h"
#include "tui/action.h"
#include "tui/answer.h"
#include "tui/bindings.h"
#include "tui/log_window.h"
#include "tui/projects.h"

/* Something the runner must do; taken by model_take_effect(). */
enum effect_kind {
	EFFECT_QUIT,
	EFFECT_REDRAW,
	EFFECT_RUN,	   /* argv beside the screen, output into a job */
	EFFECT_FOREGROUND, /* argv with the terminal handed over: shell */
	EFFECT_ASK,	   /* argv prints JSON; comes back with `ask` */
	EFFECT_COPY,	   /* text to the terminal's clipboard */
	EFFECT_BROWSE,	   /* text is a URL */
	EFFECT_PROJECT,	   /* another project is shown from now on: model.project */
	EFFECT_ABOUT,	   /* read what the pod `text` is made of */
	EFFECT_SAVE_LOGS,  /* text is a path */
	EFFECT_SAVE_TEXT,  /* text is a path, content what goes there */
	EFFECT_LOGS_OPEN,  /* read the store anew, with the selection and filter of model.logs */
	EFFECT_LOGS_OLDER, /* lines before the first one in the window */
	EFFECT_LOGS_NEWER, /* lines after the last one, which are no longer in memory */
	EFFECT_SUSPEND,	   /* back to the shell, as ^Z does */
	EFFECT_MOUSE,	   /* take the mouse, or leave it to the terminal: number */
	EFFECT_CANCEL_JOB, /* number */
};

struct effect {
	enum effect_kind kind;
	struct string_list argv; /* after the program's name */
	char *text;		 /* owned or NULL */
	char *content;		 /* owned or NULL */
	enum ask_kind ask;
	unsigned number;
};
void effect_clear(struct effect *effect);

/* A command that runs beside the screen. */
struct job {
	unsigned number;
	char *command;		  /* as a person would type it */
	struct string_list lines; /* output, the last JOB_MAX_LINES */
	bool is_running;
	int exit_status; /* -1 while it runs; 128 + signal */
	int64_t started_ns;
	int64_t ended_ns;
};
enum { JOB_MAX_LINES = 1000 };

/* Per list: where the cursor is. */
struct list_state {
	size_t selected;
	size_t top;
	unsigned sort_column; /* 0: natural order; else counts the columns with a title */
	bool is_reversed;
	char *filter; /* regular expression, or NULL */
	size_t found; /* of a page: the row of the last match */
};

/* The screen about a pod. */
struct about_state {
	char *instance; /* or NULL */
	char *pod;
	enum about_part part;
	bool is_loading;
	bool is_asking; /* why */
	bool has_facts;
	struct pod_facts facts;
	char *problem; /* why there are none */
	bool has_secrets;
	char *why;
};
void about_state_clear(struct about_state *about);

enum prompt_kind {
	PROMPT_NONE,
	PROMPT_COMMAND,
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_SCALE,
	PROMPT_SINCE,
	PROMPT_SAVE,
	PROMPT_SAVE_PAGE,
	PROMPT_FORWARD,
	PROMPT_TRANSFER,
	PROMPT_CONTAINER,
	PROMPT_SHELL, /* in which container */
	PROMPT_ROLLBACK,
	PROMPT_CONFIRM, /* y or n; then runs `pending` */
	PROMPT_QUIT,	/* y or n */
	PROMPT_CANCEL,	/* y or n; then ends the job `job` */
};

/* A word that may be typed; Tab and the arrows choose among those that fit. */
struct choice {
	char *name;
	char *help; /* or NULL */
};

struct prompt {
	enum prompt_kind kind;
	struct strbuf text; /* what is typed */
	char *question;
	struct string_list pending; /* argv that a yes runs */
	unsigned job;
	struct choice *choices; /* owned */
	size_t choice_count;
	size_t chosen; /* among those that fit, from 1; 0: what is typed */
};

enum { SPARK_SIZE = 32 };

/* The course of an instance's load; the newest last. */
struct load_history {
	char *instance;
	uint64_t last_cpu_usec;
	int64_t last_ns;
	uint8_t cpu_percent[SPARK_SIZE]; /* of one CPU, at most 255 */
	uint8_t memory_percent[SPARK_SIZE];
	size_t count;
	bool is_seen;
};

struct model {
	int rows;
	int columns;
	enum view_kind view;
	enum view_kind history[8]; /* for ACTION_BACK */
	size_t history_count;

	char *project;
	char *environment_file;	     /* -e for cloud verbs */
	struct project_set projects; /* all of them, while their screen is shown */
	char *wanted_row;	     /* the pod to select when the status comes, or NULL */
	struct project_status status;
	bool has_status;
	bool is_connected;
	char *problem; /* why there is no status */

	struct project_event *events; /* the last EVENT_MAX */
	size_t event_count;
	struct load_history *loads;
	size_t load_count;

	struct list_state lists[VIEW_COUNT];
	struct string_list marked; /* instances, for logs of several */
	char *detail_instance;
	struct about_state about;
	struct answer answers[ASK_COUNT];
	struct job *jobs;
	size_t job_count;
	unsigned next_job;
	unsigned detail_job; /* the one whose output fills the screen */

	/* A plan is shown first; when it is there, whether to carry it out is asked. */
	struct plan_step {
		bool is_next; /* the next job that starts is the plan */
		unsigned job; /* 0: none */
		char *question;
		struct string_list argv;
	} plan;

	struct log_window logs;
	struct string_list log_selection; /* pods or instances; empty: all */
	size_t log_top;			  /* the first line on the screen */
	size_t log_cursor;		  /* the selected line, when paused */
	int log_left;			  /* columns scrolled */
	uint64_t log_mark;		  /* a rule stands behind this line; 0: none */
	bool is_following;
	bool is_wrapped;
	bool has_timestamps;
	bool is_json_shown_raw;
	bool search_goes_on; /* when lines have come from the store */
	bool search_is_forward;
	bool is_search_backward; /* the last / went back from the end of a followed log */

	struct prompt prompt;
	char *search;
	regex_t search_regex;
	bool has_search_regex;
	char *message; /* the line above the keys, until the next key */
	bool is_message_error;

	unsigned host_cpu_percent;
	uint8_t host_cpu[SPARK_SIZE]; /* the course of it, newest last */
	size_t host_cpu_count;
	uint64_t host_memory_used;
	uint64_t host_memory_total;
	int64_t now_ns;
	bool is_mouse_off;
	struct bindings bindings;
	char *config_file; /* where they may be changed; NULL: nowhere */

	struct effect *effects; /* a queue */
	size_t effect_count;
};
enum { EVENT_MAX = 1000 };

void model_init(struct model *model, const char *project, int rows, int columns);
void model_clear(struct model *model);

/* What happened; everything pointed to stays the caller's. */
enum event_kind {
	EVENT_KEY,
	EVENT_CLICK,
	EVENT_RESIZE,
	EVENT_STATUS, /* status NULL: connection lost, text says why */
	EVENT_PROJECT,
	EVENT_LOG_LINE,	      /* a new line at the end */
	EVENT_LOG_LINES_DONE, /* those were all, for now */
	EVENT_LOG_OLDER,      /* a line before all others; newest of them first */
	EVENT_LOG_OLDER_DONE, /* number: how many passed; is_end: there are no older ones */
	EVENT_LOG_NEWER_DONE, /* the same of newer ones, which came as EVENT_LOG_NEWER */
	EVENT_LOG_NEWER,
	EVENT_TICK, /* every two seconds: host load, ages */
	EVENT_JOB_STARTED,
	EVENT_JOB_LINE,
	EVENT_JOB_ENDED,
	EVENT_ANSWER,	    /* text is the JSON that an EFFECT_ASK printed; NULL: failed, message in
			 `problem` */
	EVENT_PROJECTS,	    /* names of all that are up */
	EVENT_OTHER_STATUS, /* status, or problem, of the project `text` */
	EVENT_ABOUT,	    /* facts are taken; or problem */
	EVENT_NOTICE,	    /* text for the message line */
};

struct event {
	enum event_kind kind;
	unsigned key;
	int row;
	int column;
	const struct project_status *status;
	const struct project_event *project_event;
	const struct log_line *line;
	struct pod_facts *facts;
	const struct string_list *names;
	const char *text;
	const char *problem;
	unsigned number;
	int exit_status;
	enum ask_kind ask;
	bool is_end;
	uint64_t memory_used;
	uint64_t memory_total;
	unsigned percent;
};

/* Moves the oldest effect to *ret (the caller clears it); false when there is none. */
bool model_take_effect(struct model *model, struct effect *ret);

/* Used by update.c and the views' key handlers. */
struct effect *model_add_effect(struct model *model, enum effect_kind kind);
void model_say(struct model *model, bool is_error, const char *fmt, ...) PRINTF_LIKE(3, 4);
void model_go(struct model *model, enum view_kind view);
/* Another project from now on; row: the pod to select there, or NULL. */
void model_switch_project(struct model *model, const char *project, const char *row);

const struct instance_status *model_find_instance(const struct model *model, const char *name);
/* The instance that acts mean: the selected row's or the one in detail; NULL: none. */
const struct instance_status *model_current_instance(const struct model *model);
const struct pod_status *model_current_pod(const struct model *model);
const struct load_history *model_find_load(const struct model *model, const char *instance);
/* The published address of a pod ("127.0.0.1:8080"), owned, or NULL. */
char *model_pod_address(const struct model *model, const char *pod);
/* How many VMs are ready, and how many pods say they failed. */
void model_count(const struct model *model, unsigned *ret_ready, unsigned *ret_all,
		 unsigned *ret_failed);
const struct job *model_find_job(const struct model *model, unsigned number);
/* Where the environment file is, or its usual name; never NULL. */
const char *model_environment(const struct model *model);
size_t model_list_size(const struct model *model, enum view_kind view);

#endif
