/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROBLEM_H
#define I2KIT_MANIFEST_PROBLEM_H

/* What is wrong with the manifests. At most PROBLEM_MAX are kept; all are counted. */

#include "base/error.h"
#include "manifest/app.h"

enum problem_severity { PROBLEM_ERROR, PROBLEM_WARNING, PROBLEM_NOTE };

/* What kind of thing it is: for programs, which messages are not for. In doc/problems.md. */
enum problem_code {
	PROBLEM_SYNTAX,
	PROBLEM_FILE,
	PROBLEM_NOT_A_MANIFEST,
	PROBLEM_KUSTOMIZATION,
	PROBLEM_UNKNOWN_FIELD,
	PROBLEM_MISSING,
	PROBLEM_WRONG_TYPE,
	PROBLEM_INVALID,
	PROBLEM_UNSUPPORTED,
	PROBLEM_DUPLICATE,
	PROBLEM_UNRESOLVED,
	PROBLEM_LIMIT,
	PROBLEM_SUPPLIED,
	PROBLEM_NO_EFFECT,
	PROBLEM_LEFT_OUT,
	PROBLEM_ADVICE,
	PROBLEM_CODES,
};
extern const char *const problem_code_words[PROBLEM_CODES]; /* "unknown-field" … */

/* One thing to say about the manifests; printed as file:line:column: severity: message. */
struct problem {
	enum problem_severity severity;
	enum problem_code code;
	char *file;
	unsigned line;
	unsigned column;
	char *message;
	char *hint; /* or NULL */
	char *path; /* field_path.h, where load_options.wants_paths; or NULL */
};

struct problem_list {
	struct problem *items; /* owned */
	size_t count;
	size_t error_count;   /* all of them, also those beyond the 200 kept */
	size_t dropped_count; /* problems of any severity that were not kept */
};
void problem_list_clear(struct problem_list *list);

enum { PROBLEM_MAX = 200 };

/* The new problem, for problem_hint(): PROBLEM_INVALID, or PROBLEM_ADVICE where it is no error; NULL when it was one too many or said before. */
struct problem *problem_add(struct problem_list *list, enum problem_severity severity,
			    struct source_mark mark, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same for an error of YAML: PROBLEM_SYNTAX. */
struct problem *problem_error(struct problem_list *list, struct source_mark mark, const char *fmt,
			      ...) PRINTF_LIKE(3, 4);
/* problem may be NULL. */
void problem_set_code(struct problem *problem, enum problem_code code);
void problem_hint(struct problem *problem, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* By file in the order of reading, then by line and column. */
void problem_list_sort(struct problem_list *list, const struct string_list *files);

#endif
