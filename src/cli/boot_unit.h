/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_BOOT_UNIT_H
#define I2KIT_CLI_BOOT_UNIT_H

/*
 * A systemd unit that starts a project's pods when this machine (root) or its user's session starts:
 * /etc/systemd/system or ~/.config/systemd/user, i2kit-PROJECT.service, wanted by the target of the
 * place (https://www.freedesktop.org/software/systemd/man/systemd.unit.html).
 */

#include "base/error.h"
#include "base/string_list.h"

struct boot_unit {
	const char *program; /* absolute */
	const char *project;
	const char *folder;		       /* of its manifests, for people */
	const struct string_list *environment; /* "HOME=/root" … */
	bool is_user;
};
/* Pure, owned. */
char *boot_unit_text(const struct boot_unit *unit);

/* *ret_path: where it is, owned. */
MUST_CHECK bool boot_unit_install(const char *project, const char *folder, char **ret_path,
				  struct error *err);
/* None is no error. */
MUST_CHECK bool boot_unit_remove(const char *project, bool *ret_was_there, struct error *err);

/* Whether systemd runs here, and whether it starts this user's units without a login. */
bool boot_unit_systemd_runs(void);
bool boot_unit_lingers(void);

#endif
