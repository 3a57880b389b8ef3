/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DISK_ARGUMENT_H
#define I2KIT_CLI_DISK_ARGUMENT_H

#include "base/error.h"
#include "image/store/store.h"

struct invocation;

/*
 * A disk as people name it: a file, or the digest (or the beginning of one) of a disk in the store.
 * *ret is the path, owned.
 */
MUST_CHECK bool disk_argument_find(struct store *store, const char *text, char **ret,
				   struct error *err);
/* The disk that a pod or instance of the project runs from: its path, owned; NULL: there is none of the name. */
char *disk_argument_of_pod(const struct invocation *invocation, struct store *store,
			   const char *name);

#endif
