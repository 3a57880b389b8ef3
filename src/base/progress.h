/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PROGRESS_H
#define I2KIT_BASE_PROGRESS_H

/*
 * What long work tells whoever watches. The lower folders emit; cli/ and tui/ draw (bars on a
 * terminal, lines without one, JSON lines with --progress=json). Emitting is cheap; whoever draws
 * thins out. Calls may come from one thread only.
 */

#include <stdbool.h>
#include <stdint.h>

enum progress_state {
	PROGRESS_START,	 /* a step began; total may be 0: unknown */
	PROGRESS_UPDATE, /* done of total */
	PROGRESS_DONE,
	PROGRESS_FAILED,
	PROGRESS_NOTE, /* one line worth saying, no step */
};

enum progress_unit { PROGRESS_COUNT, PROGRESS_BYTES };

struct progress_event {
	enum progress_state state;
	const char *step; /* stable id: "pull", "layer", "disk", "boot", "upload", "stack" … */
	const char *what; /* the object: pod, image, layer digest … */
	const char *of;	  /* the larger step it is a part of: an image's name; or NULL */
	const char *text; /* one line for people, or NULL */
	enum progress_unit unit;
	uint64_t done;
	uint64_t total;
};

struct progress {
	void (*emit)(const struct progress_event *event, void *arg);
	void *arg;
	/* Asked between pieces of work: true means stop as soon as possible (ERROR_CANCELLED). */
	bool (*is_cancelled)(void *arg);
};

/* progress may be NULL in all of these. */
void progress_start(const struct progress *progress, const char *step, const char *what,
		    enum progress_unit unit, uint64_t total);
void progress_update(const struct progress *progress, const char *step, const char *what,
		     enum progress_unit unit, uint64_t done, uint64_t total);
void progress_done(const struct progress *progress, const char *step, const char *what,
		   const char *text_or_null);
void progress_failed(const struct progress *progress, const char *step, const char *what,
		     const char *text_or_null);
void progress_note(const struct progress *progress, const char *what, const char *text);
/*
 * A step made of others, such as an image of its blobs: what is emitted through `progress` is a
 * part of it. It starts with the first of them, so nothing is said where there was nothing to do.
 */
struct progress_part {
	struct progress progress; /* for those who do the parts */
	const struct progress *whole;
	const char *step;
	const char *what;
	bool is_begun;
};
void progress_part_begin(struct progress_part *part, const struct progress *whole, const char *step,
			 const char *what);
void progress_part_end(const struct progress_part *part, bool is_done);

bool progress_is_cancelled(const struct progress *progress);

#endif
