/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_TRUSTED_TARGET_H
#define I2KIT_CLI_TRUSTED_TARGET_H

/* Whose signatures count for a target: environment.yml's, those beside it, this user's. */

#include "manifest/environment.h"
#include "release/trusted_keys.h"

/* ".i2kit/NAME" beside environment.yml, or here without one; owned. */
char *trusted_target_path(const struct environment *environment, const char *name);

/* As this user sees them: the own key is "you". */
MUST_CHECK bool trusted_target_load(const struct environment *environment, struct trusted_keys *ret,
				    struct error *err);
/* As people among those who approve (team_keys.h). */
MUST_CHECK bool trusted_target_people(const struct environment *environment,
				      struct trusted_keys *ret, struct error *err);

#endif
