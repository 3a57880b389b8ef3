/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "local/logs/log_runs.h"
#include "local/logs/log_stream.h"
#include "local/plan/state.h"

#define MAX_INSTANCES ((size_t)4096)

struct log_reader {
	char *folder;
	struct log_filter filter;
	struct log_stream **streams;
	size_t stream_count;
	struct string_list ignored; /* instances the filter does not want */
	int watch_fd;		    /* -1: not asked for */
	bool is_at_end;		    /* the last log_reader_next() found nothing */
	char container[256];	    /* of the line given last */
};

void log_filter_clear(struct log_filter *filter)
{
	string_list_clear(&filter->selectors);
	string_list_clear(&filter->crons);
	string_list_clear(&filter->hidden);
	*filter = (struct log_filter){0};
}

void log_reader_close(struct log_reader *reader)
{
	if (reader == NULL)
		return;
	for (size_t i = 0; i < reader->stream_count; i++)
		log_stream_free(reader->streams[i]);
	free(reader->streams);
	if (reader->watch_fd >= 0)
		(void)close(reader->watch_fd);
	string_list_clear(&reader->ignored);
	log_filter_clear(&reader->filter);
	free(reader->folder);
	free(reader);
}

static void watch_stream(const struct log_reader *reader, struct log_stream *stream)
{
	if (reader->watch_fd >= 0 && stream->watch < 0)
		stream->watch = inotify_add_watch(reader->watch_fd, stream->folder,
						  IN_CREATE | IN_MODIFY | IN_ONLYDIR);
}

static bool is_known(const struct log_reader *reader, const char *instance)
{
	for (size_t i = 0; i < reader->stream_count; i++) {
		if (strcmp(reader->streams[i]->instance, instance) == 0)
			return true;
	}
	return string_list_has(&reader->ignored, instance);
}

static bool is_hidden(const struct log_reader *reader, const char *instance)
{
	return reader->filter.selectors.count == 0 &&
	       string_list_has(&reader->filter.hidden, instance);
}

static bool is_folder(const char *folder, const char *name)
{
	AUTO_FREE char *path = path_join(folder, name);
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void add_instance(struct log_reader *reader, const char *name)
{
	struct log_stream *stream = log_stream_open(reader->folder, name, &reader->filter);

	if (stream != NULL) {
		*ARRAY_APPEND(reader->streams, reader->stream_count) = stream;
		watch_stream(reader, stream);
	} else {
		AUTO_FREE char *path = path_join(reader->folder, name);
		size_t count;
		free(log_segment_list(path, &count));
		/* Before its first line it is not known whose instance it is. */
		if (count > 0)
			string_list_add(&reader->ignored, name);
	}
}

static void find_instances(struct log_reader *reader)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	(void)folder_list(reader->folder, &names, NULL);
	for (size_t i = 0; i < names.count && reader->stream_count < MAX_INSTANCES; i++) {
		const char *name = names.items[i];
		if (name[0] != '.' && !is_hidden(reader, name) && !is_known(reader, name) &&
		    is_folder(reader->folder, name))
			add_instance(reader, name);
	}
}

struct log_reader *log_reader_open(const char *project, const char *folder,
				   const struct log_filter *filter, struct error *err)
{
	struct log_reader *reader;
	AUTO_FREE char *below = path_join("logs", project);

	if (project[0] == '.' || strchr(project, '/') != NULL) {
		(void)error_set(err, ERROR_INVALID, "'%s' is no project name", project);
		return NULL;
	}
	reader = xcalloc(1, sizeof(*reader));
	reader->watch_fd = -1;
	reader->folder = folder != NULL ? xstrdup(folder) : path_folder(PATH_DATA, below);
	if (filter != NULL) {
		reader->filter = *filter;
		reader->filter.selectors = STRING_LIST_INIT;
		string_list_copy(&reader->filter.selectors, &filter->selectors);
		reader->filter.crons = STRING_LIST_INIT;
		string_list_copy(&reader->filter.crons, &filter->crons);
		reader->filter.hidden = STRING_LIST_INIT;
		string_list_copy(&reader->filter.hidden, &filter->hidden);
	}
	find_instances(reader);
	return reader;
}

void log_store_list(const char *project, struct string_list *ret)
{
	struct log_reader *reader = log_reader_open(project, NULL, NULL, NULL);

	for (size_t i = 0; reader != NULL && i < reader->stream_count; i++)
		string_list_add(ret, reader->streams[i]->instance);
	string_list_sort(ret);
	log_reader_close(reader);
}

static void add_new(struct string_list *list, char *text)
{
	if (string_list_has(list, text))
		free(text);
	else
		string_list_take(list, text);
}

static void add_selectors(const struct log_stream *stream, struct string_list *ret)
{
	const char *dash = strrchr(stream->instance, '-');
	/* Before the first line only the name says whose it is. */
	AUTO_FREE char *pod =
		stream->pod[0] != '\0' || dash == NULL
			? xstrdup(stream->pod)
			: xstrndup(stream->instance, (size_t)(dash - stream->instance));

	AUTO(log_runs_clear) struct log_runs runs = {0};

	log_runs_load(&runs, stream->folder);
	add_new(ret, xstrdup(pod));
	add_new(ret, xstrdup(stream->instance));
	for (size_t i = 0; i < runs.count; i++) {
		add_new(ret, xasprintf("%s/%s", pod, runs.items[i].container));
		add_new(ret, xasprintf("%s/%s", stream->instance, runs.items[i].container));
	}
}

