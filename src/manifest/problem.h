/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROBLEM_H
#define I2KIT_MANIFEST_PROBLEM_H

/* What is wrong with the manifests. At most PROBLEM_MAX are kept; all are counted. */

#include "base/error.h"
#include "manifest/app.h"

enum problem_severity { PROBLEM_ERROR, PROBLEM_WARNING, PROBLEM_NOTE };

/* One thing to say about the manifests; printed as file:line:column: severity: message. */
struct problem {
	enum problem_severity severity;
	char *file;
	unsigned line;
	unsigned column;
	char *message;
	char *hint; /* or NULL */
};

struct problem_list {
	struct problem *items; /* owned */
	size_t count;
	size_t error_count;   /* all of them, also those beyond the 200 kept */
	size_t dropped_count; /* problems of any severity that were not kept */
};
void problem_list_clear(struct problem_list *list);

enum { PROBLEM_MAX = 200 };

/* The new problem, for problem_hint(); NULL when it was one too many or said before. */
struct problem *problem_add(struct problem_list *list, enum problem_severity severity,
			    struct source_mark mark, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same for an error. */
struct problem *problem_error(struct problem_list *list, struct source_mark mark, const char *fmt,
			      ...) PRINTF_LIKE(3, 4);
/* problem may be NULL. */
void problem_hint(struct problem *problem, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* By file in the order of reading, then by line and column. */
void problem_list_sort(struct problem_list *list, const struct string_list *files);

#endif
