/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_runs.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/string_list.h"

/* No containers' names. */
#define EVENT_MARK  "@event "
#define LAST_MARK   "@last "
#define BEFORE_MARK "@before "

void log_runs_clear(struct log_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		free(runs->items[i].container);
	free(runs->items);
	*runs = (struct log_runs){0};
}

static struct log_run_count *find(const struct log_runs *runs, const char *container)
{
	for (size_t i = 0; i < runs->count; i++) {
		if (strcmp(runs->items[i].container, container) == 0)
			return &runs->items[i];
	}
	return NULL;
}

static struct log_run_count *add(struct log_runs *runs, const char *container)
{
	struct log_run_count *item;

	if (runs->count >= LOG_RUNS_MAX)
		return NULL;
	item = ARRAY_APPEND(runs->items, runs->count);
	item->container = xstrdup(container);
	return item;
}

static void read_event(struct log_runs *runs, const char *sequence, const char *boot)
{
	uint64_t hash;

	if (parse_u64(boot, 0, UINT32_MAX, &hash) &&
	    parse_u64(sequence, 0, UINT64_MAX, &runs->event_sequence))
		runs->event_boot = (uint32_t)hash;
}

/* "sequence", and behind the mark "boot container"; the container's own line comes before it. */
static void read_start(const struct log_runs *runs, const char *sequence, char *rest, bool is_last)
{
	char *space = strchr(rest, ' ');
	struct log_run_start start = {.is_known = true};
	struct log_run_count *item;
	uint64_t boot;

	if (space == NULL)
		return;
	*space = '\0';
	item = find(runs, space + 1);
	if (item == NULL || !parse_u64(rest, 0, UINT32_MAX, &boot) ||
	    !parse_u64(sequence, 0, UINT64_MAX, &start.sequence))
		return;
	start.boot = (uint32_t)boot;
	*(is_last ? &item->last : &item->before) = start;
}

/* Whether it was a line with a mark. */
static bool read_marked(struct log_runs *runs, const char *number, char *rest)
{
	if (strncmp(rest, EVENT_MARK, strlen(EVENT_MARK)) == 0)
		read_event(runs, number, rest + strlen(EVENT_MARK));
	else if (strncmp(rest, LAST_MARK, strlen(LAST_MARK)) == 0)
		read_start(runs, number, rest + strlen(LAST_MARK), true);
	else if (strncmp(rest, BEFORE_MARK, strlen(BEFORE_MARK)) == 0)
		read_start(runs, number, rest + strlen(BEFORE_MARK), false);
	else
		return false;
	return true;
}

void log_runs_parse(struct log_runs *runs, char *text)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	*runs = (struct log_runs){0};
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *space = strchr(lines.items[i], ' ');
		struct log_run_count *item;
		uint64_t starts;

		if (space == NULL)
			continue;
		*space = '\0';
		if (!read_marked(runs, lines.items[i], space + 1) &&
		    parse_u64(lines.items[i], 0, UINT32_MAX, &starts) &&
		    find(runs, space + 1) == NULL && (item = add(runs, space + 1)) != NULL)
			item->starts = (uint32_t)starts;
	}
}

void log_runs_load(struct log_runs *runs, const char *folder)
{
	AUTO_FREE char *path = path_join(folder, "runs");
	AUTO_FREE char *text = NULL;
	size_t size;

	*runs = (struct log_runs){0};
	if (file_read(path, 256 << 10, &text, &size, NULL))
		log_runs_parse(runs, text);
}

static void append_start(struct strbuf *text, const char *mark, const struct log_run_start *start,
			 const char *container)
{
	if (start->is_known)
		strbuf_appendf(text, "%" PRIu64 " %s%" PRIu32 " %s\n", start->sequence, mark,
			       start->boot, container);
}

char *log_runs_text(const struct log_runs *runs)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < runs->count; i++) {
		const struct log_run_count *item = &runs->items[i];
		strbuf_appendf(&text, "%" PRIu32 " %s\n", item->starts, item->container);
		append_start(&text, LAST_MARK, &item->last, item->container);
		append_start(&text, BEFORE_MARK, &item->before, item->container);
	}
	if (runs->event_sequence > 0)
		strbuf_appendf(&text, "%" PRIu64 " " EVENT_MARK "%" PRIu32 "\n",
			       runs->event_sequence, runs->event_boot);
	return strbuf_take(&text);
}

void log_runs_write(const char *folder, const char *text)
{
	AUTO_FREE char *path = path_join(folder, "runs");

	if (path_make_folders(folder, 0700, NULL))
		(void)!file_write_atomic(path, text, strlen(text), 0600, NULL);
}

void log_runs_start(struct log_runs *runs, const char *container, const struct log_run_start *start)
{
	struct log_run_count *item = find(runs, container);

	/* A name that would break the file is no container's. */
	if (strchr(container, '\n') != NULL)
		return;
	if (item == NULL)
		item = add(runs, container);
	if (item == NULL)
		return;
	if (item->starts < UINT32_MAX)
		item->starts++;
	item->before = item->last;
	item->last = start != NULL ? *start : (struct log_run_start){0};
}

bool log_runs_is_previous(const struct log_runs *runs, const char *container, uint32_t boot,
			  uint64_t guest_sequence, uint32_t run)
{
	const struct log_run_count *item = find(runs, container);
	const struct log_run_start *last, *before;

	if (item == NULL)
		return false;
	last = &item->last;
	before = &item->before;
	if (guest_sequence == 0 || !last->is_known || !before->is_known)
		return run + 1 == log_runs_current(runs, container);
	if (boot == before->boot)
		return guest_sequence > before->sequence &&
		       (boot != last->boot || guest_sequence <= last->sequence);
	return false;
}

uint32_t log_runs_current(const struct log_runs *runs, const char *container)
{
	const struct log_run_count *item = find(runs, container);

	return item == NULL || item->starts == 0 ? 0 : item->starts - 1;
}
