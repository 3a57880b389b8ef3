/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/exec_run.h"
#include "cli/output.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/static_program.h"
#include "cli/verb.h"

extern const struct verb verb_cp;

/* A static busybox, or the program of --program; owned. */
static char *find_program(const struct arguments *args, struct error *err)
{
	static const char *const places[] = {"/usr/bin/busybox", "/bin/busybox",
					     "/usr/local/bin/busybox"};
	const char *given = arguments_value(args, "program");

	if (given != NULL)
		return static_program_check(given, err) ? xstrdup(given) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (static_program_check(places[i], NULL))
			return xstrdup(places[i]);
	}
	error_set(err, ERROR_NOT_FOUND, "there is no static busybox on this machine");
	(void)error_hint(err, "apt install busybox-static, or --program FILE");
	return NULL;
}

/* `cp` by its own command line: the guest's copier needs nothing of the image. */
static bool copy_in(const struct invocation *invocation, const char *project, const char *program,
		    const char *target, const char *path, struct error *err)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct invocation copy = *invocation;

	string_list_add(&words, "--");
	string_list_add(&words, program);
	string_list_addf(&words, "%s:%s", target, path);
	if (!arguments_parse_verb(args, &verb_cp, (int)words.count, words.items, 0, err))
		return false;
	copy.args = args;
	copy.project = project;
	return verb_cp.run(&copy, err) == 0;
}

/* Where the container can be written to, and programs may run: owned. */
static char *place_tools(const struct invocation *invocation, const char *project,
			 const char *program, const char *target, struct error *err)
{
	static const char *const folders[] = {"", "/tmp", "/run", "/var/tmp", "/home"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		/* busybox goes by the beginning of its name. */
		AUTO_FREE char *path = xasprintf("%s/busybox-i2kit-%d", folders[i], (int)getpid());
		error_clear(err);
		if (copy_in(invocation, project, program, target, path, err))
			return TAKE_PTR(path);
		if (err->kind == ERROR_NOT_FOUND || err->kind == ERROR_NETWORK)
			return NULL;
	}
	(void)error_hint(err, "its root may be read-only: an emptyDir at /tmp is where tools go");
	return NULL;
}

static int run_inside(const struct exec_run *how, const struct string_list *argv, struct error *err)
{
	struct exec_run exec = *how;
	int code = 1;

	exec.argv = argv;
	return exec_run(&exec, &code, err) ? code : 1;
}

/* Commands come from the tools where the image has none of the name. */
static void make_command(const char *tools, const struct string_list *command,
			 struct string_list *ret)
{
	string_list_add(ret, tools);
	string_list_add(ret, "sh");
	string_list_add(ret, "-c");
	string_list_addf(ret,
			 "%s mkdir -p %s.d && %s --install -s %s.d; "
			 "export PATH=\"$PATH:%s.d\"; exec \"$0\" \"$@\"",
			 tools, tools, tools, tools, tools);
	if (command->count == 0)
		string_list_add(ret, "sh");
	string_list_copy(ret, command);
}

static void remove_tools(const struct exec_run *how, const char *tools)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	struct exec_run exec = *how;

	exec.has_tty = false;
	exec.stdin_fd = -1;
	string_list_add(&argv, tools);
	string_list_add(&argv, "rm");
	string_list_add(&argv, "-rf");
	string_list_addf(&argv, "%s.d", tools);
	string_list_add(&argv, tools);
	(void)run_inside(&exec, &argv, &ignored);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO(string_list_clear) struct string_list command = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO_FREE char *program = find_program(invocation->args, err);
	AUTO_FREE char *project = program != NULL ? project_resolve(invocation, NULL, err) : NULL;
	AUTO_FREE char *target =
		project != NULL ? pod_word_read(project, rest->items[0], err) : NULL;
	AUTO_FREE char *tools =
		target != NULL ? place_tools(invocation, project, program, target, err) : NULL;
	bool is_at_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (tools == NULL)
		return 1;
	error_clear(err);
	const struct exec_run how = {.project = project,
				     .target = target,
				     .user = "0:0",
				     .has_tty = is_at_terminal,
				     .stdin_fd = STDIN_FILENO};
	for (size_t i = 1; i < rest->count; i++)
		string_list_add(&command, rest->items[i]);
	if (arguments_value(invocation->args, "program") == NULL) {
		make_command(tools, &command, &argv);
	} else {
		string_list_add(&argv, tools);
		string_list_copy(&argv, &command);
	}
	int code = run_inside(&how, &argv, err);
	if (arguments_value(invocation->args, "program") == NULL)
		remove_tools(&how, tools);
	else
		output_note(invocation, "%s stays in the container until it is started again",
			    tools);
	return code;
}

static const struct option_spec options[] = {
	{"program", 0, OPTION_VALUE, "FILE", "another static program than busybox", COMPLETE_FILE},
};

const struct verb verb_debug = {
	.name = "debug",
	.group = VERB_WATCH,
	.summary = "a shell and tools in a container without any",
	.description =
		"Brings a static busybox of this machine (Debian's busybox-static) into a "
		"container and runs its sh there, or a command: in the container's own network, "
		"processes and files, as root within it, whatever its image lacks. The image's own "
		"commands come first, busybox's where it has none. Afterwards the tools are taken "
		"away; the image and its digest are never touched.\n\n"
		"--program brings another static program and runs it with the arguments that "
		"follow; with -- before them where the first one begins with a dash.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "POD[/CONTAINER] [COMMAND]",
		     .min = 1,
		     .max = 0,
		     .complete = COMPLETE_INSTANCE},
	.stops_at_argument = true,
	.example = "i2kit debug web\n"
		   "i2kit debug web/nginx netstat -tln\n"
		   "i2kit debug --program ./strace-static web -- -p 1",
	.run = run,
};
