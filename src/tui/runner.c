/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "tui/draw.h"
#include "tui/key.h"
#include "tui/run_about.h"
#include "tui/run_host.h"
#include "tui/run_jobs.h"
#include "tui/run_logs.h"
#include "tui/run_projects.h"
#include "tui/runner.h"
#include "tui/update.h"

enum { FRAME_MS = 40, TICK_MS = 2000, RECONNECT_MS = 2000, STATS_MS = 2000 };

static void draw_frame(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	(void)timer;
	runner->is_frame_due = false;
	runner->last_frame_ms = clock_monotonic_ms();
	draw_screen(&runner->canvas, &runner->model);
	screen_show(runner->screen, &runner->canvas, runner->needs_redraw);
	runner->needs_redraw = false;
}

/* The first change is shown at once, the ones that follow it at 25 frames a second. */
static void want_frame(struct runner *runner)
{
	if (runner->is_frame_due)
		return;
	uint64_t passed_ms = clock_monotonic_ms() - runner->last_frame_ms;
	runner->is_frame_due = true;
	loop_timer_set(runner->frame, passed_ms < FRAME_MS ? FRAME_MS - passed_ms : 0);
}

static void carry_out(struct runner *runner, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_QUIT:
		loop_stop(runner->loop, 0);
		break;
	case EFFECT_REDRAW:
		runner->needs_redraw = true;
		break;
	case EFFECT_RUN:
		runner_start_job(runner, effect);
		break;
	case EFFECT_FOREGROUND:
		runner_foreground(runner, effect);
		break;
	case EFFECT_ASK:
		runner_ask(runner, effect);
		break;
	case EFFECT_COPY:
		screen_copy(runner->screen, effect->text);
		break;
	case EFFECT_BROWSE:
		runner_browse(runner, effect->text);
		break;
	case EFFECT_PROJECT:
		runner_close_logs(runner);
		loop_timer_set(runner->reconnect, 0);
		break;
	case EFFECT_ABOUT:
		runner_read_about(runner, effect->text);
		break;
	case EFFECT_SAVE_TEXT:
		runner_save_text(runner, effect->text, effect->content);
		break;
	case EFFECT_SAVE_LOGS:
		runner_save_logs(runner, effect->text);
		break;
	case EFFECT_LOGS_OPEN:
		runner_open_logs(runner);
		break;
	case EFFECT_LOGS_OLDER:
		runner_more_logs(runner, false);
		break;
	case EFFECT_LOGS_NEWER:
		runner_more_logs(runner, true);
		break;
	case EFFECT_SUSPEND:
		screen_stop(runner->screen);
		runner->needs_redraw = true;
		break;
	case EFFECT_MOUSE:
		screen_set_mouse(runner->screen, effect->number != 0);
		break;
	case EFFECT_CANCEL_JOB:
		runner_cancel_job(runner, effect->number);
		break;
	}
}

void runner_feed(struct runner *runner, const struct event *event)
{
	struct effect effect = {0};

	runner->model.now_ns = clock_wall_ns();
	model_update(&runner->model, event);
	while (model_take_effect(&runner->model, &effect)) {
		carry_out(runner, &effect);
		effect_clear(&effect);
	}
	runner_watch_projects(runner);
	want_frame(runner);
}

static void take_status(const struct project_status *status, void *arg)
{
	struct runner *runner = arg;
	const char *why = status ? NULL : "the supervisor has gone; looking for it again";
	runner_feed(runner, &(struct event){.kind = EVENT_STATUS, .status = status, .text = why});
	if (status == NULL)
		loop_timer_set(runner->reconnect, RECONNECT_MS);
}

static void take_event(const struct project_event *event, void *arg)
{
	runner_feed(arg, &(struct event){.kind = EVENT_PROJECT, .project_event = event});
}

static void connect_client(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)timer;

	client_close(runner->client);
	runner->client = client_open(runner->loop, runner->model.project, &err);
	if (runner->client == NULL) {
		runner_feed(runner, &(struct event){.kind = EVENT_STATUS, .text = err.message});
		loop_timer_set(runner->reconnect, RECONNECT_MS);
		return;
	}
	client_watch_status(runner->client, take_status, runner);
	client_watch_events(runner->client, take_event, runner);
	client_watch_stats(runner->client, STATS_MS);
}

static void take_keys(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct runner *runner = arg;
	unsigned key = 0;
	int row = 0;
	int column = 0;
	(void)source;
	(void)fd;

	if ((events & LOOP_HANGUP) != 0) { /* the terminal is gone */
		loop_stop(runner->loop, 0);
		return;
	}
	while (screen_key(runner->screen, &key, &row, &column)) {
		if (key == TUI_KEY_CLICK)
			runner_feed(
				runner,
				&(struct event){.kind = EVENT_CLICK, .row = row, .column = column});
		else
			runner_feed(runner, &(struct event){.kind = EVENT_KEY, .key = key});
	}
}

static void take_resize(struct loop_signal *source, int signo, void *arg)
{
	struct runner *runner = arg;
	int rows = 0;
	int columns = 0;
	(void)source;
	(void)signo;

	screen_resize(runner->screen);
	screen_size(runner->screen, &rows, &columns);
	canvas_resize(&runner->canvas, rows, columns);
	runner->needs_redraw = true;
	runner_feed(runner, &(struct event){.kind = EVENT_RESIZE, .row = rows, .column = columns});
}

static void take_end(struct loop_signal *source, int signo, void *arg)
{
	struct runner *runner = arg;
	(void)source;
	loop_stop(runner->loop, signo);
}

static void take_tick(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	struct event event = {.kind = EVENT_TICK};
	runner_measure_host(runner, &event);
	runner_feed(runner, &event);
	loop_timer_set(timer, TICK_MS);
}

void runner_clear(struct runner *runner)
{
	runner_free_children(runner);
	runner_close_logs(runner);
	runner_drop_projects(runner);
	client_close(runner->client);
	screen_close(runner->screen);
	model_clear(&runner->model);
	canvas_clear(&runner->canvas);
	if (runner->loop != NULL)
		loop_free(runner->loop);
}

void runner_run(struct runner *runner)
{
	runner->frame = loop_add_timer(runner->loop, 0, draw_frame, runner);
	runner->is_frame_due = true;
	runner->reconnect = loop_add_timer(runner->loop, 0, connect_client, runner);
	loop_add_timer(runner->loop, 0, take_tick, runner);
	loop_add_fd(runner->loop, STDIN_FILENO, LOOP_READ, take_keys, runner);
	loop_add_signal(runner->loop, SIGWINCH, take_resize, runner);
	loop_add_signal(runner->loop, SIGTERM, take_end, runner);
	loop_add_signal(runner->loop, SIGINT, take_end, runner);
	loop_run(runner->loop);
}
