/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/logs/log_reader.h"
#include "local/plan/cron_runs.h"

#define NONE	     SIZE_MAX
#define HEADER	     sizeof(struct log_segment_header)
#define FIRST_SYSTEM 2 /* sources from here on are the system's own */

static void unload(struct log_stream *stream)
{
	if (stream->fd >= 0)
		(void)close(stream->fd);
	stream->fd = -1;
	stream->loaded = NONE;
	stream->size = 0;
	stream->sound = HEADER;
}

void log_stream_free(struct log_stream *stream)
{
	if (stream == NULL)
		return;
	unload(stream);
	log_runs_clear(&stream->runs);
	free(stream->bytes);
	free(stream->segments);
	free(stream->folder);
	free(stream->pod);
	free(stream->instance);
	free(stream);
}

static void forget_peeks(struct log_stream *stream)
{
	stream->next.is_known = false;
	stream->previous.is_known = false;
}

static int open_file(const struct log_stream *stream, size_t segment)
{
	char name[LOG_SEGMENT_NAME_SIZE];
	AUTO_FREE char *path = NULL;

	log_segment_name(name, stream->segments[segment]);
	path = path_join(stream->folder, name);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* Reads what the file has beyond what we have of it. */
static void grow(struct log_stream *stream)
{
	while (stream->fd >= 0 && stream->size < LOG_SEGMENT_MAX_BYTES) {
		ssize_t got = pread(stream->fd, stream->bytes + stream->size,
				    LOG_SEGMENT_MAX_BYTES - stream->size, (off_t)stream->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		stream->size += (size_t)got;
	}
	if (stream->size >= HEADER)
		stream->sound = log_segment_sound_end(stream->bytes, stream->size, stream->sound);
}

static void load(struct log_stream *stream, size_t segment)
{
	struct log_segment_header header;

	if (stream->loaded == segment)
		return;
	unload(stream);
	if (stream->bytes == NULL)
		stream->bytes = xmalloc(LOG_SEGMENT_MAX_BYTES);
	stream->loaded = segment;
	stream->fd = open_file(stream, segment);
	grow(stream);
	if (!log_segment_read_header(stream->bytes, stream->size, &header))
		stream->sound = HEADER;
}

static bool selector_names(const char *selector, const char *name, const char **ret_container)
{
	size_t length = strlen(name);

	if (strncmp(selector, name, length) != 0)
		return false;
	*ret_container = selector[length] == '/' ? selector + length + 1 : NULL;
	return selector[length] == '\0' || selector[length] == '/';
}

static bool selector_names_runs(const struct log_stream *stream, const char *selector,
				const char **ret_container)
{
	const struct string_list *crons = &stream->filter->crons;

	for (size_t i = 0; i < crons->count; i++) {
		if (cron_run_is_of(stream->pod, crons->items[i]) &&
		    selector_names(selector, crons->items[i], ret_container))
			return true;
	}
	return false;
}

/* Whether a selector wants the container (NULL: any) of this stream; by name: it says which. */
static bool is_selected(const struct log_stream *stream, const char *container, size_t size,
			bool *ret_by_name)
{
	const struct string_list *list = &stream->filter->selectors;
	bool is_wanted = list->count == 0;

	*ret_by_name = false;
	for (size_t i = 0; i < list->count; i++) {
		const char *wanted = NULL;
		if (!selector_names(list->items[i], stream->instance, &wanted) &&
		    !selector_names(list->items[i], stream->pod, &wanted) &&
		    !selector_names_runs(stream, list->items[i], &wanted))
			continue;
		if (wanted == NULL || container == NULL) {
			is_wanted = true;
		} else if (strlen(wanted) == size && memcmp(wanted, container, size) == 0) {
			*ret_by_name = true;
			return true;
		}
	}
	return is_wanted;
}

static bool is_previous_run(const struct log_stream *stream, const struct log_record *record)
{
	char name[256];

	memcpy(name, record->container, record->header.container_size);
	name[record->header.container_size] = '\0';
	return log_runs_is_previous(&stream->runs, name, record->header.boot,
				    record->header.guest_sequence, record->header.run);
}

static bool is_wanted(const struct log_stream *stream, const struct log_record *record)
{
	const struct log_filter *filter = stream->filter;
	unsigned source = record->header.source & 31U;
	bool by_name;

	if (filter->sources != 0 && (filter->sources & (1U << source)) == 0)
		return false;
	if (!is_selected(stream, record->container, record->header.container_size, &by_name))
		return false;
	if (source >= FIRST_SYSTEM && !filter->has_system && !by_name)
		return false;
	return !filter->is_previous || is_previous_run(stream, record);
}

static uint64_t writer_of(const struct log_record *record)
{
	uint64_t container = log_hash(record->container, record->header.container_size);

	return container << 8 | record->header.source;
}

static void found(struct log_peek *peek, struct log_position start, const struct log_record *record)
{
	*peek = (struct log_peek){.is_known = true,
				  .is_found = true,
				  .start = start,
				  .size = record->header.size,
				  .time_ns = record->header.time_ns,
				  .sequence = record->header.sequence,
				  .is_partial =
					  (record->header.flags & LOG_RECORD_FLAG_PARTIAL) != 0,
				  .writer = writer_of(record)};
}

const struct log_peek *log_stream_peek_next(struct log_stream *stream)
{
	struct log_peek *peek = &stream->next;
	struct log_position at = stream->at;
	struct log_record record;

	if (peek->is_known)
		return peek->is_found ? peek : NULL;
	*peek = (struct log_peek){.is_known = true};
	while (at.segment < stream->segment_count) {
		load(stream, at.segment);
		if (at.offset < stream->sound &&
		    log_record_read(stream->bytes + at.offset, stream->sound - at.offset,
				    &record)) {
			if (is_wanted(stream, &record)) {
				found(peek, at, &record);
				return peek;
			}
			stream->last_line = record.header.line;
			at.offset += record.header.size;
		} else if (at.segment + 1 < stream->segment_count) {
			at = (struct log_position){at.segment + 1, HEADER};
		} else {
			break;
		}
	}
	/* Nothing wanted was passed, so this is the same place, and found faster next time. */
	stream->at = at;
	return NULL;
}

const struct log_peek *log_stream_peek_previous(struct log_stream *stream)
{
	struct log_peek *peek = &stream->previous;
	struct log_position at = stream->at;
	struct log_record record;

	if (peek->is_known)
		return peek->is_found ? peek : NULL;
	*peek = (struct log_peek){.is_known = true};
	if (stream->segment_count == 0)
		return NULL;
	for (;;) {
		size_t start;
		load(stream, at.segment);
		if (at.offset > stream->sound)
			at.offset = stream->sound;
		start = log_segment_step_back(stream->bytes, at.offset);
		if (start == 0 && at.segment == 0)
			return NULL;
		if (start == 0) {
			at = (struct log_position){at.segment - 1, SIZE_MAX};
			continue;
		}
		at.offset = start;
		if (log_record_read(stream->bytes + start, stream->sound - start, &record) &&
		    is_wanted(stream, &record)) {
			found(peek, at, &record);
			return peek;
		}
	}
}

static bool read_peeked(struct log_stream *stream, const struct log_peek *peek,
			struct log_record *ret)
{
	load(stream, peek->start.segment);
	return peek->start.offset < stream->sound &&
	       log_record_read(stream->bytes + peek->start.offset,
			       stream->sound - peek->start.offset, ret);
}

bool log_stream_take_next(struct log_stream *stream, struct log_record *ret, uint64_t *ret_gap)
{
	struct log_peek peek = stream->next;
	bool is_read = read_peeked(stream, &peek, ret);

	stream->at = (struct log_position){peek.start.segment, peek.start.offset + peek.size};
	forget_peeks(stream);
	*ret_gap = 0;
	if (!is_read)
		return false;
	if (stream->has_line && ret->header.line > stream->last_line + 1)
		*ret_gap = ret->header.line - stream->last_line - 1;
	stream->has_line = true;
	stream->last_line = ret->header.line;
	return true;
}

bool log_stream_take_previous(struct log_stream *stream, struct log_record *ret)
{
	struct log_peek peek = stream->previous;
	bool is_read = read_peeked(stream, &peek, ret);

	stream->at = peek.start;
	stream->has_line = false;
	forget_peeks(stream);
	return is_read;
}

static bool read_header(const struct log_stream *stream, size_t segment,
			struct log_segment_header *ret)
{
	char bytes[HEADER];
	AUTO_CLOSE int fd = open_file(stream, segment);

	return fd >= 0 && pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
	       log_segment_read_header(bytes, sizeof(bytes), ret);
}

static void learn_pod(struct log_stream *stream)
{
	struct log_segment_header header;

	if (stream->segment_count == 0 || !read_header(stream, stream->segment_count - 1, &header))
		return;
	free(stream->pod);
	stream->pod = xstrdup(header.pod);
}

/* The place of the segment that starts with `first`, or of the next later one. */
static size_t index_of(const struct log_stream *stream, uint64_t first)
{
	size_t i = 0;

	while (i < stream->segment_count && stream->segments[i] < first)
		i++;
	return i;
}

/* Puts the position where it was before the list of segments changed. */
static void keep_place(struct log_stream *stream, uint64_t at_first, uint64_t loaded_first)
{
	size_t at = index_of(stream, at_first);

	if (at >= stream->segment_count || stream->segments[at] != at_first)
		stream->at = (struct log_position){at, HEADER};
	else
		stream->at.segment = at;
	if (stream->loaded == NONE)
		return;
	at = index_of(stream, loaded_first);
	if (at < stream->segment_count && stream->segments[at] == loaded_first)
		stream->loaded = at;
	else
		unload(stream);
}

void log_stream_refresh(struct log_stream *stream)
{
	size_t count;
	bool was_empty = stream->segment_count == 0;
	uint64_t at_first = stream->at.segment < stream->segment_count
				    ? stream->segments[stream->at.segment]
				    : UINT64_MAX;
	uint64_t loaded_first = stream->loaded != NONE ? stream->segments[stream->loaded] : 0;
	uint64_t *list = log_segment_list(stream->folder, &count);

	/*
	 * The list first: a segment that has a successor is complete, so growing it misses nothing.
	 */
	free(stream->segments);
	stream->segments = list;
	stream->segment_count = count;
	if (was_empty) {
		stream->at = (struct log_position){0, HEADER};
		learn_pod(stream);
	} else {
		keep_place(stream, at_first, loaded_first);
	}
	if (stream->loaded != NONE)
		grow(stream);
	if (stream->filter->is_previous) {
		log_runs_clear(&stream->runs);
		log_runs_load(&stream->runs, stream->folder);
	}
	forget_peeks(stream);
}

struct log_stream *log_stream_open(const char *project_folder, const char *instance,
				   const struct log_filter *filter)
{
	struct log_stream *stream = xcalloc(1, sizeof(*stream));
	bool by_name;

	stream->filter = filter;
	stream->instance = xstrdup(instance);
	stream->pod = xstrdup("");
	stream->folder = path_join(project_folder, instance);
	stream->fd = -1;
	stream->watch = -1;
	unload(stream);
	log_stream_refresh(stream);
	if (is_selected(stream, NULL, 0, &by_name))
		return stream;
	log_stream_free(stream);
	return NULL;
}

uint64_t log_stream_first_line(struct log_stream *stream)
{
	struct log_record record;

	if (stream->segment_count == 0)
		return 0;
	load(stream, 0);
	return log_record_read(stream->bytes + HEADER, stream->sound - HEADER, &record)
		       ? record.header.line
		       : 0;
}

void log_stream_seek_start(struct log_stream *stream)
{
	stream->at = (struct log_position){0, HEADER};
	stream->has_line = false;
	forget_peeks(stream);
}

void log_stream_seek_end(struct log_stream *stream)
{
	log_stream_seek_start(stream);
	if (stream->segment_count == 0)
		return;
	stream->at.segment = stream->segment_count - 1;
	load(stream, stream->at.segment);
	grow(stream);
	stream->at.offset = stream->sound;
}

static int64_t segment_time(const struct log_stream *stream, size_t segment)
{
	struct log_segment_header header;

	return read_header(stream, segment, &header) ? header.first_time_ns : INT64_MIN;
}

/*
 * From the start of a segment on, to before the first record that is not before the wanted place.
 */
static void scan(struct log_stream *stream, int64_t time_ns, uint64_t sequence)
{
	struct log_record record;

	load(stream, stream->at.segment);
	while (stream->at.offset < stream->sound &&
	       log_record_read(stream->bytes + stream->at.offset, stream->sound - stream->at.offset,
			       &record) &&
	       (record.header.time_ns < time_ns || record.header.sequence < sequence))
		stream->at.offset += record.header.size;
}

void log_stream_seek_time(struct log_stream *stream, int64_t time_ns)
{
	size_t low = 0;
	size_t high = stream->segment_count;

	log_stream_seek_start(stream);
	if (stream->segment_count == 0)
		return;
	/* The last segment that starts before the time, or the first one. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (segment_time(stream, middle) < time_ns)
			low = middle;
		else
			high = middle;
	}
	stream->at.segment = low;
	scan(stream, time_ns, 0);
}

void log_stream_seek_sequence(struct log_stream *stream, uint64_t sequence)
{
	size_t after;

	log_stream_seek_start(stream);
	if (stream->segment_count == 0)
		return;
	after = sequence == UINT64_MAX ? stream->segment_count : index_of(stream, sequence + 1);
	stream->at.segment = after > 0 ? after - 1 : 0;
	scan(stream, INT64_MIN, sequence);
}

/* As the last one. */
static void note_writer(uint64_t **writers, size_t *count, uint64_t writer)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if ((*writers)[i] != writer)
			(*writers)[kept++] = (*writers)[i];
	}
	*count = kept;
	*ARRAY_APPEND(*writers, *count) = writer;
}

/*
 * Whether it is of a line that is counted already: a prompt, and what is typed behind it, come in
 * pieces. Others may have written in between.
 */
static bool is_counted(const struct log_peek *peek, const uint64_t *writers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (writers[i] == peek->writer)
			return peek->is_partial;
	}
	return false;
}

void log_stream_seek_tail(struct log_stream *stream, uint64_t lines)
{
	AUTO_FREE uint64_t *writers = NULL; /* of what is behind the position, latest last */
	size_t count = 0;

	log_stream_seek_end(stream);
	for (;;) {
		const struct log_peek *peek = log_stream_peek_previous(stream);
		if (peek == NULL)
			break;
		bool is_piece = lines > 0 ? is_counted(peek, writers, count)
					  : count > 0 && peek->is_partial &&
						    peek->writer == writers[count - 1];
		if (lines == 0 && !is_piece)
			break;
		lines -= is_piece ? 0 : 1;
		if (count == 0 || writers[count - 1] != peek->writer)
			note_writer(&writers, &count, peek->writer);
		stream->at = peek->start;
		forget_peeks(stream);
	}
}

void log_stream_seek_tail_since(struct log_stream *stream, uint64_t lines, int64_t time_ns)
{
	const struct log_peek *peek;

	log_stream_seek_tail(stream, lines);
	peek = log_stream_peek_next(stream);
	if (peek != NULL && peek->time_ns < time_ns)
		log_stream_seek_time(stream, time_ns);
}
