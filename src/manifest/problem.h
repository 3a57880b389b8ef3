/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROBLEM_H
#define I2KIT_MANIFEST_PROBLEM_H

/* Building a problem_list (manifest/load.h). At most PROBLEM_MAX are kept; all are counted. */

#include "base/error.h"
#include "manifest/app.h"
#include "manifest/load.h"

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
