/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trusted_target.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

char *trusted_target_path(const struct environment *environment, const char *name)
{
	const char *file = environment->file;
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	return slash != NULL ? xasprintf("%.*s/.i2kit/%s", (int)(slash - file), file, name)
			     : xasprintf(".i2kit/%s", name);
}

static bool add_team(const struct environment *environment, struct trusted_keys *keys,
		     struct error *err)
{
	AUTO_FREE char *path = trusted_target_path(environment, "trusted_keys");
	for (size_t i = 0; i < environment->trusted_keys.count; i++)
		if (!trusted_keys_add(keys, environment->trusted_keys.items[i], err))
			return error_prefix(err, "%s: trusted_keys", environment->file);
	return trusted_keys_add_file(keys, path, err);
}

bool trusted_target_load(const struct environment *environment, struct trusted_keys *ret,
			 struct error *err)
{
	return trusted_keys_add_own(ret, err) && add_team(environment, ret, err);
}

bool trusted_target_people(const struct environment *environment, struct trusted_keys *ret,
			   struct error *err)
{
	return add_team(environment, ret, err) && trusted_keys_add_own(ret, err);
}
