/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/sha256.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_cache.h"

#define KEEP_BEFORE_NS INT64_C(900000000000) /* with less left the command line asks anew */

/* A member as Python's json.dumps writes it: a space after colon and comma. */
static void add_member(struct strbuf *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	strbuf_appendf(out, "%s\"%s\": ", out->size > 1 ? ", " : "", key);
	struct json_writer json = JSON_WRITER(out, JSON_ASCII);
	json_write_text(&json, NULL, value);
}

/*
 * The SHA-1 of what the role is asked for with, in the order of its keys; a session's name only
 * where the profile gives it. botocore: BaseAssumeRoleCredentialFetcher._create_cache_key.
 */
static char *cache_path(const struct aws_role *role)
{
	AUTO(strbuf_clear) struct strbuf key = STRBUF_INIT;
	char name[SHA1_HEX_SIZE];
	int64_t duration_s = 0;
	strbuf_append(&key, "{");
	if (role->duration_s != NULL && parse_i64(role->duration_s, 1, INT32_MAX, &duration_s))
		strbuf_appendf(&key, "\"DurationSeconds\": %lld", (long long)duration_s);
	add_member(&key, "ExternalId", role->external_id);
	add_member(&key, "RoleArn", role->arn);
	add_member(&key, "RoleSessionName", role->session);
	add_member(&key, "SerialNumber", role->mfa_serial);
	strbuf_append(&key, "}");
	sha1_hex(strbuf_text(&key), key.size, name);
	return aws_cache_path("cli/cache", name);
}

bool aws_role_cached(const struct aws_role *role, struct aws_credentials *ret)
{
	AUTO_FREE char *path = cache_path(role);
	AUTO_PTR(json_document) struct json_document *document = aws_cache_read(path);
	if (document == NULL)
		return false;
	struct json_view found = json_view_get(json_document_root(document), "Credentials");
	const char *access_key = aws_cache_secret(json_view_get(found, "AccessKeyId"));
	const char *secret_key = aws_cache_secret(json_view_get(found, "SecretAccessKey"));
	const char *token = aws_cache_secret(json_view_get(found, "SessionToken"));
	int64_t expires_ns = aws_cache_time(json_view_get(found, "Expiration"));
	if (access_key == NULL || secret_key == NULL || token == NULL ||
	    expires_ns - clock_wall_ns() < KEEP_BEFORE_NS)
		return false;
	*ret = (struct aws_credentials){
		.access_key = xstrdup(access_key),
		.secret_key = xstrdup(secret_key),
		.session_token = xstrdup(token),
		.expires_ns = expires_ns,
		.source = xasprintf("role %s, kept in ~/.aws/cli/cache", role->arn)};
	return true;
}

void aws_role_keep(const struct aws_role *role, const struct aws_credentials *credentials)
{
	char expires[RFC3339_SIZE];
	clock_format_rfc3339(expires, credentials->expires_ns, 0);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_open_object(&json, "Credentials");
	json_write_text(&json, "AccessKeyId", credentials->access_key);
	json_write_text(&json, "SecretAccessKey", credentials->secret_key);
	json_write_text(&json, "SessionToken", credentials->session_token);
	json_write_text(&json, "Expiration", expires);
	json_close(&json);
	json_close(&json);
	/* The credentials are good all the same where a home cannot be written. */
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_FREE char *path = cache_path(role);
	if (!aws_cache_write(path, &text, &failure))
		log_verbose("the role's credentials are not kept: %s", failure.message);
	explicit_bzero(text.data, text.size);
}
