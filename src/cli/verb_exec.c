/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/exec_run.h"
#include "cli/output.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/verb.h"

static int run(const struct invocation *invocation, struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct string_list *rest = arguments_rest(args);
	size_t first = rest->count > 1 && strcmp(rest->items[1], "--") == 0 ? 2 : 1;
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO_FREE char *project = project_resolve(invocation, NULL, err);
	/* As kubectl's and docker's -it, where there is a terminal on both sides. */
	bool is_at_terminal =
		isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !arguments_flag(args, "no-tty");
	bool wants_tty = arguments_flag(args, "tty") || is_at_terminal;
	struct exec_run exec = {
		.project = project,
		.target = NULL,
		.container = arguments_value(args, "container"),
		.argv = &argv,
		.env = arguments_values(args, "env"),
		.cwd = arguments_value(args, "workdir"),
		.user = arguments_value(args, "user"),
		.has_tty = wants_tty && isatty(STDIN_FILENO),
		.stdin_fd =
			arguments_flag(args, "interactive") || is_at_terminal ? STDIN_FILENO : -1,
	};
	int code = 1;

	AUTO_FREE char *target =
		project != NULL ? pod_word_read(project, rest->items[0], err) : NULL;
	if (target == NULL)
		return 1;
	exec.target = target;
	/* `i2kit exec web yes | head` ends without a word, as other tools do. */
	(void)signal(SIGPIPE, SIG_DFL);
	for (size_t i = first; i < rest->count; i++)
		string_list_add(&argv, rest->items[i]);
	if (argv.count == 0) {
		(void)error_set(err, ERROR_USAGE, "no command given");
		(void)error_hint(err, "i2kit exec %s sh", rest->items[0]);
		return 1;
	}
	if (wants_tty && !exec.has_tty)
		output_warning(invocation, "-t has no effect: the input is not a terminal");
	return exec_run(&exec, &code, err) ? code : 1;
}

static const struct option_spec options[] = {
	{.name = "interactive",
	 .letter = 'i',
	 .kind = OPTION_FLAG,
	 .help = "pass our input to the command"},
	{.name = "tty", .letter = 't', .kind = OPTION_FLAG, .help = "give the command a terminal"},
	{.name = "no-tty",
	 .letter = 'T',
	 .kind = OPTION_FLAG,
	 .help = "neither, even where there is a terminal"},
	{.name = "container",
	 .letter = 'c',
	 .kind = OPTION_VALUE,
	 .metavar = "NAME",
	 .help = "the container (default: the first)",
	 .complete = COMPLETE_CONTAINER},
	{.name = "env",
	 .letter = 'e',
	 .kind = OPTION_REPEAT,
	 .metavar = "K=V",
	 .help = "set a variable for the command"},
	{.name = "workdir",
	 .letter = 'w',
	 .kind = OPTION_VALUE,
	 .metavar = "FOLDER",
	 .help = "run in this folder of the container"},
	{.name = "user",
	 .letter = 'u',
	 .kind = OPTION_VALUE,
	 .metavar = "USER[:GROUP]",
	 .help = "run as this user"},
};

const struct verb verb_exec = {
	.name = "exec",
	.group = VERB_WATCH,
	.summary = "run a command in a container",
	.description =
		"Runs a command in a running container of a pod (its first instance that is up) "
		"or of an instance. The exit status is the command's, or 128 and the signal "
		"that ended it. Where input and output are a terminal, the command gets one, and "
		"our input (-it); elsewhere it has neither unless -i or -t says so. Ctrl-C goes to "
		"the command; twice leaves.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "POD[/CONTAINER] COMMAND",
		     .min = 1,
		     .max = 0,
		     .complete = COMPLETE_INSTANCE},
	.stops_at_argument = true,
	.example = "i2kit exec web sh\n"
		   "i2kit exec web-0/nginx nginx -t\n"
		   "i2kit exec -i db psql -U app < dump.sql",
	.run = run,
};
