/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DEVELOP_SYNC_H
#define I2KIT_CLI_DEVELOP_SYNC_H

/* What `develop.watch` does to one VM: files into a container, its restart, a command in it. */

#include "cli/verb.h"
#include "local/watch/sync_archive.h"

struct develop_target {
	const struct invocation *invocation;
	const char *project;
	const char *instance;
	const char *container;
};

/*
 * fd: an archive of sync_archive.h, read from its beginning. ERROR_NOT_FOUND and ERROR_NETWORK: not
 * now, it may be so far soon.
 */
MUST_CHECK bool develop_sync_files(const struct develop_target *target, int fd, struct error *err);
MUST_CHECK bool develop_sync_restart(const struct develop_target *target, struct error *err);
/* Its output is ours; what it ended with is a warning. */
MUST_CHECK bool develop_sync_exec(const struct develop_target *target,
				  const struct watch_rule *rule, struct error *err);

#endif
