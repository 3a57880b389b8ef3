/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/run_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "local/logs/log_reader.h"
#include "tui/runner.h"
#include "tui/update.h"

enum {
	TAIL_LINES = 2000,     /* of each instance, when a log is opened */
	TAIL_FILTERED = 50000, /* so many are looked through when a filter is set */
	OLDER_LINES = 2000,
	PIECE_LINES = 4000, /* read between two looks at the keys */
	PIECE_MS = 60, /* looking for lines that pass a filter, before keys are looked at again */
	POLL_MS = 300,
};

static struct log_reader *open_reader(struct runner *runner, struct error *err)
{
	const struct model *model = &runner->model;
	AUTO(string_list_clear) struct string_list crons = STRING_LIST_INIT;
	for (size_t i = 0; i < model->status.pod_count; i++) {
		if (model->status.pods[i].cron.schedule != NULL)
			string_list_add(&crons, model->status.pods[i].name);
	}
	struct log_filter filter = {
		.selectors = model->log_selection, /* borrowed */
		.crons = crons,			   /* likewise */
		.has_system = model->logs.stream == STREAM_SYSTEM,
		.is_previous = model->logs.is_previous,
	};
	return log_reader_open(model->project, NULL, &filter, err);
}

static void read_piece(struct runner *runner)
{
	struct log_line line;
	size_t count = 0;

	while (count < PIECE_LINES && log_reader_next(runner->logs, &line)) {
		model_update(&runner->model,
			     &(struct event){.kind = EVENT_LOG_LINE, .line = &line});
		count++;
	}
	if (count == 0)
		return;
	/* One event for the screen, not one for each line. */
	runner_feed(runner, &(struct event){.kind = EVENT_LOG_LINES_DONE});
	if (count == PIECE_LINES)
		loop_timer_set(runner->log_poll, 0);
}

static void take_watch(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	read_piece(arg);
}

static void take_poll(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	if (runner->logs == NULL)
		return;
	if (runner->log_watch == NULL)
		loop_timer_set(timer, POLL_MS);
	read_piece(runner);
}

void runner_close_logs(struct runner *runner)
{
	loop_fd_remove(runner->log_watch);
	runner->log_watch = NULL;
	log_reader_close(runner->logs);
	runner->logs = NULL;
	if (runner->log_poll != NULL)
		loop_timer_cancel(runner->log_poll);
	if (runner->log_more != NULL)
		loop_timer_cancel(runner->log_more);
}

/* New lines come from this reader from now on. */
static void follow_with(struct runner *runner, struct log_reader *reader)
{
	runner_close_logs(runner);
	runner->logs = reader;
	if (runner->log_poll == NULL)
		runner->log_poll = loop_add_timer(runner->loop, 0, take_poll, runner);
	int fd = log_reader_watch_fd(reader);
	if (fd >= 0)
		runner->log_watch = loop_add_fd(runner->loop, fd, LOOP_READ, take_watch, runner);
	loop_timer_set(runner->log_poll, 0);
}

void runner_open_logs(struct runner *runner)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct log_window *window = &runner->model.logs;

	runner_close_logs(runner);
	log_window_reset(window);
	runner->newer_sequence = 0;
	AUTO_PTR(log_reader) struct log_reader *reader = open_reader(runner, &err);
	if (reader == NULL) {
		runner_feed(runner, &(struct event){.kind = EVENT_NOTICE,
						    .text = err.message,
						    .exit_status = 1});
		return;
	}
	bool is_filtered =
		window->has_regex || window->container != NULL || window->stream != STREAM_ALL;
	if (window->since_ns != 0)
		log_reader_seek_time(reader, window->since_ns);
	else
		log_reader_seek_tail(reader, is_filtered ? TAIL_FILTERED : TAIL_LINES);
	follow_with(runner, TAKE_PTR(reader));
}

