/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_CLOUD_TARGET_H
#define I2KIT_CLI_CLOUD_TARGET_H

/* Where in the cloud a verb works: -e environment.yml, --region, --profile; opened. */

#include "cli/verb.h"
#include "cloud/provider.h"
#include "manifest/environment.h"

#define ENVIRONMENT_OPTION                                                                         \
	{                                                                                          \
		"environment", 'e', OPTION_VALUE, "FILE", "target (default: environment.yml)",     \
			COMPLETE_FILE                                                              \
	}
#define REGION_OPTION                                                                              \
	{                                                                                          \
		"region", 0, OPTION_VALUE, "REGION", "instead of the file's", COMPLETE_NONE        \
	}
#define PROFILE_OPTION                                                                             \
	{                                                                                          \
		"profile", 0, OPTION_VALUE, "NAME", "of ~/.aws/config", COMPLETE_NONE              \
	}

struct cloud_target {
	struct environment environment; /* all NULL where there is no file */
	const struct cloud_provider *provider;
	struct cloud *cloud; /* owned; open */
	struct cloud_scope scope;
};
void cloud_target_clear(struct cloud_target *target);

/*
 * Reads the file, opens the provider and says who we are there. project NULL: as for other verbs.
 */
MUST_CHECK bool cloud_target_open(const struct invocation *invocation, const char *project_or_null,
				  struct cloud_target *ret, struct error *err);

/* The file of -e, or the one that lies here; all NULL where there is none. */
MUST_CHECK bool cloud_target_environment(const struct invocation *invocation,
					 struct environment *ret, struct error *err);

/* "y" on the terminal; without one, ERROR_USAGE that names --yes. */
MUST_CHECK bool cloud_target_confirm(const struct invocation *invocation, const char *question,
				     struct error *err);

#endif
