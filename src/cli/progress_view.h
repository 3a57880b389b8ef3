/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROGRESS_VIEW_H
#define I2KIT_CLI_PROGRESS_VIEW_H

/*
 * Draws base/progress.h on stderr: one bar for each step under way on a terminal (redrawn at most
 * ten times a second), one line for each start and end without one, JSON lines with
 * --progress=json, nothing with --progress=none. Stops the work when interrupted.
 *
 *	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
 *	image_build(…, progress_view_progress(view), …);
 */

#include "base/cleanup.h"
#include "base/progress.h"
#include "cli/verb.h"

struct progress_view;

struct progress_view *progress_view_new(const struct invocation *invocation);
/* Takes the bars off the screen; what is done stays. */
void progress_view_free(struct progress_view *view);
DEFINE_AUTO_PTR(progress_view, progress_view_free)

/* Valid as long as the view. */
const struct progress *progress_view_progress(const struct progress_view *view);

#endif
