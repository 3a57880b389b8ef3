/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_MANIFEST_FILES_H
#define I2KIT_CLI_MANIFEST_FILES_H

/* The manifests a verb works on: -f FILE…, or what lies in the current folder. */

#include "cli/verb.h"
#include "manifest/app.h"
#include "manifest/load.h"

#define MANIFEST_FILE_OPTION                                                                       \
	{                                                                                          \
		"file", 'f', OPTION_REPEAT, "FILE", "manifest, folder, or - (default: here)",      \
			COMPLETE_FILE                                                              \
	}

#define MANIFEST_RECURSIVE_OPTION                                                                  \
	{                                                                                          \
		"recursive", 'R', OPTION_FLAG, NULL, "read the folders inside of a folder, too",   \
			COMPLETE_NONE                                                              \
	}

#define MANIFEST_NAMESPACE_OPTION                                                                  \
	{                                                                                          \
		"namespace", 'n', OPTION_VALUE, "NAMESPACE",                                       \
			"read objects of that namespace alone", COMPLETE_NONE                      \
	}

/* Of Compose files. */
#define MANIFEST_ENV_FILE_OPTION                                                                   \
	{                                                                                          \
		"env-file", 0, OPTION_REPEAT, "FILE",                                              \
			"variables of a Compose file (default: .env)", COMPLETE_FILE               \
	}

#define MANIFEST_PROFILE_OPTION                                                                    \
	{                                                                                          \
		"profile", 0, OPTION_REPEAT, "NAME", "services of that Compose profile, too",      \
			COMPLETE_NONE                                                              \
	}

/* The same for verbs of the cloud, where --profile is the provider's. */
#define MANIFEST_CLOUD_PROFILE_OPTION                                                              \
	{                                                                                          \
		"compose-profile", 0, OPTION_REPEAT, "NAME",                                       \
			"services of that Compose profile, too", COMPLETE_NONE                     \
	}

#define MANIFEST_SKIP_OPTION                                                                       \
	{                                                                                          \
		"skip-unsupported", 0, OPTION_FLAG, NULL,                                          \
			"leave objects out that mean nothing here", COMPLETE_NONE                  \
	}

#define MANIFEST_STRICT_OPTION                                                                     \
	{                                                                                          \
		"strict", 0, OPTION_FLAG, NULL, "refuse objects that have no effect here",         \
			COMPLETE_NONE                                                              \
	}

/* Secrets and ConfigMaps from outside of the manifests: manifest/supplied_config.h. */
#define MANIFEST_SECRET_OPTION                                                                     \
	{                                                                                          \
		"secret", 0, OPTION_REPEAT, "NAME[.KEY]=…", "a Secret's key, or a file of it",     \
			COMPLETE_NONE                                                              \
	}
#define MANIFEST_SECRET_FILE_OPTION                                                                \
	{                                                                                          \
		"secret-file", 0, OPTION_REPEAT, "NAME[.KEY]=FILE",                                \
			"the same from a file, .env or folder", COMPLETE_FILE                      \
	}
#define MANIFEST_CONFIG_OPTION                                                                     \
	{                                                                                          \
		"config-map", 0, OPTION_REPEAT, "NAME[.KEY]=…",                                    \
			"a ConfigMap's key, or a file of it", COMPLETE_NONE                        \
	}
#define MANIFEST_CONFIG_FILE_OPTION                                                                \
	{                                                                                          \
		"config-map-file", 0, OPTION_REPEAT, "NAME[.KEY]=FILE",                            \
			"the same from a file, .env or folder", COMPLETE_FILE                      \
	}
/* Which manifests are read, and how; the second for verbs whose --profile is the cloud's. */
#define MANIFEST_OPTIONS                                                                           \
	MANIFEST_FILE_OPTION, MANIFEST_RECURSIVE_OPTION, MANIFEST_NAMESPACE_OPTION,                \
		MANIFEST_ENV_FILE_OPTION, MANIFEST_PROFILE_OPTION, MANIFEST_SKIP_OPTION,           \
		MANIFEST_STRICT_OPTION
#define MANIFEST_CLOUD_OPTIONS                                                                     \
	MANIFEST_FILE_OPTION, MANIFEST_RECURSIVE_OPTION, MANIFEST_NAMESPACE_OPTION,                \
		MANIFEST_ENV_FILE_OPTION, MANIFEST_CLOUD_PROFILE_OPTION, MANIFEST_SKIP_OPTION,     \
		MANIFEST_STRICT_OPTION
#define MANIFEST_SUPPLY_OPTIONS                                                                    \
	MANIFEST_SECRET_OPTION, MANIFEST_SECRET_FILE_OPTION, MANIFEST_CONFIG_OPTION,               \
		MANIFEST_CONFIG_FILE_OPTION

/* For verbs whose arguments are files, as with -f. No pod at all is no error here. */
MUST_CHECK bool manifest_files_read(const struct invocation *invocation, struct app *ret,
				    struct problem_list *problems, struct error *err);
/* The same, with Kubernetes objects kept as they were written. */
MUST_CHECK bool manifest_files_read_whole(const struct invocation *invocation, struct app *ret,
					  struct problem_list *problems, struct error *err);
/* For verbs whose arguments are files and pods, which manifest_files_split() tells apart. */
MUST_CHECK bool manifest_files_read_both(const struct invocation *invocation, struct app *ret,
					 struct problem_list *problems, struct error *err);
/* For run, whose arguments are none of both, and whose --env-file is the container's. */
MUST_CHECK bool manifest_files_read_pods(const struct invocation *invocation, struct app *ret,
					 struct problem_list *problems, struct error *err);
/* Whether -f is given, or what verbs read without it lies in this folder. */
bool manifest_files_are_here(const struct arguments *args);
void manifest_files_split(const struct arguments *args, struct string_list *paths,
			  struct string_list *pods);
/* ERROR_USAGE that names the nearest; false. */
bool manifest_files_no_pod(const struct app *app, const char *name, struct error *err);
/* One line each on stderr, and the hint below. */
void manifest_files_print(const struct invocation *invocation, const struct problem_list *problems,
			  bool is_quiet);

/* Reads them; says every problem on stderr as file:line:column. */
MUST_CHECK bool manifest_files_load(const struct invocation *invocation, struct app *ret,
				    struct error *err);

#endif
