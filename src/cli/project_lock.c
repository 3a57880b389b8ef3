/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_lock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "cli/interrupt.h"
#include "cli/output.h"

enum { STEP_MS = 200 };

static char *lock_owner(const char *path)
{
	char *text = NULL;

	if (!file_read(path, 64, &text, NULL, NULL) || text[0] == '\0') {
		free(text);
		return xstrdup("?");
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

int project_lock(const struct invocation *invocation, const char *project, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, project);
	AUTO_FREE char *path = path_join(folder, "up.lock");

	if (!path_make_folders(folder, 0700, err))
		return -1;
	AUTO_CLOSE int fd = file_lock(path, false, err);
	if (fd < 0 && err->kind != ERROR_BUSY)
		return -1;
	if (fd < 0) {
		AUTO_FREE char *owner = lock_owner(path);
		output_note(invocation, "another i2kit (process %s) works on '%s'; waiting for it",
			    owner, project);
	}
	while (fd < 0) {
		error_clear(err);
		if (interrupt_is_set()) {
			error_set(err, ERROR_CANCELLED, "interrupted");
			return -1;
		}
		(void)poll(NULL, 0, STEP_MS);
		fd = file_lock(path, false, err);
		if (fd < 0 && err->kind != ERROR_BUSY)
			return -1;
	}
	error_clear(err);
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		log_verbose("%s: cannot write", path);
	return take_fd(&fd);
}
