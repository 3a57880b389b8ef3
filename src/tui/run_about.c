/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/run_about.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "tui/runner.h"

void runner_read_about(struct runner *runner, const char *pod)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(pod_facts_clear) struct pod_facts facts = {0};
	bool is_read = pod_facts_load(runner->model.project, pod, &facts, &err);

	runner_feed(runner, &(struct event){.kind = EVENT_ABOUT,
					    .facts = is_read ? &facts : NULL,
					    .problem = err.message});
}

void runner_save_text(struct runner *runner, const char *path, const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	/* An existing file is not overwritten: nobody was asked. */
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		error_set_errno(&err, errno, "%s", path);
	bool is_saved = fd >= 0 && fd_write_all(fd, text, strlen(text), &err);
	AUTO_FREE char *notice = is_saved ? xasprintf("saved to %s", path) : xstrdup(err.message);
	runner_feed(runner, &(struct event){.kind = EVENT_NOTICE,
					    .text = notice,
					    .exit_status = is_saved ? 0 : 1});
}
