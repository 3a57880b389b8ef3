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

#define EVENT_MARK "@event " /* no container's name */

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

void log_runs_load(struct log_runs *runs, const char *folder)
{
	AUTO_FREE char *path = path_join(folder, "runs");
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	size_t size;

	*runs = (struct log_runs){0};
	if (!file_read(path, 256 << 10, &text, &size, NULL))
		return;
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *space = strchr(lines.items[i], ' ');
		struct log_run_count *item;
		uint64_t starts;

		if (space == NULL)
			continue;
		*space = '\0';
		if (strncmp(space + 1, EVENT_MARK, strlen(EVENT_MARK)) == 0) {
			read_event(runs, lines.items[i], space + 1 + strlen(EVENT_MARK));
			continue;
		}
		if (parse_u64(lines.items[i], 0, UINT32_MAX, &starts) &&
		    find(runs, space + 1) == NULL && (item = add(runs, space + 1)) != NULL)
			item->starts = (uint32_t)starts;
	}
}

char *log_runs_text(const struct log_runs *runs)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < runs->count; i++)
		strbuf_appendf(&text, "%" PRIu32 " %s\n", runs->items[i].starts,
			       runs->items[i].container);
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

void log_runs_start(struct log_runs *runs, const char *container)
{
	struct log_run_count *item = find(runs, container);

	/* A name that would break the file is no container's. */
	if (strchr(container, '\n') != NULL)
		return;
	if (item == NULL)
		item = add(runs, container);
	if (item != NULL && item->starts < UINT32_MAX)
		item->starts++;
}

uint32_t log_runs_current(const struct log_runs *runs, const char *container)
{
	const struct log_run_count *item = find(runs, container);

	return item == NULL || item->starts == 0 ? 0 : item->starts - 1;
}
