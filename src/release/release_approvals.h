/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RELEASE_APPROVALS_H
#define I2KIT_RELEASE_RELEASE_APPROVALS_H

/*
 * Where releases wait for signatures: FOLDER/ID.json, ID the first 16 digits of
 * release_statement_digest(). The folder is .i2kit/releases beside environment.yml, so that a team
 * passes it on with its repository; nothing in it is believed that is not signed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"
#include "release/release_statement.h"
#include "release/trusted_keys.h"

#define RELEASE_ID_DIGITS 16

/* Its short name; owned. NULL: release_statement_digest() has failed. */
char *release_approvals_id(const struct release_statement *statement, struct error *err);
/* Where its file is, or would be; owned, NULL as above. */
char *release_approvals_path(const char *folder, const struct release_statement *statement,
			     struct error *err);
/* Writes the file, whole or not at all; folders on the way are made. */
MUST_CHECK bool release_approvals_save(const char *path, const struct release_statement *statement,
				       struct error *err);
/* One file. Errors begin with its path. */
MUST_CHECK bool release_approvals_load(const char *path, struct release_statement *ret,
				       struct error *err);
/* That of this name, or of its first digits. ERROR_NOT_FOUND, ERROR_INVALID: several begin so. */
MUST_CHECK bool release_approvals_find(const char *folder, const char *id, char **ret_path,
				       struct error *err);
/*
 * That which is about the same as `wanted`, with the most people's signatures: *ret_is_found. Files
 * that are none are errors. One that contradicts `wanted` is passed over, and an error where it is all
 * that there is (release_statement_agrees()).
 */
MUST_CHECK bool release_approvals_match(const char *folder, const struct release_statement *wanted,
					const struct trusted_keys *trusted,
					struct release_statement *ret, bool *ret_is_found,
					struct error *err);
/*
 * Who has approved it: the names of trusted keys, or their base64 where they have none, each person
 * once, however many keys. Strangers' signatures count for nothing.
 */
void release_approvals_people(const struct release_statement *statement,
			      const struct trusted_keys *trusted, struct string_list *ret);

#endif
