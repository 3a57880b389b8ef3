/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_IMAGE_USER_H
#define I2KIT_GUEST_DOCUMENTS_IMAGE_USER_H

/* Whom a process runs as, looked up in the image's own /etc/passwd and /etc/group. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define IMAGE_USER_MAX_GROUPS 64

struct image_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t groups[IMAGE_USER_MAX_GROUPS]; /* supplementary ones from /etc/group */
	size_t group_count;
	char *home; /* owned; "/" where passwd does not say */
};
void image_user_clear(struct image_user *user);

/*
 * `who` is "", "name", "uid", and either with ":group" or ":gid"; group_or_null replaces that
 * group. passwd and group are the files' texts, "" where the image has none. A name that is not
 * found is an error; a number need not be there.
 */
MUST_CHECK bool image_user_find(const char *who, const char *group_or_null, const char *passwd,
				const char *group, struct image_user *ret, struct error *err);

#endif
