/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/base_note.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "image/disk/base_folder.h"
#include "wire/guest_level.h"

#define RUN_LEVEL 2

bool base_note_can_run(const struct invocation *invocation, struct error *err)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	const char *named = arguments_value(invocation->args, "base");
	struct stat st;

	if (named != NULL && stat(named, &st) == 0 && !S_ISDIR(st.st_mode))
		named = NULL;
	if (!base_folder_load(named, &base, err))
		return false;
	if (base.guest_level >= RUN_LEVEL)
		return true;
	error_set(err, ERROR_UNSUPPORTED, "the base at %s is older than `run`", base.path);
	return error_hint(err, "scripts/make-base %s, or the package i2kit-base of this version",
			  base.path);
}

void base_note_age(const struct invocation *invocation)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	const char *named = arguments_value(invocation->args, "base");
	struct stat st;

	/* A LinuxKit document is laid over the default base. */
	if (named != NULL && stat(named, &st) == 0 && !S_ISDIR(st.st_mode))
		named = NULL;
	/* That there is none says whoever needs it. */
	if (!base_folder_load(named, &base, &ignored))
		return;
	AUTO_FREE char *complaint = base_folder_complaint(&base);
	if (complaint == NULL)
		return;
	output_warning(invocation, "%s", complaint);
	if (base.guest_level < GUEST_LEVEL)
		output_note(invocation, "scripts/make-base %s makes it anew; i2kit doctor looks",
			    base.path);
}
