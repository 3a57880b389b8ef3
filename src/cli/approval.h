/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_APPROVAL_H
#define I2KIT_CLI_APPROVAL_H

/* Releases that people put their names to, in .i2kit/releases beside environment.yml. */

#include "cloud/promote.h"
#include "manifest/environment.h"

/* ERROR_DENIED, with who is missing, unless so many people have approved exactly these pods for this
 * environment. */
MUST_CHECK bool approval_check(const struct environment *environment,
			       const struct promotion *promotion, const char *environment_or_null,
			       uint32_t wanted, struct error *err);

#endif
