/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_SETTINGS_H
#define I2KIT_CLOUD_AWS_CLIENT_SETTINGS_H

/*
 * What the AWS command line would take from its environment and its two files, looked at once.
 * Every variable and key has the name and the precedence it has there.
 */

#include <stdbool.h>

#include "base/error.h"
#include "cloud/aws/client/ini.h"

struct aws_settings {
	char *profile;		  /* owned; "default" when none was named */
	bool is_profile_explicit; /* by --profile, not by the environment */
	char *region;		  /* owned; NULL: nobody says (then: instance metadata) */
	struct ini config;	  /* ~/.aws/config */
	struct ini shared;	  /* ~/.aws/credentials */
	char *config_path;	  /* owned */
	char *shared_path;	  /* owned */
	char *ca_file;		  /* owned; or NULL: the system's */
	bool use_fips;
	bool use_dualstack;
	bool ignore_endpoints; /* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS */
	unsigned max_attempts;
	/* One line that is not shown, from the person who is there, owned; NULL and *err: there is none.
	 * Itself NULL: nobody may be asked. */
	char *(*ask)(const char *question, struct error *err);
};

MUST_CHECK bool aws_settings_load(const char *profile_or_null, const char *region_or_null,
				  struct aws_settings *ret, struct error *err);
void aws_settings_clear(struct aws_settings *settings);

/* A non-empty environment variable, or NULL. */
const char *aws_env(const char *name);
bool aws_settings_has_profile(const struct aws_settings *settings, const char *profile);
/* A key of a profile: ~/.aws/credentials wins over ~/.aws/config. NULL: not given or empty. */
const char *aws_settings_get(const struct aws_settings *settings, const char *profile,
			     const char *key);
/* A key of ~/.aws/config's section "KIND NAME" (sso-session, services). */
const char *aws_settings_section(const struct aws_settings *settings, const char *kind,
				 const char *name, const char *key);

#endif
