/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_H
#define I2KIT_CLI_PROJECT_H

#include "cli/verb.h"

/*
 * The project a verb works on, owned: -p, else $I2KIT_PROJECT, else the name of `folder` (NULL: the
 * current one) made a name of RFC 1123. NULL on failure.
 */
MUST_CHECK char *project_resolve(const struct invocation *invocation, const char *folder_or_null,
				 struct error *err);

/* "My Shop!" → "my-shop"; "default" where nothing is left. Owned. */
char *project_name_make(const char *folder);
MUST_CHECK bool project_name_check(const char *name, struct error *err);

#endif
