/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_TEAM_KEYS_H
#define I2KIT_RELEASE_TEAM_KEYS_H

/*
 * The keys that a team has agreed on: the list in environment.yml and the file beside it. They alone
 * say who is a person among those who approve a release, so that all machines count the same people;
 * what one user trusts for receipts (a build machine) is no person.
 */

#include "base/string_list.h"
#include "release/trusted_keys.h"

/* Adds both; listed_in is the file that holds the list. ERROR_INVALID: one key has two names, also
 * where each is in one of them. ERROR_DENIED: the file, or the folder it is in, is a link. */
MUST_CHECK bool team_keys_load(const struct string_list *listed, const char *listed_in,
			       const char *path, struct trusted_keys *ret, struct error *err);
/*
 * The same as people. This user is one, however the team names each of their keys; where the team has
 * no key at all they are "you".
 */
MUST_CHECK bool team_keys_people(const struct string_list *listed, const char *listed_in,
				 const char *path, struct trusted_keys *ret, struct error *err);

#endif
