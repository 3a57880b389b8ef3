/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "cloud/aws/client/credentials_container.h"
#include "cloud/aws/client/credentials_login.h"
#include "cloud/aws/client/credentials_process.h"
#include "cloud/aws/client/credentials_role.h"
#include "cloud/aws/client/credentials_sso.h"
#include "cloud/aws/client/metadata.h"

#define MAX_ROLE_CHAIN 8

void aws_credentials_clear(struct aws_credentials *credentials)
{
	if (credentials->secret_key != NULL)
		explicit_bzero(credentials->secret_key, strlen(credentials->secret_key));
	free(credentials->access_key);
	free(credentials->secret_key);
	free(credentials->session_token);
	free(credentials->source);
	*credentials = (struct aws_credentials){0};
}

static bool from_environment(struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	const char *access_key = aws_env("AWS_ACCESS_KEY_ID");
	const char *secret_key = aws_env("AWS_SECRET_ACCESS_KEY");
	if (access_key == NULL)
		return true;
	if (secret_key == NULL) {
		error_set(err, ERROR_DENIED,
			  "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
		return error_hint(err, "export AWS_SECRET_ACCESS_KEY=…");
	}
	const char *token = aws_env("AWS_SESSION_TOKEN");
	if (token == NULL)
		token = aws_env("AWS_SECURITY_TOKEN");
	const char *expires = aws_env("AWS_CREDENTIAL_EXPIRATION");
	int64_t expires_ns = 0;
	if (expires != NULL && !parse_rfc3339_ns(expires, &expires_ns))
		return error_set(err, ERROR_INVALID, "AWS_CREDENTIAL_EXPIRATION '%s' is no time",
				 expires);
	*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
					.secret_key = xstrdup(secret_key),
					.session_token = xstrdup_or_null(token),
					.expires_ns = expires_ns,
					.source = xstrdup("the environment")};
	*ret_found = true;
	return true;
}

/* Keys that stand in a file. `value` is ini_get or the like, bound to a section. */
static bool from_section(const struct ini *ini, const char *section, const char *path,
			 struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	const char *access_key = ini_get(ini, section, "aws_access_key_id");
	const char *secret_key = ini_get(ini, section, "aws_secret_access_key");
	if (access_key == NULL && secret_key == NULL)
		return true;
	if (access_key == NULL || secret_key == NULL)
		return error_set(err, ERROR_DENIED, "%s: [%s] has only half of a key pair", path,
				 section);
	*ret = (struct aws_credentials){
		.access_key = xstrdup(access_key),
		.secret_key = xstrdup(secret_key),
		.session_token = xstrdup_or_null(ini_get(ini, section, "aws_session_token")),
		.source = xasprintf("%s [%s]", path, section)};
	*ret_found = true;
	return true;
}

static bool from_config_file(const struct aws_settings *settings, const char *profile,
			     struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	AUTO_FREE char *section = xasprintf("profile %s", profile);
	bool is_plain =
		strcmp(profile, "default") == 0 && !ini_has_section(&settings->config, section);
	return from_section(&settings->config, is_plain ? "default" : section,
			    settings->config_path, ret, ret_found, err);
}

/* --- one profile ---------------------------------------------------------------------------- */

/* The profiles gone through so far, to tell a circle. */
struct role_chain {
	const char *profiles[MAX_ROLE_CHAIN];
	size_t count;
};

static bool from_profile(const struct aws_settings *settings, struct http_client *http,
			 const char *profile, struct role_chain *chain, struct aws_credentials *ret,
			 bool *ret_found, struct error *err);

static bool enter_chain(struct role_chain *chain, const char *profile, struct error *err)
{
	for (size_t i = 0; i < chain->count; i++)
		if (strcmp(chain->profiles[i], profile) == 0)
			return error_set(err, ERROR_INVALID,
					 "the AWS profile '%s' leads back to itself through "
					 "source_profile",
					 profile);
	if (chain->count == MAX_ROLE_CHAIN)
		return error_set(err, ERROR_INVALID, "more than %d AWS profiles in a row",
				 MAX_ROLE_CHAIN);
	chain->profiles[chain->count++] = profile;
	return true;
}

static bool from_named_source(const struct aws_settings *settings, struct http_client *http,
			      const char *source, struct aws_credentials *ret, struct error *err)
{
	bool is_found = false;
	bool is_ok;
	if (strcmp(source, "Environment") == 0)
		is_ok = from_environment(ret, &is_found, err);
	else if (strcmp(source, "Ec2InstanceMetadata") == 0)
		is_ok = aws_credentials_from_metadata(settings, http, ret, &is_found, err);
	else if (strcmp(source, "EcsContainer") == 0)
		is_ok = aws_credentials_from_container(http, ret, &is_found, err);
	else
		return error_set(err, ERROR_INVALID,
				 "credential_source '%s' is none of Environment, "
				 "Ec2InstanceMetadata, EcsContainer",
				 source);
	if (is_ok && !is_found)
		return error_set(err, ERROR_DENIED, "credential_source %s has no credentials",
				 source);
	return is_ok;
}

