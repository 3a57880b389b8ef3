/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/unknown_verb.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "manifest/project_name.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* https://no-color.org: set and not empty turns colour off, unless --color asks for it. */
static bool wants_color(const struct arguments *args, int fd)
{
	const char *asked = arguments_value(args, "color");
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (asked != NULL && strcmp(asked, "always") == 0)
		return true;
	if (asked != NULL && strcmp(asked, "never") == 0)
		return false;
	if (no_color != NULL && no_color[0] != '\0')
		return false;
	return isatty(fd) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* -o, or -q where there are names to be printed alone. */
static const char *output_word(const struct arguments *args, const struct verb *verb)
{
	const char *asked = verb->has_output ? arguments_value(args, "output") : NULL;
	bool is_quiet = arguments_flag(args, "quiet") && verb->has_output && verb->names != NULL;

	return asked != NULL ? asked : is_quiet ? "name" : "table";
}

static bool choose_output(const struct arguments *args, const struct verb *verb,
			  enum output_format *ret, struct error *err)
{
	const char *word = output_word(args, verb);
	AUTO(output_shape_clear) struct output_shape shape = {0};

	*ret = strcmp(word, "table") == 0  ? OUTPUT_TABLE
	       : strcmp(word, "wide") == 0 ? OUTPUT_WIDE
					   : OUTPUT_JSON;
	if (*ret != OUTPUT_JSON)
		return true;
	if (!output_shape_read(word, verb->names, &shape, err))
		return false;
	output_document_use(&shape);
	return true;
}

static enum output_talk choose_talk(const struct arguments *args)
{
	const char *progress = arguments_value(args, "progress");

	if (progress != NULL && strcmp(progress, "json") == 0)
		return TALK_JSON;
	return arguments_flag(args, "quiet") || (progress != NULL && strcmp(progress, "none") == 0)
		       ? TALK_QUIET
		       : TALK_LINES;
}

static bool open_log(const struct arguments *args, struct error *err)
{
	const char *path = arguments_value(args, "log-file");
	unsigned verbose = arguments_count(args, "verbose");
	/* A file that was asked for gets everything. */
	enum log_level level = verbose >= 2 || (path != NULL && verbose == 0)
				       ? LOG_LEVEL_DEBUG
				       : (enum log_level)verbose;
	return log_open(level, path, err);
}

static bool enter_folder(const struct arguments *args, struct error *err)
{
	const char *folder = arguments_value(args, "folder");
	if (folder != NULL && chdir(folder) < 0) {
		error_set_errno(err, errno, "-C %s", folder);
		err->kind = ERROR_USAGE;
		return false;
	}
	return true;
}

static void print_help(const struct verb *verb_or_null, const struct arguments *args)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	bool is_colored = wants_color(args, STDOUT_FILENO);
	if (verb_or_null != NULL)
		help_write_verb(&text, verb_or_null, is_colored);
	else
		help_write_all(&text, is_colored);
	(void)fputs(strbuf_text(&text), stdout);
}

static int run_verb(const struct verb *verb, const struct arguments *args, const char *program,
		    struct error *err)
{
	struct invocation invocation = {
		.args = args,
		.program = program,
		.project = arguments_value(args, "project"),
		.is_colored = wants_color(args, STDOUT_FILENO),
		.is_colored_stderr = wants_color(args, STDERR_FILENO),
		.is_interactive = isatty(STDERR_FILENO) != 0,
	};
	output_talk(choose_talk(args));
	if (!choose_output(args, verb, &invocation.output, err))
		return EXIT_USAGE;
	/* Here, so that verbs which read manifests and those which do not mean the same project. */
	if (invocation.project == NULL && getenv("I2KIT_PROJECT") != NULL &&
	    getenv("I2KIT_PROJECT")[0] != '\0')
		invocation.project = getenv("I2KIT_PROJECT");
	if (invocation.project != NULL && !project_name_check(invocation.project, err))
		return EXIT_USAGE;
	if (!open_log(args, err) || !enter_folder(args, err))
		return EXIT_FAILED;
	log_verbose("i2kit %s: %s", I2KIT_VERSION, verb->name);
	interrupt_install();
	return verb->run(&invocation, err);
}

static int run_command(struct arguments *args, int argc, char **argv, struct error *err)
{
	int at = 1;
	/* The one option that other programs have instead of a verb. */
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		argv[1] += strlen("--");
	if (!arguments_parse_common(args, argc, argv, &at, err))
		return EXIT_USAGE;
	if (at == argc) {
		print_help(NULL, args);
		return arguments_flag(args, "help") ? EXIT_DONE : EXIT_USAGE;
	}
	const struct verb *verb = verb_find(argv[at]);
	if (verb == NULL) {
		unknown_verb(argv[at], err);
		return EXIT_USAGE;
	}
	if (!arguments_parse_verb(args, verb, argc, argv, at + 1, err))
		return EXIT_USAGE;
	if (arguments_flag(args, "help")) {
		print_help(verb, args);
		return EXIT_DONE;
	}
	return run_verb(verb, args, argv[0], err);
}

/* Whether the reader of stdout went away, as head(1) does when it has seen enough. */
static bool is_reader_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* Output that could not be written (a full disk) is a failure; a closed pipe is the reader's. */
static int close_stdout(int status)
{
	bool is_gone = is_reader_gone();
	bool was_bad = ferror(stdout) != 0;
	errno = 0;
	if ((fclose(stdout) == 0 && !was_bad) || is_gone || errno == EPIPE)
		return status;
	AUTO(error_clear) struct error err = ERROR_INIT;
	error_set_errno(&err, errno ? errno : EIO, "standard output");
	output_error(&err, false);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

/* "json" and "yaml" of "-o json", "-ojson", "--output json", "--output=json"; NULL: another word. */
static const char *output_asked(int argc, char *const *argv, int at)
{
	static const char *const ways[] = {"--output=", "-o=", "-o"};

	if (strcmp(argv[at], "-o") == 0 || strcmp(argv[at], "--output") == 0)
		return at + 1 < argc ? argv[at + 1] : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strncmp(argv[at], ways[i], strlen(ways[i])) == 0)
			return argv[at] + strlen(ways[i]);
	}
	return NULL;
}

/*
 * Whether the command line asks for a document, as far as it can be understood: a program that asked
 * for JSON gets some, whatever is wrong.
 */
static bool wants_document(int argc, char *const *argv)
{
	for (int i = 1; i < argc && argv[i] != NULL && strcmp(argv[i], "--") != 0; i++) {
		const char *word = output_asked(argc, argv, i);
		if (word != NULL && (strcmp(word, "json") == 0 || strcmp(word, "yaml") == 0))
			return true;
	}
	return false;
}

static void print_error_document(const struct error *err, int status)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	output_error_write(err, status, &text);
	output_document(strbuf_text(&text));
}

int main(int argc, char **argv)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	AUTO(error_clear) struct error err = ERROR_INIT;

	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	int status = run_command(args, argc, argv, &err);
	if (err.kind != ERROR_NONE) {
		output_error(&err, wants_color(args, STDERR_FILENO));
		/* A Job that failed ends its wait with its own code. */
		status = err.kind == ERROR_USAGE ? EXIT_USAGE
			 : status == EXIT_DONE	 ? EXIT_FAILED
						 : status;
		if (wants_document(argc, argv) && !output_document_is_begun())
			print_error_document(&err, status);
	}
	return close_stdout(status);
}
