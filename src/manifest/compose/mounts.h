/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_MOUNTS_H
#define I2KIT_MANIFEST_COMPOSE_MOUNTS_H

/* The short form of a mount: [SOURCE:]TARGET[:OPTION,OPTION]. */

#include "base/error.h"

struct compose_mount {
	char *source; /* owned; NULL: a volume without a name */
	char *target; /* owned */
	bool is_bind; /* the source is a path */
	bool is_read_only;
	bool no_copy;
	char *propagation; /* owned; or NULL */
	char *selinux;	   /* owned "z" or "Z"; or NULL */
};
void compose_mount_clear(struct compose_mount *mount);
MUST_CHECK bool compose_mount_parse(const char *text, struct compose_mount *ret, struct error *err);
/* The target alone; NULL: it is none. Owned. */
char *compose_mount_target(const char *text);

#endif
