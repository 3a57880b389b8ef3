/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PROJECT_PLAN_JSON_H
#define I2KIT_LOCAL_PLAN_PROJECT_PLAN_JSON_H

/* A project's plan as text, and in its file (doc/formats.md). */

#include <stddef.h>

#include "base/error.h"

struct project_plan;

/* As text, owned; NULL and *err where one is not UTF-8. `what` names the text in messages. */
MUST_CHECK char *project_plan_write(const struct project_plan *plan, struct error *err);
MUST_CHECK bool project_plan_read(const char *what, const char *text, size_t size,
				  struct project_plan *ret, struct error *err);
MUST_CHECK bool project_plan_save(const struct project_plan *plan, struct error *err);
/* ERROR_NOT_FOUND when the project was never up. */
MUST_CHECK bool project_plan_load(const char *project, struct project_plan *ret, struct error *err);

/* Owned by *ret; *err where a text is not UTF-8. */
MUST_CHECK bool project_plan_copy(const struct project_plan *plan, struct project_plan *ret,
				  struct error *err);

#endif
