/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"

const char *aws_env(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

void aws_settings_clear(struct aws_settings *settings)
{
	free(settings->profile);
	free(settings->region);
	free(settings->config_path);
	free(settings->shared_path);
	free(settings->ca_file);
	ini_clear(&settings->config);
	ini_clear(&settings->shared);
	*settings = (struct aws_settings){0};
}

static const char *non_empty(const char *value)
{
	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* "[default]" and "[profile default]" are both accepted; other profiles carry the word. */
static char *config_section(const struct aws_settings *settings, const char *profile)
{
	char *section = xasprintf("profile %s", profile);
	if (strcmp(profile, "default") == 0 && !ini_has_section(&settings->config, section)) {
		free(section);
		return xstrdup("default");
	}
	return section;
}

bool aws_settings_has_profile(const struct aws_settings *settings, const char *profile)
{
	AUTO_FREE char *section = config_section(settings, profile);
	return ini_has_section(&settings->config, section) ||
	       ini_has_section(&settings->shared, profile);
}

const char *aws_settings_get(const struct aws_settings *settings, const char *profile,
			     const char *key)
{
	const char *shared = non_empty(ini_get(&settings->shared, profile, key));
	if (shared != NULL)
		return shared;
	AUTO_FREE char *section = config_section(settings, profile);
	return non_empty(ini_get(&settings->config, section, key));
}

const char *aws_settings_section(const struct aws_settings *settings, const char *kind,
				 const char *name, const char *key)
{
	AUTO_FREE char *section = xasprintf("%s %s", kind, name);
	return non_empty(ini_get(&settings->config, section, key));
}

/* Where a file is: $VARIABLE with a leading ~/ resolved, else ~/.aws/NAME. */
static char *file_path(const char *variable, const char *name)
{
	const char *home = aws_env("HOME");
	const char *given = aws_env(variable);
	if (given != NULL && (strncmp(given, "~/", 2) != 0 || home == NULL))
		return xstrdup(given);
	if (given != NULL)
		return path_join(home, given + 2);
	return xasprintf("%s/.aws/%s", home != NULL ? home : "/nonexistent", name);
}

static bool is_true(const struct aws_settings *settings, const char *variable, const char *key)
{
	const char *value = aws_env(variable);
	if (value == NULL)
		value = aws_settings_get(settings, settings->profile, key);
	return value != NULL && strcasecmp(value, "true") == 0;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
	if (a != NULL)
		return a;
	return b != NULL ? b : c;
}

static void read_attempts(struct aws_settings *settings)
{
	const char *mode =
		first_of(aws_env("AWS_RETRY_MODE"),
			 aws_settings_get(settings, settings->profile, "retry_mode"), "legacy");
	const char *count =
		first_of(aws_env("AWS_MAX_ATTEMPTS"),
			 aws_settings_get(settings, settings->profile, "max_attempts"), NULL);
	uint64_t attempts = strcmp(mode, "legacy") == 0 ? 5 : 3;
	if (count != NULL)
		(void)!parse_u64(count, 1, 20, &attempts);
	settings->max_attempts = (unsigned)attempts;
}

static bool fill_settings(struct aws_settings *settings, const char *region, struct error *err)
{
	settings->config_path = file_path("AWS_CONFIG_FILE", "config");
	settings->shared_path = file_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
	if (!ini_load(settings->config_path, &settings->config, err) ||
	    !ini_load(settings->shared_path, &settings->shared, err))
		return false;
	if (strcmp(settings->profile, "default") != 0 &&
	    !aws_settings_has_profile(settings, settings->profile)) {
		error_set(err, ERROR_NOT_FOUND, "the AWS profile '%s' is in neither %s nor %s",
			  settings->profile, settings->config_path, settings->shared_path);
		return error_hint(err, "aws configure --profile %s", settings->profile);
	}
	const char *from_env = first_of(aws_env("AWS_REGION"), aws_env("AWS_DEFAULT_REGION"), NULL);
	settings->region = xstrdup_or_null(first_of(
		region, from_env, aws_settings_get(settings, settings->profile, "region")));
	settings->ca_file = xstrdup_or_null(
		first_of(aws_env("AWS_CA_BUNDLE"),
			 aws_settings_get(settings, settings->profile, "ca_bundle"), NULL));
	settings->use_fips = is_true(settings, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	settings->use_dualstack =
		is_true(settings, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
	settings->ignore_endpoints = is_true(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
					     "ignore_configured_endpoint_urls");
	read_attempts(settings);
	return true;
}

bool aws_settings_load(const char *profile, const char *region, struct aws_settings *ret,
		       struct error *err)
{
	AUTO(aws_settings_clear) struct aws_settings settings = {0};
	const char *from_env =
		first_of(aws_env("AWS_PROFILE"), aws_env("AWS_DEFAULT_PROFILE"), NULL);
	settings.is_profile_explicit = profile != NULL;
	settings.profile = xstrdup(first_of(profile, from_env, "default"));
	if (!fill_settings(&settings, region, err))
		return false;
	*ret = settings;
	settings = (struct aws_settings){0};
	return true;
}
