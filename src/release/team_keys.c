/* SPDX-License-Identifier: Apache-2.0 */
#include "release/team_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "release/key_file.h"

bool team_keys_load(const struct string_list *listed, const char *listed_in, const char *path,
		    struct trusted_keys *ret, struct error *err)
{
	for (size_t i = 0; i < listed->count; i++)
		if (!trusted_keys_add(ret, listed->items[i], err))
			return error_prefix(err, "%s: trusted_keys", listed_in);
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = slash != NULL ? xstrndup(path, (size_t)(slash - path)) : NULL;
	return (folder == NULL || key_file_check_folder(folder, err)) &&
	       trusted_keys_add_file(ret, path, err);
}

/* Own keys that the team has under several names are one person's. */
static void join_own(struct trusted_keys *team, const struct trusted_keys *own)
{
	AUTO_FREE char *name = NULL;
	for (size_t i = 0; i < team->count; i++) {
		struct trusted_key *one = &team->items[i];
		if (trusted_keys_name(own, one->key) == NULL)
			continue;
		if (name == NULL && one->name[0] == '\0')
			name = base64_encode(one->key, sizeof(one->key));
		else if (name == NULL)
			name = xstrdup(one->name);
		free(one->name);
		one->name = xstrdup(name);
	}
}

bool team_keys_people(const struct string_list *listed, const char *listed_in, const char *path,
		      struct trusted_keys *ret, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys own = {0};
	if (!team_keys_load(listed, listed_in, path, ret, err) || !trusted_keys_of_user(&own, err))
		return false;
	if (ret->count == 0)
		trusted_keys_merge(ret, &own);
	else
		join_own(ret, &own);
	return true;
}