static bool role_source(const struct aws_settings *settings, struct http_client *http,
			const char *profile, struct role_chain *chain, struct aws_credentials *ret,
			struct error *err)
{
	const char *named = aws_settings_get(settings, profile, "credential_source");
	const char *parent = aws_settings_get(settings, profile, "source_profile");
	if ((named == NULL) == (parent == NULL))
		return error_set(err, ERROR_INVALID,
				 "a profile with role_arn needs one of source_profile and "
				 "credential_source");
	if (named != NULL)
		return from_named_source(settings, http, named, ret, err);
	if (!aws_settings_has_profile(settings, parent))
		return error_set(err, ERROR_NOT_FOUND, "its source_profile '%s' does not exist",
				 parent);
	bool is_found = false;
	/* A profile may be its own source when it has keys as well: then those are meant. */
	if (strcmp(parent, profile) == 0) {
		if (!from_section(&settings->shared, profile, settings->shared_path, ret, &is_found,
				  err))
			return false;
		if (!is_found && !from_config_file(settings, profile, ret, &is_found, err))
			return false;
		if (is_found)
			return true;
	}
	if (!from_profile(settings, http, parent, chain, ret, &is_found, err))
		return false;
	return is_found ? true
			: error_set(err, ERROR_DENIED, "its source_profile '%s' has no credentials",
				    parent);
}

static bool from_role(const struct aws_settings *settings, struct http_client *http,
		      const char *profile, struct role_chain *chain, struct aws_credentials *ret,
		      bool *ret_found, struct error *err)
{
	struct aws_role role = {
		.arn = aws_settings_get(settings, profile, "role_arn"),
		.session = aws_settings_get(settings, profile, "role_session_name"),
		.external_id = aws_settings_get(settings, profile, "external_id"),
		.mfa_serial = aws_settings_get(settings, profile, "mfa_serial"),
		.mfa_code = aws_env("AWS_MFA_CODE"),
		.duration_s = aws_settings_get(settings, profile, "duration_seconds"),
		.token_file = aws_settings_get(settings, profile, "web_identity_token_file"),
	};
	if (role.arn == NULL)
		return true;
	AUTO(aws_credentials_clear) struct aws_credentials source = {0};
	bool is_web = role.token_file != NULL;
	if (!aws_credentials_kept_role(&role, ret) &&
	    ((!is_web && !role_source(settings, http, profile, chain, &source, err)) ||
	     !aws_credentials_assume(settings, http, &role, is_web ? NULL : &source, ret, err)))
		return false;
	*ret_found = true;
	return true;
}

static bool from_process(const struct aws_settings *settings, const char *profile,
			 struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	const char *command = aws_settings_get(settings, profile, "credential_process");
	if (command == NULL)
		return true;
	*ret_found = true;
	return aws_credentials_from_process(command, ret, err);
}

static bool try_profile(const struct aws_settings *settings, struct http_client *http,
			const char *profile, struct role_chain *chain, struct aws_credentials *ret,
			bool *ret_found, struct error *err)
{
	if (!from_role(settings, http, profile, chain, ret, ret_found, err) || *ret_found)
		return *ret_found && ret->access_key != NULL;
	if (!aws_credentials_from_sso(settings, profile, http, ret, ret_found, err))
		return false;
	if (!*ret_found &&
	    !from_section(&settings->shared, profile, settings->shared_path, ret, ret_found, err))
		return false;
	if (!*ret_found &&
	    !aws_credentials_from_login(settings, profile, http, ret, ret_found, err))
		return false;
	if (!*ret_found && !from_process(settings, profile, ret, ret_found, err))
		return false;
	return *ret_found || from_config_file(settings, profile, ret, ret_found, err);
}

static bool from_profile(const struct aws_settings *settings, struct http_client *http,
			 const char *profile, struct role_chain *chain, struct aws_credentials *ret,
			 bool *ret_found, struct error *err)
{
	if (!enter_chain(chain, profile, err))
		return false;
	if (!try_profile(settings, http, profile, chain, ret, ret_found, err))
		return error_prefix(err, "AWS profile '%s'", profile);
	return true;
}

/* --- the chain ------------------------------------------------------------------------------ */

static bool from_web_identity(const struct aws_settings *settings, struct http_client *http,
			      struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	struct aws_role role = {
		.arn = aws_env("AWS_ROLE_ARN"),
		.session = aws_env("AWS_ROLE_SESSION_NAME"),
		.token_file = aws_env("AWS_WEB_IDENTITY_TOKEN_FILE"),
	};
	if (role.token_file == NULL || role.arn == NULL)
		return true;
	*ret_found = true;
	return aws_credentials_kept_role(&role, ret) ||
	       aws_credentials_assume(settings, http, &role, NULL, ret, err);
}

bool aws_credentials_find(const struct aws_settings *settings, struct http_client *http,
			  struct aws_credentials *ret, struct error *err)
{
	AUTO(aws_credentials_clear) struct aws_credentials out = {0};
	bool is_found = false;
	if (!settings->is_profile_explicit && !from_environment(&out, &is_found, err))
		return false;
	bool is_role = aws_settings_get(settings, settings->profile, "role_arn") != NULL;
	if (!is_found && !is_role && !settings->is_profile_explicit &&
	    !from_web_identity(settings, http, &out, &is_found, err))
		return false;
	struct role_chain chain = {0};
	if (!is_found &&
	    !from_profile(settings, http, settings->profile, &chain, &out, &is_found, err))
		return false;
	if (!is_found && !aws_credentials_from_container(http, &out, &is_found, err))
		return false;
	if (!is_found && !aws_credentials_from_metadata(settings, http, &out, &is_found, err))
		return false;
	if (!is_found) {
		error_set(err, ERROR_DENIED,
			  "no AWS credentials: not in the environment, the profile '%s' of %s, a "
			  "container or instance metadata",
			  settings->profile, settings->shared_path);
		return error_hint(err, "aws configure, aws sso login, or export "
				       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	}
	*ret = out;
	out = (struct aws_credentials){0};
	return true;
}
