/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_VERB_H
#define I2KIT_CLI_VERB_H

/*
 * A verb described as data: parser, --help, shell completion and the man page's synopsis all derive
 * from this. One file verb_NAME.c defines one `const struct verb verb_NAME`; verbs.c lists them,
 * sorted.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum option_kind {
	OPTION_FLAG,	 /* --wait */
	OPTION_VALUE,	 /* --timeout 5m; the last one holds */
	OPTION_REPEAT,	 /* -f a.yml -f b.yml */
	OPTION_OPTIONAL, /* --metrics, --metrics=9464: a value only behind = ; "" without */
};

/* What the shell completes a value or argument with. */
enum complete_kind {
	COMPLETE_NONE,
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_POD,
	COMPLETE_INSTANCE,
	COMPLETE_CONTAINER, /* of the pod among the words, if there is one */
	COMPLETE_IMAGE,
	COMPLETE_PROJECT,
	COMPLETE_FORMAT, /* only the words in `metavar`, separated by |; the parser checks */
};

struct option_spec {
	const char *name; /* long name without -- */
	char letter;	  /* or 0 */
	enum option_kind kind;
	const char *metavar; /* "FILE", "auto|kvm|tcg"; NULL for flags */
	const char *help;    /* one line, no period, at most 48 characters */
	enum complete_kind complete;
};

struct argument_spec {
	const char *metavar; /* "POD[/CONTAINER]" */
	unsigned min;
	unsigned max; /* 0: any number */
	enum complete_kind complete;
};

/* What the parser found. Values are looked up by the option's long name. */
struct arguments;

/*
 * Options every verb has: -p/--project, -C/--folder, --color, --progress, -q/--quiet, -v/--verbose,
 * --log-file, -h/--help. The project when -p is not given: cli/project.h. Progress: cli/progress_view.h.
 * Tables, notes: cli/output.h.
 */
/* JSON: a document for output_document(), which knows in what shape it is wanted. */
enum output_format { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON };
struct invocation {
	const struct arguments *args;
	const char *program; /* argv[0] */
	const char *project; /* -p, or NULL */
	bool is_colored;     /* stdout: terminal, NO_COLOR and --color considered */
	bool is_colored_stderr;
	bool is_interactive;	   /* stderr is a terminal */
	enum output_format output; /* -o */
};

enum verb_group { VERB_RUN, VERB_WATCH, VERB_IMAGE, VERB_MANIFEST, VERB_CLOUD, VERB_SYSTEM };

struct verb {
	const char *name;
	const char *alias; /* what other tools call it, or NULL */
	enum verb_group group;
	const char *summary; /* one line for i2kit --help, at most 55 characters */
	/*
	 * Paragraphs for i2kit VERB --help and the man page: one line each, filled to the width;
	 * lines that begin with a space stay as they are.
	 */
	const char *description;
	const struct option_spec *options;
	size_t option_count;
	struct argument_spec argument; /* max 0 and metavar NULL: none */
	bool has_output;	       /* takes -o table|wide|json|yaml|name|jsonpath=PATH */
	const char *names;	/* the jsonpath of the names in its JSON, for -o name and -q */
	bool takes_away;	/* stops or deletes something: no guess leads here */
	bool is_hidden;		/* internal: not listed */
	bool stops_at_argument; /* options end at the first positional one: exec */
	const char *example;	/* lines for the man page, or NULL */
	/*
	 * Returns the exit status: 0 done, 1 failed. When err is set the caller prints it and exits
	 * with 1, or with 2 for ERROR_USAGE, whatever was returned.
	 */
	int (*run)(const struct invocation *invocation, struct error *err);
};

#endif
