/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud_tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct kept_line {
	int64_t time_ns;
	char *text;	    /* owned */
	const char *stream; /* filled in when it is shown */
	size_t order;	    /* of coming, among lines of one time */
};

struct kept_stream {
	char *name;		/* owned */
	struct kept_line *ring; /* owned */
	size_t count;		/* of all that came; the newest are in the ring */
};

struct cloud_tail {
	size_t max;
	size_t came;
	struct kept_stream *streams; /* owned */
	size_t stream_count;
};

struct cloud_tail *cloud_tail_new(size_t lines)
{
	struct cloud_tail *tail = xcalloc(1, sizeof(*tail));
	tail->max = lines;
	return tail;
}

static size_t kept_count(const struct cloud_tail *tail, const struct kept_stream *stream)
{
	return stream->count < tail->max ? stream->count : tail->max;
}

void cloud_tail_free(struct cloud_tail *tail)
{
	if (tail == NULL)
		return;
	for (size_t i = 0; i < tail->stream_count; i++) {
		for (size_t k = 0; k < kept_count(tail, &tail->streams[i]); k++)
			free(tail->streams[i].ring[k].text);
		free(tail->streams[i].ring);
		free(tail->streams[i].name);
	}
	free(tail->streams);
	free(tail);
}

static struct kept_stream *find_stream(struct cloud_tail *tail, const char *name)
{
	for (size_t i = 0; i < tail->stream_count; i++)
		if (strcmp(tail->streams[i].name, name) == 0)
			return &tail->streams[i];
	struct kept_stream *stream = ARRAY_APPEND(tail->streams, tail->stream_count);
	stream->name = xstrdup(name);
	return stream;
}

void cloud_tail_add(struct cloud_tail *tail, const struct cloud_line *line)
{
	struct kept_stream *stream = find_stream(tail, line->stream);
	struct kept_line *kept;
	if (tail->max == 0)
		return;
	if (stream->count < tail->max) {
		kept = ARRAY_APPEND(stream->ring, stream->count);
	} else {
		kept = &stream->ring[stream->count++ % tail->max];
		free(kept->text);
	}
	*kept = (struct kept_line){
		.time_ns = line->time_ns, .text = xstrdup(line->text), .order = tail->came++};
}

static int by_time(const void *a, const void *b)
{
	const struct kept_line *one = *(const struct kept_line *const *)a;
	const struct kept_line *two = *(const struct kept_line *const *)b;
	if (one->time_ns != two->time_ns)
		return one->time_ns < two->time_ns ? -1 : 1;
	return one->order < two->order ? -1 : one->order > two->order;
}

void cloud_tail_show(struct cloud_tail *tail, cloud_log_fn *fn, void *arg)
{
	AUTO_FREE struct kept_line **lines = NULL;
	size_t count = 0;
	for (size_t i = 0; i < tail->stream_count; i++) {
		struct kept_stream *stream = &tail->streams[i];
		for (size_t k = 0; k < kept_count(tail, stream); k++) {
			stream->ring[k].stream = stream->name;
			*ARRAY_APPEND(lines, count) = &stream->ring[k];
		}
	}
	if (count > 1)
		qsort(lines, count, sizeof(struct kept_line *), by_time);
	for (size_t i = 0; i < count; i++) {
		const struct cloud_line line = {.time_ns = lines[i]->time_ns,
						.id = "",
						.stream = lines[i]->stream,
						.text = lines[i]->text};
		if (!fn(&line, arg))
			return;
	}
}
