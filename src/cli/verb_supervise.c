/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop.h"
#include "cli/arguments.h"
#include "cli/verb.h"
#include "local/supervisor/supervisor.h"
#include "local/supervisor/supervisor_fence.h"

enum { LOG_BYTES = 1 << 20 };

static void take_end(struct loop_signal *source, int signo, void *arg)
{
	(void)source;
	(void)signo;
	loop_stop(arg, 0);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *project = arguments_rest(invocation->args)->items[0];
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	/* First of all: what begins later is behind it. */
	if (!supervisor_fence(project, &folders, err))
		return 1;
	AUTO_PTR(loop) struct loop *loop = loop_new(err);
	if (loop == NULL)
		return 1;
	log_limit(LOG_BYTES);
	/* It was started as /proc/self/exe; ps and "taken by" shall know it by its name. */
	(void)prctl(PR_SET_NAME, "i2kit");
	loop_add_signal(loop, SIGTERM, take_end, loop);
	loop_add_signal(loop, SIGINT, take_end, loop);
	AUTO_PTR(supervisor)
	struct supervisor *supervisor = supervisor_new(loop, project, &folders, err);
	if (supervisor == NULL)
		return 1;
	return loop_run(loop);
}

const struct verb verb_supervise = {
	.name = "supervise",
	.group = VERB_RUN,
	.summary = "keep a project running; started by up",
	.description =
		"The process that `i2kit up` leaves behind for each project. Ending it leaves "
		"the pods running; the next `i2kit up` takes them over again.",
	.argument = {"PROJECT", 1, 1, COMPLETE_PROJECT},
	.is_hidden = true,
	.run = run,
};