void log_store_list_selectors(const char *project, const char *folder, struct string_list *ret)
{
	struct log_reader *reader = log_reader_open(project, folder, NULL, NULL);

	for (size_t i = 0; reader != NULL && i < reader->stream_count; i++)
		add_selectors(reader->streams[i], ret);
	log_reader_close(reader);
}

static void drain_watch(const struct log_reader *reader)
{
	char events[4096];

	while (reader->watch_fd >= 0 && read(reader->watch_fd, events, sizeof(events)) > 0)
		continue;
}

static void refresh(struct log_reader *reader)
{
	drain_watch(reader);
	for (size_t i = 0; i < reader->stream_count; i++)
		log_stream_refresh(reader->streams[i]);
	find_instances(reader);
}

#define FOR_EACH_STREAM(reader, call)                                                              \
	do {                                                                                       \
		(reader)->is_at_end = false;                                                       \
		for (size_t i_ = 0; i_ < (reader)->stream_count; i_++) {                           \
			struct log_stream *stream = (reader)->streams[i_];                         \
			call;                                                                      \
		}                                                                                  \
	} while (0)

uint64_t log_reader_removed_lines(struct log_reader *reader)
{
	uint64_t removed = 0;

	for (size_t i = 0; i < reader->stream_count; i++)
		removed += log_stream_first_line(reader->streams[i]);
	return removed;
}

void log_reader_seek_end(struct log_reader *reader)
{
	refresh(reader);
	FOR_EACH_STREAM(reader, log_stream_seek_end(stream));
}

void log_reader_seek_time(struct log_reader *reader, int64_t time_ns)
{
	refresh(reader);
	FOR_EACH_STREAM(reader, log_stream_seek_time(stream, time_ns));
}

void log_reader_seek_sequence(struct log_reader *reader, uint64_t sequence)
{
	refresh(reader);
	FOR_EACH_STREAM(reader, log_stream_seek_sequence(stream, sequence));
}

void log_reader_seek_tail(struct log_reader *reader, uint64_t lines)
{
	refresh(reader);
	FOR_EACH_STREAM(reader, log_stream_seek_tail(stream, lines));
}

void log_reader_seek_tail_since(struct log_reader *reader, uint64_t lines, int64_t time_ns)
{
	refresh(reader);
	FOR_EACH_STREAM(reader, log_stream_seek_tail_since(stream, lines, time_ns));
}

static void give(struct log_reader *reader, const struct log_stream *stream,
		 const struct log_record *record, struct log_line *ret)
{
	memcpy(reader->container, record->container, record->header.container_size);
	reader->container[record->header.container_size] = '\0';
	*ret = (struct log_line){
		.sequence = record->header.sequence,
		.time_ns = record->header.time_ns,
		.pod = stream->pod,
		.instance = stream->instance,
		.container = reader->container,
		.source = record->header.source,
		.is_partial = (record->header.flags & LOG_RECORD_FLAG_PARTIAL) != 0,
		.run = record->header.run,
		.text = record->text,
		.size = record->header.text_size,
		.lost_before = record->header.lost_before,
	};
}

/* Whether a comes before b in the merged order. */
static bool is_before(const struct log_peek *a, const struct log_peek *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->sequence < b->sequence;
}

static struct log_stream *find_next(struct log_reader *reader)
{
	struct log_stream *best = NULL;

	for (size_t i = 0; i < reader->stream_count; i++) {
		struct log_stream *stream = reader->streams[i];
		const struct log_peek *peek = log_stream_peek_next(stream);
		if (peek != NULL && (best == NULL || is_before(peek, &best->next)))
			best = stream;
	}
	return best;
}

bool log_reader_next(struct log_reader *reader, struct log_line *ret)
{
	struct log_stream *stream;
	struct log_record record;
	uint64_t gap;

	if (reader->is_at_end)
		refresh(reader);
	reader->is_at_end = false;
	while ((stream = find_next(reader)) != NULL) {
		if (!log_stream_take_next(stream, &record, &gap))
			continue;
		give(reader, stream, &record, ret);
		ret->lost_before += gap;
		return true;
	}
	reader->is_at_end = true;
	return false;
}

bool log_reader_previous(struct log_reader *reader, struct log_line *ret)
{
	struct log_record record;
	struct log_stream *best;

	reader->is_at_end = false;
	for (;;) {
		best = NULL;
		for (size_t i = 0; i < reader->stream_count; i++) {
			struct log_stream *stream = reader->streams[i];
			const struct log_peek *peek = log_stream_peek_previous(stream);
			if (peek != NULL && (best == NULL || is_before(&best->previous, peek)))
				best = stream;
		}
		if (best == NULL)
			return false;
		if (!log_stream_take_previous(best, &record))
			continue;
		give(reader, best, &record, ret);
		return true;
	}
}

int log_reader_watch_fd(struct log_reader *reader)
{
	if (reader->watch_fd >= 0)
		return reader->watch_fd;
	reader->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (reader->watch_fd < 0)
		return -1;
	if (inotify_add_watch(reader->watch_fd, reader->folder, IN_CREATE | IN_ONLYDIR) < 0) {
		(void)close(take_fd(&reader->watch_fd));
		return -1;
	}
	for (size_t i = 0; i < reader->stream_count; i++)
		watch_stream(reader, reader->streams[i]);
	/* What came between the last look and the watch is found by the next look. */
	reader->is_at_end = true;
	return reader->watch_fd;
}
