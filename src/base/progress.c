/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"

#include <stddef.h>

static void emit(const struct progress *progress, const struct progress_event *event)
{
	if (progress != NULL && progress->emit != NULL)
		progress->emit(event, progress->arg);
}

void progress_start(const struct progress *progress, const char *step, const char *what,
		    enum progress_unit unit, uint64_t total)
{
	emit(progress, &(struct progress_event){.state = PROGRESS_START,
						.step = step,
						.what = what,
						.unit = unit,
						.total = total});
}

void progress_update(const struct progress *progress, const char *step, const char *what,
		     enum progress_unit unit, uint64_t done, uint64_t total)
{
	emit(progress, &(struct progress_event){.state = PROGRESS_UPDATE,
						.step = step,
						.what = what,
						.unit = unit,
						.done = done,
						.total = total});
}

void progress_done(const struct progress *progress, const char *step, const char *what,
		   const char *text_or_null)
{
	emit(progress,
	     &(struct progress_event){
		     .state = PROGRESS_DONE, .step = step, .what = what, .text = text_or_null});
}

void progress_failed(const struct progress *progress, const char *step, const char *what,
		     const char *text_or_null)
{
	emit(progress,
	     &(struct progress_event){
		     .state = PROGRESS_FAILED, .step = step, .what = what, .text = text_or_null});
}

void progress_note(const struct progress *progress, const char *what, const char *text)
{
	emit(progress, &(struct progress_event){
			       .state = PROGRESS_NOTE, .step = "note", .what = what, .text = text});
}

bool progress_is_cancelled(const struct progress *progress)
{
	return progress != NULL && progress->is_cancelled != NULL &&
	       progress->is_cancelled(progress->arg);
}

static void emit_part(const struct progress_event *event, void *arg)
{
	struct progress_part *part = arg;
	struct progress_event passed = *event;

	if (!part->is_begun && event->state != PROGRESS_NOTE) {
		part->is_begun = true;
		progress_start(part->whole, part->step, part->what, PROGRESS_COUNT, 0);
	}
	if (passed.of == NULL && event->state != PROGRESS_NOTE)
		passed.of = part->what;
	emit(part->whole, &passed);
}

static bool is_part_cancelled(void *arg)
{
	const struct progress_part *part = arg;

	return progress_is_cancelled(part->whole);
}

void progress_part_begin(struct progress_part *part, const struct progress *whole, const char *step,
			 const char *what)
{
	*part = (struct progress_part){.whole = whole, .step = step, .what = what};
	part->progress = (struct progress){
		.emit = emit_part, .arg = part, .is_cancelled = is_part_cancelled};
}

void progress_part_end(const struct progress_part *part, bool is_done)
{
	if (!part->is_begun)
		return;
	if (is_done)
		progress_done(part->whole, part->step, part->what, NULL);
	else
		progress_failed(part->whole, part->step, part->what, NULL);
}
