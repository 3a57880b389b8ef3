/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_STORE_H
#define I2KIT_LOCAL_LOGS_LOG_STORE_H

/*
 * The logs of a project's pods on the host: PATH_DATA/logs/PROJECT/INSTANCE/SEGMENT. One process
 * writes (the supervisor; a lock sees to it), any number read, no reader disturbs the writer. Each
 * instance has a quota of its own and loses its own oldest segments, so a pod that writes much
 * never pushes out what another one wrote; above the project's budget those that nobody writes any
 * more lose their oldest segments first. What the writer has appended is in the kernel's hands:
 * it survives the death of any process, and of the host as far as the file system had written it. A
 * record torn by that is left out by readers. Survives `down`.
 *
 * The segment format is described in log_segment.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LOG_MAX_LINE ((size_t)64 << 10) /* longer ones are stored in partial pieces */

struct log_store;

/* Said once when lines begin to be lost (a full disk), and once when they are stored again. */
typedef void log_store_say_fn(bool is_losing, const char *text, void *arg);

struct log_store_options {
	const char *folder;	 /* NULL: PATH_DATA/logs/PROJECT */
	uint64_t instance_bytes; /* quota of one instance; 0: 64 MiB; at least 2 MiB */
	uint64_t project_bytes;	 /* of all together, as far as idle ones can give; 0: 1 GiB */
	log_store_say_fn *say;	 /* or NULL */
	void *say_arg;
};

/* ERROR_BUSY when another process writes. NULL on failure. */
MUST_CHECK struct log_store *log_store_open(const char *project,
					    const struct log_store_options *options_or_null,
					    struct error *err);
void log_store_close(struct log_store *store); /* NULL is fine */
DEFINE_AUTO_PTR(log_store, log_store_close)
/* Lines that a guest lost; shown before its next line. */
void log_store_note_loss(struct log_store *store, const char *instance, uint64_t lines);
/*
 * The container started (again): lines behind the guest's log sequence belong to a new run (see
 * `logs --previous`); NULL, from an older guest: those that come from now on.
 */
void log_store_start_run(struct log_store *store, const char *instance, const char *container,
			 const char *boot_id, const uint64_t *sequence_or_null);
/*
 * How often containers were started, and which events that takes in, is kept in a file: not at each
 * event, which a guest causes as often as it likes, but when somebody takes what is unsaved and
 * writes it, in that order, on any thread. Closing the store saves the rest.
 */
struct log_unsaved {
	char *folder;
	char *text;
};
void log_unsaved_clear(struct log_unsaved *unsaved);
/* One instance's; false: all is saved. */
bool log_store_take_unsaved(struct log_store *store, struct log_unsaved *ret);
void log_unsaved_write(const struct log_unsaved *unsaved); /* blocks */

/*
 * Whether this event of the guest was not counted before, also by an earlier process: call once
 * before the two above. Sequence 0 is always new.
 */
bool log_store_take_event(struct log_store *store, const char *instance, const char *boot_id,
			  uint64_t sequence);
/* The highest guest_sequence stored of this boot of the instance; 0: none. */
uint64_t log_store_guest_position(struct log_store *store, const char *instance,
				  const char *boot_id);

struct log_store_counters {
	uint64_t lines;
	uint64_t bytes; /* of text */
	uint64_t lost_lines;
	uint64_t stored_bytes; /* on disk now, all instances */
};
void log_store_get_counters(const struct log_store *store, struct log_store_counters *ret);

/* Of one instance, which nobody may be writing any more; also while the others are written. */
MUST_CHECK bool log_store_remove_instance(const char *project, const char *instance,
					  struct error *err);

#endif
