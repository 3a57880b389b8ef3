/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in: lines into segments, and what to do when there is no room for them. */
#include "local/logs/log_store_append.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "local/agent/log_entry.h"
#include "local/logs/log_store_parts.h"

#define BACKWARD_CLOCK_NS INT64_C(1000000000)
#define QUIET_MS	  10000 /* so long without a failure, and all is well again */

static bool flush_batch(struct log_store *store, struct log_instance *instance, struct error *err)
{
	struct log_segment *segment = &instance->segments[instance->segment_count - 1];
	size_t size = store->batch.size;

	if (size == 0)
		return true;
	if (!fd_write_all(instance->fd, store->batch.data, size, err)) {
		/*
		 * The torn record goes off the end again. A new file for each attempt would push
		 * out the good old ones; only where this one cannot be cut, a new one it is.
		 */
		if (ftruncate(instance->fd, (off_t)segment->size) < 0 ||
		    lseek(instance->fd, (off_t)segment->size, SEEK_SET) < 0)
			log_instance_close(instance);
		strbuf_reset(&store->batch);
		return error_prefix(err, "logs of %s", instance->name);
	}
	segment->size += size;
	instance->stored_bytes += size;
	store->counters.stored_bytes += size;
	instance->stored_line = instance->next_line;
	instance->lost_in_batch = 0;
	strbuf_reset(&store->batch);
	return true;
}

/*
 * Times within an instance do not go back and are never in the future, so that a guest with a wild
 * clock disorders its own lines at most. When the host's own clock was set back, times follow it.
 */
static int64_t settle_time(const struct log_instance *instance, int64_t time_ns, int64_t now_ns)
{
	if (time_ns > now_ns)
		time_ns = now_ns;
	if (instance->last_time_ns > now_ns + BACKWARD_CLOCK_NS)
		return time_ns;
	return time_ns < instance->last_time_ns ? instance->last_time_ns : time_ns;
}

struct piece {
	const char *pod;
	uint32_t boot;
	int64_t now_ns;
	const struct log_entry *entry;
	const char *text;
	size_t size;
	bool is_partial;
	size_t index;  /* of the entry */
	size_t stored; /* entries that are in the file whole */
};

static bool append_piece(struct log_store *store, struct log_instance *instance,
			 struct piece *piece, struct error *err)
{
	const struct log_entry *entry = piece->entry;
	size_t container_size = strnlen(entry->container, UINT8_MAX);
	size_t bound = sizeof(struct log_record_header) + container_size + piece->size + 12;
	int64_t time_ns = settle_time(instance, entry->time_ns, piece->now_ns);
	struct log_record record = {.container = entry->container, .text = piece->text};

	if (instance->fd >= 0 &&
	    instance->segments[instance->segment_count - 1].size + store->batch.size + bound >
		    LOG_SEGMENT_MAX_BYTES) {
		if (!flush_batch(store, instance, err))
			return false;
		piece->stored = piece->index;
		log_instance_close(instance);
	}
	if (instance->fd < 0 && !log_instance_open(store, instance, piece->pod, time_ns, err))
		return false;
	record.header = (struct log_record_header){
		.sequence = store->next_sequence++,
		.line = instance->next_line,
		.time_ns = time_ns,
		.guest_sequence = entry->guest_sequence,
		.boot = piece->boot,
		.run = log_runs_current(&instance->runs, entry->container),
		.lost_before = instance->lost > UINT32_MAX ? UINT32_MAX : (uint32_t)instance->lost,
		.text_size = (uint32_t)piece->size,
		.source = entry->source,
		.flags = piece->is_partial ? LOG_RECORD_FLAG_PARTIAL : 0,
		.container_size = (uint8_t)container_size,
	};
	log_record_write(&store->batch, &record);
	instance->next_line += piece->is_partial ? 0 : 1;
	instance->lost_in_batch += instance->lost;
	instance->lost = 0;
	instance->last_time_ns = time_ns;
	return true;
}

