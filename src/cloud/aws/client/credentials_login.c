/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_cache.h"

/* $AWS_LOGIN_CACHE_DIRECTORY or ~/.aws/login/cache, and the SHA-256 of the session's name. */
static char *cache_path(const char *session)
{
	uint8_t raw[SHA256_SIZE];
	char name[SHA256_HEX_SIZE];
	sha256_bytes(session, strlen(session), raw);
	sha256_hex(raw, name);
	const char *folder = aws_env("AWS_LOGIN_CACHE_DIRECTORY");
	return folder != NULL ? xasprintf("%s/%s.json", folder, name)
			      : aws_cache_path("login/cache", name);
}

/* Renewing takes a signature with the key that `aws login` made (DPoP): that is left to it. */
static bool ended(const char *profile, struct error *err)
{
	error_set(err, ERROR_DENIED,
		  "the credentials of aws login have ended or were never there, and i2kit does not "
		  "renew them");
	return error_hint(err,
			  "aws login --profile %s; or, to have them renewed, another profile with "
			  "credential_process = aws configure export-credentials --profile %s",
			  profile, profile);
}

bool aws_credentials_from_login(const struct aws_settings *settings, const char *profile,
				struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	const char *session = aws_settings_get(settings, profile, "login_session");
	if (session == NULL)
		return true;
	AUTO_FREE char *path = cache_path(session);
	AUTO_PTR(json_document) struct json_document *document = aws_cache_read(path);
	if (document == NULL)
		return ended(profile, err);
	struct json_view found = json_view_get(json_document_root(document), "accessToken");
	const char *access_key = aws_cache_secret(json_view_get(found, "accessKeyId"));
	const char *secret_key = aws_cache_secret(json_view_get(found, "secretAccessKey"));
	const char *token = aws_cache_secret(json_view_get(found, "sessionToken"));
	int64_t expires_ns = aws_cache_time(json_view_get(found, "expiresAt"));
	if (access_key == NULL || secret_key == NULL || token == NULL ||
	    expires_ns <= clock_wall_ns())
		return ended(profile, err);
	*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
					.secret_key = xstrdup(secret_key),
					.session_token = xstrdup(token),
					.expires_ns = expires_ns,
					.source = xasprintf("profile %s (aws login)", profile)};
	*ret_found = true;
	return true;
}
