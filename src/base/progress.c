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
