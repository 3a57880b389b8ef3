/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_LOCK_H
#define I2KIT_CLI_PROJECT_LOCK_H

#include "cli/verb.h"

/*
 * One `up` or `down` of a project at a time: the second one waits, and says for whom. A descriptor
 * to close, or -1.
 */
MUST_CHECK int project_lock(const struct invocation *invocation, const char *project,
			    struct error *err);

#endif