/* A line longer than a record may be becomes several partial ones. */
static bool append_entry(struct log_store *store, struct log_instance *instance,
			 struct piece *piece, struct error *err)
{
	const struct log_entry *entry = piece->entry;
	size_t done = 0;

	do {
		size_t rest = entry->size - done;
		piece->size = rest > LOG_MAX_LINE ? LOG_MAX_LINE : rest;
		piece->text = entry->text + done;
		piece->is_partial = rest > LOG_MAX_LINE || entry->is_partial;
		if (!append_piece(store, instance, piece, err))
			return false;
		done += piece->size;
	} while (done < entry->size);
	return true;
}

static bool append_all(struct log_store *store, struct log_instance *instance, struct piece *piece,
		       const struct log_entry *entries, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		piece->entry = &entries[i];
		piece->index = i;
		if (!append_entry(store, instance, piece, err))
			return false;
	}
	if (!flush_batch(store, instance, err))
		return false;
	piece->stored = count;
	return true;
}

/* Once when lines begin to be lost, once when they are stored again for a while. */
static void say_state(struct log_store *store, const struct error *why)
{
	uint64_t now_ms = clock_monotonic_ms();
	AUTO_FREE char *text = NULL;

	if (why != NULL) {
		store->failed_ms = now_ms;
		if (store->is_failing)
			return;
		text = xasprintf("%s: new lines of logs are being lost; the old ones are kept",
				 why->message);
	} else {
		if (!store->is_failing || now_ms - store->failed_ms < QUIET_MS)
			return;
		text = xasprintf("logs are stored again; %" PRIu64 " lines were lost",
				 store->lost_since_said);
		store->lost_since_said = 0;
	}
	store->is_failing = why != NULL;
	if (store->say != NULL)
		store->say(store->is_failing, text, store->say_arg);
}

static void count_lost(struct log_store *store, struct log_instance *instance, uint64_t lines)
{
	/* Their numbers are given again: a reader sees the loss once, by its count. */
	instance->next_line = instance->stored_line;
	instance->lost += instance->lost_in_batch + lines;
	instance->lost_in_batch = 0;
	store->counters.lost_lines += lines;
	store->lost_since_said += lines;
	strbuf_reset(&store->batch);
}

/* A line that is lost in pieces is one. */
static uint64_t lines_in(struct log_instance *instance, const struct log_entry *entries,
			 size_t count)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < count; i++) {
		lines += instance->is_inside_lost ? 0 : 1;
		instance->is_inside_lost = entries[i].is_partial;
	}
	return lines;
}

bool log_store_append(struct log_store *store, const char *pod, const char *name,
		      const char *boot_id, const struct log_entry *entries, size_t count,
		      struct error *err)
{
	struct piece piece = {
		.pod = pod, .boot = log_hash(boot_id, strlen(boot_id)), .now_ns = clock_wall_ns()};
	AUTO(error_clear) struct error why = ERROR_INIT;
	struct log_instance *instance;
	bool is_done;

	if (!log_instance_name_is_sound(name))
		return error_set(err, ERROR_INVALID, "'%s' is no instance name", name);
	instance = log_store_instance(store, name);
	is_done = append_all(store, instance, &piece, entries, count, &why);
	for (size_t i = 0; i < piece.stored; i++) {
		store->counters.lines++;
		store->counters.bytes += entries[i].size;
	}
	if (piece.stored > 0)
		instance->is_inside_lost = false;
	if (!is_done)
		count_lost(store, instance,
			   lines_in(instance, entries + piece.stored, count - piece.stored));
	say_state(store, is_done ? NULL : &why);
	if (count > 0 && entries[count - 1].guest_sequence != 0) {
		instance->boot = piece.boot;
		instance->guest_sequence = entries[count - 1].guest_sequence;
	}
	return is_done || error_move(err, &why);
}
