/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DOCTOR_H
#define I2KIT_CLI_DOCTOR_H

#include "base/error.h"

/* What i2kit needs of this machine, one check a line. Checks change nothing. */

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,	/* works, but less well or without something optional */
	FINDING_BROKEN, /* pods will not run, or images not be built */
};

struct finding {
	const char *name; /* "kvm"; static */
	enum finding_level level;
	char *text; /* what was found */
	char *mend; /* the shell command that mends it, or NULL */
	/* --fix may run it: it installs, starts or makes; it takes nothing away. */
	bool is_safe_to_fix;
	/* What --fix does in the place of the command, or NULL. */
	bool (*fix)(struct error *err);
};
void finding_clear(struct finding *finding);

enum { DOCTOR_CHECK_COUNT = 16 };
/* The check of that number; uri NULL: as other verbs choose it. */
void doctor_check(int number, const char *uri_or_null, struct finding *ret);

#endif
