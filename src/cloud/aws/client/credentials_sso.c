/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_sso.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_cache.h"
#include "cloud/aws/client/credentials_call.h"
#include "cloud/aws/client/credentials_kept.h"
#include "cloud/aws/client/endpoint.h"

#define NS_PER_S	  INT64_C(1000000000)
#define NS_PER_MS	  INT64_C(1000000)
#define REFRESH_BEFORE_NS (900 * NS_PER_S) /* as the AWS command line */
#define MAX_TOKEN_LIFE_S  ((int64_t)366 * 86400)
#define MAX_EXPIRATION_MS INT64_C(9000000000000)

struct sso {
	const char *profile;
	const char *session; /* or NULL: legacy form, whose token is never refreshed */
	const char *start_url;
	const char *region;
	const char *account;
	const char *role;
};

/* A key of the session, which the profile may say again but not otherwise. */
static bool read_session_key(const struct aws_settings *settings, const struct sso *sso,
			     const char *key, const char **value, struct error *err)
{
	const char *own = *value;
	*value = aws_settings_section(settings, "sso-session", sso->session, key);
	if (own == NULL || *value == NULL || strcmp(own, *value) == 0)
		return true;
	return error_set(err, ERROR_INVALID,
			 "%s is '%s' in the profile and '%s' in [sso-session %s]", key, own, *value,
			 sso->session);
}

static bool read_sso(const struct aws_settings *settings, struct sso *sso, struct error *err)
{
	sso->session = aws_settings_get(settings, sso->profile, "sso_session");
	sso->start_url = aws_settings_get(settings, sso->profile, "sso_start_url");
	sso->region = aws_settings_get(settings, sso->profile, "sso_region");
	if (sso->account == NULL || sso->role == NULL)
		return error_set(err, ERROR_INVALID, "the SSO configuration has no %s",
				 sso->account == NULL ? "sso_account_id" : "sso_role_name");
	if (sso->session != NULL &&
	    (!read_session_key(settings, sso, "sso_start_url", &sso->start_url, err) ||
	     !read_session_key(settings, sso, "sso_region", &sso->region, err)))
		return false;
	if (sso->start_url == NULL || sso->region == NULL || !aws_region_is_valid(sso->region))
		return error_set(err, ERROR_INVALID,
				 "the SSO configuration has no sso_start_url and sso_region");
	return true;
}

static bool expired_sso(const struct sso *sso, struct error *err)
{
	error_set(err, ERROR_DENIED, "the SSO session has expired or was never begun");
	return error_hint(err, "aws sso login --profile %s", sso->profile);
}

/* --- the token ------------------------------------------------------------------------------ */

static bool can_refresh(const struct sso *sso, struct json_view token)
{
	return sso->session != NULL && aws_cache_secret(json_view_get(token, "refreshToken")) &&
	       aws_cache_secret(json_view_get(token, "clientId")) &&
	       aws_cache_secret(json_view_get(token, "clientSecret")) &&
	       aws_cache_time(json_view_get(token, "registrationExpiresAt")) > clock_wall_ns();
}

/* SSO OIDC CreateToken, rest-json, unsigned. */
static bool create_token(const struct aws_settings *settings, struct http_client *http,
			 const struct sso *sso, struct json_view token,
			 struct http_response *response, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_view(&json, "clientId", json_view_get(token, "clientId"));
	json_write_view(&json, "clientSecret", json_view_get(token, "clientSecret"));
	json_write_text(&json, "grantType", "refresh_token");
	json_write_view(&json, "refreshToken", json_view_get(token, "refreshToken"));
	json_close(&json);
	AUTO_FREE char *base = aws_endpoint_url(settings, &AWS_SSO_OIDC, sso->region);
	AUTO_FREE char *url = xasprintf("%s/token", base);
	const struct aws_open_call call = {
		.what = "SSO token", .url = url, .body = strbuf_text(&body)};
	if (!aws_open_call_send(settings, http, &call, response, err))
		return false;
	return response->status == 200
		       ? true
		       : error_set(err, response->status < 500 ? ERROR_DENIED : ERROR_NETWORK,
				   "SSO token: HTTP %d", response->status);
}

