/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/parse.h"
#include "base/path.h"
#include "local/logs/log_runs.h"
#include "local/logs/log_segment.h"

#define DEFAULT_INSTANCE_BYTES ((uint64_t)64 << 20)
#define DEFAULT_PROJECT_BYTES  ((uint64_t)1 << 30)
#define MIN_INSTANCE_BYTES     ((uint64_t)2 << 20)
#define MAX_SEGMENTS	       ((size_t)1024) /* small ones after many restarts count too */

static void instance_free(struct log_instance *instance)
{
	if (instance == NULL)
		return;
	if (instance->has_unsaved_runs) {
		AUTO_FREE char *text = log_runs_text(&instance->runs);
		log_runs_write(instance->folder, text);
	}
	if (instance->fd >= 0)
		(void)close(instance->fd);
	log_runs_clear(&instance->runs);
	free(instance->segments);
	free(instance->folder);
	free(instance->name);
	free(instance);
}
DEFINE_AUTO_PTR(log_instance, instance_free)

void log_store_close(struct log_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < store->instance_count; i++)
		instance_free(store->instances[i]);
	free(store->instances);
	strbuf_clear(&store->batch);
	if (store->lock_fd >= 0)
		(void)close(store->lock_fd);
	free(store->folder);
	free(store);
}
/* Learns from the newest segment where the writer before us stopped. */
static void recover(struct log_store *store, struct log_instance *instance, uint64_t first)
{
	char name[LOG_SEGMENT_NAME_SIZE];
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *bytes = NULL;
	struct log_segment_header header;
	struct log_record record;
	size_t size;

	log_segment_name(name, first);
	path = path_join(instance->folder, name);
	if (!file_read(path, LOG_SEGMENT_MAX_BYTES, &bytes, &size, NULL) ||
	    !log_segment_read_header(bytes, size, &header))
		return;
	for (size_t at = sizeof(header); log_record_read(bytes + at, size - at, &record);
	     at += record.header.size) {
		if (record.header.sequence >= store->next_sequence &&
		    record.header.sequence < UINT64_MAX / 2)
			store->next_sequence = record.header.sequence + 1;
		instance->next_line =
			record.header.line + ((record.header.flags & LOG_RECORD_FLAG_PARTIAL) == 0);
		instance->stored_line = instance->next_line;
		instance->last_time_ns = record.header.time_ns;
		if (record.header.guest_sequence != 0) {
			instance->boot = record.header.boot;
			instance->guest_sequence = record.header.guest_sequence;
		}
	}
}

static struct log_instance *load_instance(struct log_store *store, const char *name)
{
	struct log_instance *instance = xcalloc(1, sizeof(*instance));
	AUTO_FREE uint64_t *firsts = NULL;
	size_t count;

	instance->fd = -1;
	instance->name = xstrdup(name);
	instance->folder = path_join(store->folder, name);
	log_runs_load(&instance->runs, instance->folder);
	firsts = log_segment_list(instance->folder, &count);
	for (size_t i = 0; i < count; i++) {
		char file[LOG_SEGMENT_NAME_SIZE];
		AUTO_FREE char *path = NULL;
		struct stat status;
		struct log_segment *segment;

		log_segment_name(file, firsts[i]);
		path = path_join(instance->folder, file);
		if (stat(path, &status) < 0)
			continue;
		segment = ARRAY_APPEND(instance->segments, instance->segment_count);
		segment->first_sequence = firsts[i];
		segment->size = (uint64_t)status.st_size;
		instance->stored_bytes += segment->size;
		/* A torn file may hold no record: its name alone keeps sequences growing. */
		if (firsts[i] >= store->next_sequence && firsts[i] < UINT64_MAX / 2)
			store->next_sequence = firsts[i] + 1;
	}
	if (count > 0)
		recover(store, instance, firsts[count - 1]);
	store->counters.stored_bytes += instance->stored_bytes;
	*ARRAY_APPEND(store->instances, store->instance_count) = instance;
	return instance;
}

bool log_instance_name_is_sound(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= 253 && name[0] != '.' && strchr(name, '/') == NULL;
}

