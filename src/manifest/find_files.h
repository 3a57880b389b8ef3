/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_FIND_FILES_H
#define I2KIT_MANIFEST_FIND_FILES_H

/* Which files are read: those that are named, those of folders, or what a folder has when none is. */

#include "base/error.h"
#include "base/string_list.h"
#include "manifest/load.h"

struct found_files {
	struct string_list files;   /* all, each once, in the order of reading */
	struct string_list compose; /* those of them that are one Compose project together */
	char *stdin_text;	    /* owned; what "-" said, which is read but once; or NULL */
	size_t stdin_size;
};
void found_files_clear(struct found_files *found);
MUST_CHECK bool find_files(const struct load_options *options, struct found_files *ret,
			   struct error *err);

/* Whether a folder has manifests that are read there without being named. */
bool find_files_are_in(const char *folder);

#endif