/* What goes into the cache, with the members and the spelling that botocore gives them. */
static void write_token(const struct sso *sso, struct json_view old, struct json_view fresh,
			int64_t lives_s, struct strbuf *out)
{
	char expires[RFC3339_SIZE];
	clock_format_rfc3339(expires, clock_wall_ns() + lives_s * NS_PER_S, 0);
	struct json_writer json = JSON_WRITER(out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "startUrl", sso->start_url);
	json_write_text(&json, "region", sso->region);
	json_write_view(&json, "accessToken", json_view_get(fresh, "accessToken"));
	json_write_text(&json, "expiresAt", expires);
	json_write_view(&json, "clientId", json_view_get(old, "clientId"));
	json_write_view(&json, "clientSecret", json_view_get(old, "clientSecret"));
	json_write_view(&json, "registrationExpiresAt",
			json_view_get(old, "registrationExpiresAt"));
	json_write_text_if(&json, "refreshToken",
			   aws_cache_secret(json_view_get(fresh, "refreshToken")));
	json_close(&json);
}

/* The new access token, when it is in the cache too: the old refresh token may be worth nothing. */
static bool refresh(const struct aws_settings *settings, struct http_client *http,
		    const struct sso *sso, struct json_view old, const char *path, char **ret,
		    struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	if (!create_token(settings, http, sso, old, &response, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(response.body, response.body_size,
							     "SSO token", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view fresh = json_document_root(document);
	const char *access = aws_cache_secret(json_view_get(fresh, "accessToken"));
	int64_t lives_s =
		json_view_number(json_view_get(fresh, "expiresIn"), 1, MAX_TOKEN_LIFE_S, 0);
	if (access == NULL || lives_s == 0)
		return error_set(err, ERROR_INVALID, "SSO token: the answer has none");
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	write_token(sso, old, fresh, lives_s, &text);
	if (!aws_cache_write(path, &text, err))
		return error_prefix(err, "the SSO session was renewed and could not be kept");
	*ret = xstrdup(access);
	return true;
}

static bool find_token(const struct aws_settings *settings, struct http_client *http,
		       const struct sso *sso, char **ret, struct error *err)
{
	char name[SHA1_HEX_SIZE];
	const char *key = sso->session != NULL ? sso->session : sso->start_url;
	sha1_hex(key, strlen(key), name);
	AUTO_FREE char *path = aws_cache_path("sso/cache", name);
	AUTO_CLOSE int lock = aws_cache_lock(path);
	AUTO_PTR(json_document) struct json_document *document = aws_cache_read(path);
	if (document == NULL)
		return expired_sso(sso, err);
	struct json_view token = json_document_root(document);
	int64_t left_ns = aws_cache_time(json_view_get(token, "expiresAt")) - clock_wall_ns();
	const char *access = aws_cache_secret(json_view_get(token, "accessToken"));
	bool is_good = access != NULL && left_ns > 0;
	if ((!is_good || left_ns < REFRESH_BEFORE_NS) && can_refresh(sso, token)) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		if (refresh(settings, http, sso, token, path, ret, &failure))
			return true;
		/* Only a refusal means that somebody has to log in again. */
		if (!is_good && failure.kind != ERROR_DENIED)
			return error_move(err, &failure);
		log_verbose("%s", failure.message);
	}
	if (!is_good)
		return expired_sso(sso, err);
	*ret = xstrdup(access);
	return true;
}

/* --- what the token is good for ------------------------------------------------------------- */

static bool read_role_credentials(const struct http_response *response, struct aws_credentials *ret,
				  struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(response->body, response->body_size,
							     "SSO portal", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view role = json_view_get(json_document_root(document), "roleCredentials");
	const char *access_key = aws_cache_secret(json_view_get(role, "accessKeyId"));
	const char *secret_key = aws_cache_secret(json_view_get(role, "secretAccessKey"));
	const char *token = aws_cache_secret(json_view_get(role, "sessionToken"));
	int64_t expires_ms =
		json_view_number(json_view_get(role, "expiration"), 1, MAX_EXPIRATION_MS, 0);
	if (access_key == NULL || secret_key == NULL || token == NULL || expires_ms == 0)
		return error_set(err, ERROR_INVALID, "the SSO portal's answer has no credentials");
	*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
					.secret_key = xstrdup(secret_key),
					.session_token = xstrdup(token),
					.expires_ns = expires_ms * NS_PER_MS};
	return true;
}

/* SSO GetRoleCredentials. */
static bool get_role_credentials(const struct aws_settings *settings, struct http_client *http,
				 const struct sso *sso, const char *token,
				 struct aws_credentials *ret, struct error *err)
{
	AUTO_FREE char *base = aws_endpoint_url(settings, &AWS_SSO_PORTAL, sso->region);
	AUTO(strbuf_clear) struct strbuf url = STRBUF_INIT;
	strbuf_appendf(&url, "%s/federation/credentials?role_name=", base);
	strbuf_append_url(&url, sso->role);
	strbuf_append(&url, "&account_id=");
	strbuf_append_url(&url, sso->account);
	AUTO_FREE char *bearer = xasprintf("x-amz-sso_bearer_token: %s", token);
	const struct aws_open_call call = {
		.what = "SSO portal", .url = strbuf_text(&url), .header = bearer};
	AUTO(http_response_clear) struct http_response response = {0};
	if (!aws_open_call_send(settings, http, &call, &response, err))
		return false;
	if (response.status == 401)
		return expired_sso(sso, err);
	if (response.status != 200)
		return error_set(err, ERROR_DENIED, "the SSO portal refuses role %s: HTTP %d",
				 sso->role, response.status);
	return read_role_credentials(&response, ret, err);
}

/* The JSON that names the file in cli/cache: botocore's SSOCredentialFetcher._create_cache_key. */
static char *kept_key(const struct sso *sso)
{
	AUTO(strbuf_clear) struct strbuf key = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&key, JSON_ASCII | JSON_LOWER_HEX);
	json_open_object(&json, NULL);
	json_write_text(&json, "accountId", sso->account);
	json_write_text(&json, "roleName", sso->role);
	if (sso->session != NULL)
		json_write_text(&json, "sessionName", sso->session);
	else
		json_write_text(&json, "startUrl", sso->start_url);
	json_close(&json);
	return strbuf_take(&key);
}

static bool find_role_credentials(const struct aws_settings *settings, struct http_client *http,
				  const struct sso *sso, struct aws_credentials *ret,
				  struct error *err)
{
	AUTO_FREE char *key = kept_key(sso);
	AUTO_FREE char *token = NULL;
	if (aws_kept_find(key, ret))
		return true;
	if (!find_token(settings, http, sso, &token, err) ||
	    !get_role_credentials(settings, http, sso, token, ret, err))
		return false;
	aws_kept_save(key, "sso", sso->account, ret);
	return true;
}

bool aws_credentials_from_sso(const struct aws_settings *settings, const char *profile,
			      struct http_client *http, struct aws_credentials *ret,
			      bool *ret_found, struct error *err)
{
	struct sso sso = {
		.profile = profile,
		.account = aws_settings_get(settings, profile, "sso_account_id"),
		.role = aws_settings_get(settings, profile, "sso_role_name"),
	};
	if (sso.account == NULL && sso.role == NULL)
		return true;
	if (!read_sso(settings, &sso, err) ||
	    !find_role_credentials(settings, http, &sso, ret, err))
		return false;
	ret->source = xasprintf("profile %s (SSO)", profile);
	*ret_found = true;
	return true;
}
