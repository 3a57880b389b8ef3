/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_MANIFEST_FILES_H
#define I2KIT_CLI_MANIFEST_FILES_H

/* The manifests a verb works on: -f FILE…, or what lies in the current folder. */

#include "cli/verb.h"
#include "manifest/app.h"

#define MANIFEST_FILE_OPTION                                                                       \
	{                                                                                          \
		"file", 'f', OPTION_REPEAT, "FILE", "manifest, folder, or - (default: here)",      \
			COMPLETE_FILE                                                              \
	}

/* Reads them; says every problem on stderr as file:line:column. */
MUST_CHECK bool manifest_files_load(const struct invocation *invocation, struct app *ret,
				    struct error *err);

#endif
