/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_kept.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/sha256.h"
#include "cloud/aws/client/credentials_cache.h"
#include "cloud/aws/client/credentials_role.h"

#define KEEP_BEFORE_NS INT64_C(900000000000) /* with less left the command line asks anew */

char *aws_kept_key_of_role(const struct aws_role *role)
{
	AUTO(strbuf_clear) struct strbuf key = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&key, JSON_ASCII | JSON_SPACED | JSON_LOWER_HEX);
	bool is_web = role->token_file != NULL;
	int64_t duration_s = 0;
	json_open_object(&json, NULL);
	if (!is_web && role->duration_s != NULL &&
	    parse_i64(role->duration_s, 1, INT32_MAX, &duration_s))
		json_write_number(&json, "DurationSeconds", duration_s);
	json_write_text_if(&json, "ExternalId", is_web ? NULL : role->external_id);
	json_write_text_if(&json, "RoleArn", role->arn);
	json_write_text_if(&json, "RoleSessionName", role->session);
	json_write_text_if(&json, "SerialNumber", is_web ? NULL : role->mfa_serial);
	json_close(&json);
	return strbuf_take(&key);
}

static char *path_of(const char *key)
{
	char name[SHA1_HEX_SIZE];
	sha1_hex(key, strlen(key), name);
	return aws_cache_path("cli/cache", name);
}

bool aws_kept_find(const char *key, struct aws_credentials *ret)
{
	AUTO_FREE char *path = path_of(key);
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
	*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
					.secret_key = xstrdup(secret_key),
					.session_token = xstrdup(token),
					.expires_ns = expires_ns};
	return true;
}

void aws_kept_save(const char *key, const char *provider, const char *account,
		   const struct aws_credentials *credentials)
{
	char expires[RFC3339_SIZE];
	clock_format_rfc3339(expires, credentials->expires_ns, 0);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_text_if(&json, "ProviderType", provider);
	json_open_object(&json, "Credentials");
	json_write_text(&json, "AccessKeyId", credentials->access_key);
	json_write_text(&json, "SecretAccessKey", credentials->secret_key);
	json_write_text(&json, "SessionToken", credentials->session_token);
	json_write_text(&json, "Expiration", expires);
	json_write_text_if(&json, "AccountId", account);
	json_close(&json);
	json_close(&json);
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_FREE char *path = path_of(key);
	if (!aws_cache_write(path, &text, &failure))
		log_verbose("the credentials are not kept: %s", failure.message);
	explicit_bzero(text.data, text.size);
}
