/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trusted_target.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "release/team_keys.h"

char *trusted_target_path(const struct environment *environment, const char *name)
{
	const char *file = environment->file;
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	return slash != NULL ? xasprintf("%.*s/.i2kit/%s", (int)(slash - file), file, name)
			     : xasprintf(".i2kit/%s", name);
}

bool trusted_target_load(const struct environment *environment, struct trusted_keys *ret,
			 struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys team = {0};
	AUTO_FREE char *path = trusted_target_path(environment, "trusted_keys");
	if (!trusted_keys_add_own(ret, err) ||
	    !team_keys_load(&environment->trusted_keys, environment->file, path, &team, err))
		return false;
	trusted_keys_merge(ret, &team);
	return true;
}

bool trusted_target_people(const struct environment *environment, struct trusted_keys *ret,
			   struct error *err)
{
	AUTO_FREE char *path = trusted_target_path(environment, "trusted_keys");
	return team_keys_people(&environment->trusted_keys, environment->file, path, ret, err);
}