static void load_all(struct log_store *store)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	(void)folder_list(store->folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		if (log_instance_name_is_sound(names.items[i]) &&
		    strcmp(names.items[i], "lock") != 0)
			(void)load_instance(store, names.items[i]);
	}
}

static char *project_folder(const char *project)
{
	AUTO_FREE char *below = path_join("logs", project);

	return path_folder(PATH_DATA, below);
}

static bool lock_folder(struct log_store *store, struct error *err)
{
	AUTO_FREE char *path = path_join(store->folder, "lock");

	store->lock_fd = file_lock(path, false, err);
	return store->lock_fd >= 0;
}

struct log_store *log_store_open(const char *project, const struct log_store_options *options,
				 struct error *err)
{
	AUTO_PTR(log_store) struct log_store *store = xcalloc(1, sizeof(*store));

	store->lock_fd = -1;
	store->next_sequence = 1;
	store->instance_bytes = DEFAULT_INSTANCE_BYTES;
	store->project_bytes = options != NULL && options->project_bytes != 0
				       ? options->project_bytes
				       : DEFAULT_PROJECT_BYTES;
	store->say = options != NULL ? options->say : NULL;
	store->say_arg = options != NULL ? options->say_arg : NULL;
	if (options != NULL && options->instance_bytes != 0)
		store->instance_bytes = options->instance_bytes < MIN_INSTANCE_BYTES
						? MIN_INSTANCE_BYTES
						: options->instance_bytes;
	store->folder = options != NULL && options->folder != NULL ? xstrdup(options->folder)
								   : project_folder(project);
	if (!path_make_folders(store->folder, 0700, err) || !lock_folder(store, err)) {
		(void)error_prefix(err, "logs of project '%s'", project);
		return NULL;
	}
	load_all(store);
	return TAKE_PTR(store);
}

struct log_instance *log_store_instance(struct log_store *store, const char *name)
{
	for (size_t i = 0; i < store->instance_count; i++) {
		if (strcmp(store->instances[i]->name, name) == 0)
			return store->instances[i];
	}
	return load_instance(store, name);
}

void log_instance_close(struct log_instance *instance)
{
	if (instance->fd >= 0)
		(void)close(instance->fd);
	instance->fd = -1;
}

static void drop_oldest(struct log_store *store, struct log_instance *instance)
{
	char name[LOG_SEGMENT_NAME_SIZE];
	AUTO_FREE char *path = NULL;

	log_segment_name(name, instance->segments[0].first_sequence);
	path = path_join(instance->folder, name);
	(void)unlink(path);
	instance->stored_bytes -= instance->segments[0].size;
	store->counters.stored_bytes -= instance->segments[0].size;
	instance->segment_count--;
	memmove(instance->segments, instance->segments + 1,
		instance->segment_count * sizeof(*instance->segments));
}

/* Of those that this process never wrote: their VMs are no more, or say nothing. NULL: none. */
static struct log_instance *find_idle(const struct log_store *store)
{
	struct log_instance *oldest = NULL;

	for (size_t i = 0; i < store->instance_count; i++) {
		struct log_instance *instance = store->instances[i];
		if (!instance->is_written && instance->segment_count > 0 &&
		    (oldest == NULL ||
		     instance->segments[0].first_sequence < oldest->segments[0].first_sequence))
			oldest = instance;
	}
	return oldest;
}

static void obey_budget(struct log_store *store)
{
	struct log_instance *idle;

	while (store->counters.stored_bytes + LOG_SEGMENT_MAX_BYTES > store->project_bytes &&
	       (idle = find_idle(store)) != NULL)
		drop_oldest(store, idle);
}

/* Keeps room for one whole segment more under the quota. */
static void obey_quota(struct log_store *store, struct log_instance *instance)
{
	while (instance->segment_count > 0 &&
	       (instance->segment_count >= MAX_SEGMENTS ||
		instance->stored_bytes + LOG_SEGMENT_MAX_BYTES > store->instance_bytes))
		drop_oldest(store, instance);
}

