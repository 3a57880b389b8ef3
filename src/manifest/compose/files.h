/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_FILES_H
#define I2KIT_MANIFEST_COMPOSE_FILES_H

/* Which files a Compose project is made of, and telling them from others. */

#include <stdbool.h>

#include "base/string_list.h"

/*
 * Files in the order of their names' rank: the ones a folder's project consists of when nobody names
 * any (compose.yaml, and its override). False: there are none.
 */
bool compose_find_files(const char *folder, struct string_list *ret);
/* The same, where COMPOSE_FILE, outside or in .env, may name others. folder NULL: the current one. */
bool compose_find_default_files(const char *folder, const char *const *environment,
				struct string_list *ret);
/* Whether a file is called as Compose files are; overrides count. */
bool compose_is_named(const char *path);
/* Whether a text is a Compose file rather than a manifest: it has services, and no kind. */
bool compose_is_text(const char *text);

#endif