/* One piece of older lines; *ret_is_end: the store has no more. Returns how many passed. */
static unsigned read_older(struct runner *runner, bool *ret_is_end)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct log_window *window = &runner->model.logs;
	AUTO_PTR(log_reader) struct log_reader *reader = open_reader(runner, &err);
	uint64_t deadline_ms = clock_monotonic_ms() + PIECE_MS;
	struct log_line line;
	unsigned passed = 0;

	*ret_is_end = true;
	runner->newer_sequence = 0; /* the window's end may go for what comes before it */
	if (reader == NULL)
		return 0;
	if (window->scan_sequence != 0)
		log_reader_seek_sequence(reader, window->scan_sequence);
	else
		log_reader_seek_end(reader);
	while (log_reader_previous(reader, &line)) {
		passed += log_window_passes(window, &line) ? 1 : 0;
		model_update(&runner->model,
			     &(struct event){.kind = EVENT_LOG_OLDER, .line = &line});
		if (passed < OLDER_LINES && clock_monotonic_ms() < deadline_ms)
			continue;
		*ret_is_end = false;
		break;
	}
	return passed;
}

/* The same of newer ones. At the end of the store this reader goes on as the one that follows. */
static unsigned read_newer(struct runner *runner, bool *ret_is_end)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct log_window *window = &runner->model.logs;
	AUTO_PTR(log_reader) struct log_reader *reader = open_reader(runner, &err);
	const struct window_line *last =
		log_window_line(window, window->count > 0 ? window->count - 1 : 0);
	uint64_t deadline_ms = clock_monotonic_ms() + PIECE_MS;
	struct log_line line;
	unsigned passed = 0;

	*ret_is_end = true;
	if (reader == NULL || last == NULL)
		return 0;
	uint64_t after =
		last->sequence > runner->newer_sequence ? last->sequence : runner->newer_sequence;
	log_reader_seek_sequence(reader, after + 1);
	while (log_reader_next(reader, &line)) {
		passed += log_window_passes(window, &line) ? 1 : 0;
		runner->newer_sequence = line.sequence;
		model_update(&runner->model,
			     &(struct event){.kind = EVENT_LOG_NEWER, .line = &line});
		if (passed < OLDER_LINES && clock_monotonic_ms() < deadline_ms)
			continue;
		*ret_is_end = false;
		return passed;
	}
	follow_with(runner, TAKE_PTR(reader));
	return passed;
}

static void take_more(struct loop_timer *timer, void *arg)
{
	struct runner *runner = arg;
	bool is_newer = runner->is_more_newer;
	bool is_end = true;
	unsigned passed = is_newer ? read_newer(runner, &is_end) : read_older(runner, &is_end);
	(void)timer;

	runner_feed(runner,
		    &(struct event){.kind = is_newer ? EVENT_LOG_NEWER_DONE : EVENT_LOG_OLDER_DONE,
				    .number = passed,
				    .is_end = is_end});
}

/* By a timer, so that keys are looked at between two pieces. */
void runner_more_logs(struct runner *runner, bool is_newer)
{
	runner->is_more_newer = is_newer;
	if (runner->log_more == NULL)
		runner->log_more = loop_add_timer(runner->loop, 0, take_more, runner);
	loop_timer_set(runner->log_more, 0);
}

static bool save(struct runner *runner, int fd, uint64_t *ret_count, struct error *err)
{
	AUTO_PTR(log_reader) struct log_reader *reader = open_reader(runner, err);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct log_line line;
	char when[RFC3339_SIZE];

	if (reader == NULL)
		return false;
	while (log_reader_next(reader, &line)) {
		if (!log_window_passes(&runner->model.logs, &line))
			continue;
		clock_format_rfc3339(when, line.time_ns, 6);
		strbuf_appendf(&text, "%s %s/%s ", when, line.instance, line.container);
		strbuf_append_bytes(&text, line.text, line.size);
		strbuf_append_char(&text, '\n');
		(*ret_count)++;
		if (text.size > (size_t)256 << 10) {
			if (!fd_write_all(fd, text.data, text.size, err))
				return false;
			strbuf_reset(&text);
		}
	}
	return text.size == 0 || fd_write_all(fd, text.data, text.size, err);
}

void runner_save_logs(struct runner *runner, const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint64_t count = 0;
	/* An existing file is not overwritten: nobody was asked. */
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		error_set_errno(&err, errno, "%s", path);
	bool is_saved = fd >= 0 && save(runner, fd, &count, &err);
	AUTO_FREE char *text =
		is_saved ? xasprintf("saved %llu lines to %s", (unsigned long long)count, path)
			 : xstrdup(err.message);
	runner_feed(runner, &(struct event){.kind = EVENT_NOTICE,
					    .text = text,
					    .exit_status = is_saved ? 0 : 1});
}