bool log_instance_open(struct log_store *store, struct log_instance *instance, const char *pod,
		       int64_t time_ns, struct error *err)
{
	char name[LOG_SEGMENT_NAME_SIZE];
	AUTO_FREE char *path = NULL;
	AUTO(strbuf_clear) struct strbuf header = STRBUF_INIT;
	struct log_segment *segment;

	instance->is_written = true;
	obey_quota(store, instance);
	obey_budget(store);
	if (!path_make_folders(instance->folder, 0700, err))
		return false;
	log_segment_name(name, store->next_sequence);
	path = path_join(instance->folder, name);
	instance->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (instance->fd < 0)
		return error_set_errno(err, errno, "cannot write %s", path);
	segment = ARRAY_APPEND(instance->segments, instance->segment_count);
	segment->first_sequence = store->next_sequence;
	log_segment_start(&header, pod, store->next_sequence, time_ns);
	if (!fd_write_all(instance->fd, header.data, header.size, err)) {
		/* It goes again: the older ones are good, and there is nothing in this one. */
		log_instance_close(instance);
		(void)unlink(path);
		instance->segment_count--;
		return error_prefix(err, "%s", path);
	}
	segment->size = header.size;
	instance->stored_bytes += header.size;
	store->counters.stored_bytes += header.size;
	return true;
}

void log_store_note_loss(struct log_store *store, const char *name, uint64_t lines)
{
	if (!log_instance_name_is_sound(name))
		return;
	log_store_instance(store, name)->lost += lines;
	store->counters.lost_lines += lines;
}

void log_store_start_run(struct log_store *store, const char *name, const char *container,
			 const char *boot_id, const uint64_t *sequence)
{
	struct log_run_start start = {.is_known = true,
				      .boot = log_hash(boot_id, strlen(boot_id)),
				      .sequence = sequence != NULL ? *sequence : 0};
	struct log_instance *instance;

	if (!log_instance_name_is_sound(name))
		return;
	instance = log_store_instance(store, name);
	log_runs_start(&instance->runs, container, sequence != NULL ? &start : NULL);
	instance->has_unsaved_runs = true;
}

bool log_store_take_event(struct log_store *store, const char *name, const char *boot_id,
			  uint64_t sequence)
{
	uint32_t boot = log_hash(boot_id, strlen(boot_id));
	struct log_instance *instance;
	struct log_runs *runs;

	if (sequence == 0 || !log_instance_name_is_sound(name))
		return true;
	instance = log_store_instance(store, name);
	runs = &instance->runs;
	if (runs->event_boot == boot && sequence <= runs->event_sequence)
		return false;
	runs->event_boot = boot;
	runs->event_sequence = sequence;
	instance->has_unsaved_runs = true;
	return true;
}

void log_unsaved_clear(struct log_unsaved *unsaved)
{
	free(unsaved->folder);
	free(unsaved->text);
	*unsaved = (struct log_unsaved){0};
}

bool log_store_take_unsaved(struct log_store *store, struct log_unsaved *ret)
{
	for (size_t i = 0; i < store->instance_count; i++) {
		struct log_instance *instance = store->instances[i];
		if (!instance->has_unsaved_runs)
			continue;
		instance->has_unsaved_runs = false;
		ret->folder = xstrdup(instance->folder);
		ret->text = log_runs_text(&instance->runs);
		return true;
	}
	return false;
}

void log_unsaved_write(const struct log_unsaved *unsaved)
{
	log_runs_write(unsaved->folder, unsaved->text);
}

uint64_t log_store_guest_position(struct log_store *store, const char *name, const char *boot_id)
{
	const struct log_instance *instance =
		log_instance_name_is_sound(name) ? log_store_instance(store, name) : NULL;

	if (instance == NULL || instance->boot != log_hash(boot_id, strlen(boot_id)))
		return 0;
	return instance->guest_sequence;
}

void log_store_get_counters(const struct log_store *store, struct log_store_counters *ret)
{
	*ret = store->counters;
}

bool log_store_remove_instance(const char *project, const char *instance, struct error *err)
{
	AUTO_FREE char *folder = project_folder(project);
	AUTO_FREE char *path = path_join(folder, instance);

	if (!log_instance_name_is_sound(instance))
		return error_set(err, ERROR_INVALID, "'%s' is no instance name", instance);
	return !path_exists(path) || path_remove_tree(path, err);
}
