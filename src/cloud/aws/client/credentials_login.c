/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_login.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/sha256.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_cache.h"
#include "cloud/aws/client/credentials_call.h"
#include "cloud/aws/client/endpoint.h"

#define NS_PER_S	  INT64_C(1000000000)
#define REFRESH_BEFORE_NS (300 * NS_PER_S) /* as the AWS command line; they live 15 minutes */
#define MAX_LIFE_S	  INT64_C(86400)
#define WHAT		  "aws login's token"

/* One profile's login, as its file in the cache has it: botocore's LoginCredentialFetcher. */
struct login {
	const char *profile;
	const char *session;		/* borrowed; an ARN */
	char *path;			/* owned; of the file */
	struct json_document *document; /* owned; NULL: no file, or none that is JSON */
};

static void login_clear(struct login *login)
{
	json_document_free(login->document);
	free(login->path);
}

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

static bool login_again(const struct login *login, const char *why, struct error *err)
{
	error_set(err, ERROR_DENIED, "%s", why);
	return error_hint(err, "aws login --profile %s", login->profile);
}

/* The credentials in the file, when they are good for longer than min_left_ns. */
static bool read_credentials(const struct login *login, int64_t min_left_ns,
			     struct aws_credentials *ret)
{
	if (login->document == NULL)
		return false;
	struct json_view found = json_view_get(json_document_root(login->document), "accessToken");
	const char *access_key = aws_cache_secret(json_view_get(found, "accessKeyId"));
	const char *secret_key = aws_cache_secret(json_view_get(found, "secretAccessKey"));
	const char *token = aws_cache_secret(json_view_get(found, "sessionToken"));
	int64_t expires_ns = aws_cache_time(json_view_get(found, "expiresAt"));
	if (access_key == NULL || secret_key == NULL || token == NULL ||
	    expires_ns - clock_wall_ns() <= min_left_ns)
		return false;
	*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
					.secret_key = xstrdup(secret_key),
					.session_token = xstrdup(token),
					.expires_ns = expires_ns};
	return true;
}

/* --- the call ------------------------------------------------------------------------------- */

/* What Sign-In means by HTTP 4xx: {"error": a word, "message": for people}. */
static bool refused(const struct login *login, const struct http_response *response,
		    struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(response->body != NULL ? response->body : "",
				    response->body_size, WHAT, JSON_LAST_KEY_WINS, NULL);
	struct json_view word = {0};
	if (document != NULL && json_view_is_object(json_document_root(document)))
		word = json_view_get(json_document_root(document), "error");
	const char *text = json_view_is_text(word) ? json_view_peek(word) : "";
	if (response->status >= 500 || response->status == 429)
		return error_set(err, ERROR_NETWORK, WHAT ": HTTP %d", response->status);
	if (strcmp(text, "TOKEN_EXPIRED") == 0)
		return login_again(login, "the session of aws login has ended", err);
	if (strcmp(text, "USER_CREDENTIALS_CHANGED") == 0)
		return login_again(login, "the password has changed since aws login", err);
	if (strcmp(text, "INSUFFICIENT_PERMISSIONS") == 0) {
		error_set(err, ERROR_DENIED, "%s may not renew its credentials", login->session);
		return error_hint(err, "it needs the permission signin:CreateOAuth2Token");
	}
	AUTO_FREE char *why = xasprintf(WHAT " is not renewed: HTTP %d", response->status);
	return login_again(login, why, err);
}

/* Sign-In's CreateOAuth2Token, unsigned, with a proof that we have the key that aws login made. */
static bool create_token(const struct aws_settings *settings, struct http_client *http,
			 const struct login *login, struct http_response *response,
			 struct error *err)
{
	struct json_view root = json_document_root(login->document);
	const char *pem = json_view_peek(json_view_get(root, "dpopKey"));
	const char *client = aws_cache_secret(json_view_get(root, "clientId"));
	const char *refresh = aws_cache_secret(json_view_get(root, "refreshToken"));
	const char *region = aws_cache_secret(json_view_get(root, "signInRegion"));
	if (region == NULL) /* logins by older command lines do not say it */
		region = settings->region != NULL ? settings->region : "us-east-1";
	AUTO_PTR(es256_key)
	struct es256_key *key = pem != NULL ? es256_key_read_pem(pem, err) : NULL;
	if (key == NULL || client == NULL || refresh == NULL || !aws_region_is_valid(region))
		return login_again(login, "what aws login keeps cannot be used to renew it", err);
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "clientId", client);
	json_write_text(&json, "grantType", "refresh_token");
	json_write_text(&json, "refreshToken", refresh);
	json_close(&json);
	AUTO_FREE char *base = aws_endpoint_url(settings, &AWS_SIGNIN, region);
	AUTO_FREE char *url = xasprintf("%s/v1/token", base);
	const struct aws_open_call call = {
		.what = WHAT, .url = url, .body = strbuf_text(&body), .proof_key = key};
	bool is_answered = aws_open_call_send(settings, http, &call, response, err);
	explicit_bzero(body.data, body.size);
	return is_answered && (response->status == 200 || refused(login, response, err));
}

/* --- the file ------------------------------------------------------------------------------- */

static void write_access(struct json_writer *json, struct json_view old, struct json_view fresh,
			 int64_t lives_s)
{
	char expires[RFC3339_SIZE];
	clock_format_rfc3339(expires, clock_wall_ns() + lives_s * NS_PER_S, 0);
	json_open_object(json, "accessToken");
	json_write_view(json, "accessKeyId", json_view_get(fresh, "accessKeyId"));
	json_write_view(json, "secretAccessKey", json_view_get(fresh, "secretAccessKey"));
	json_write_view(json, "sessionToken", json_view_get(fresh, "sessionToken"));
	json_write_view(json, "accountId", json_view_get(old, "accountId"));
	json_write_text(json, "expiresAt", expires);
	json_close(json);
}

/* The file with the fresh credentials and refresh token, and whatever else was in it. */
static bool write_login(const struct login *login, struct json_view fresh, struct strbuf *out,
			struct error *err)
{
	struct json_view old = json_document_root(login->document);
	struct json_view access = json_view_get(fresh, "accessToken");
	int64_t lives_s = json_view_number(json_view_get(fresh, "expiresIn"), 1, MAX_LIFE_S, 0);
	if (aws_cache_secret(json_view_get(access, "accessKeyId")) == NULL ||
	    aws_cache_secret(json_view_get(access, "secretAccessKey")) == NULL ||
	    aws_cache_secret(json_view_get(access, "sessionToken")) == NULL ||
	    aws_cache_secret(json_view_get(fresh, "refreshToken")) == NULL || lives_s == 0)
		return error_set(err, ERROR_INVALID, WHAT ": the answer has none");
	struct json_writer json = JSON_WRITER(out, 0);
	json_open_object(&json, NULL);
	write_access(&json, json_view_get(old, "accessToken"), access, lives_s);
	json_write_view(&json, "refreshToken", json_view_get(fresh, "refreshToken"));
	for (struct json_view member = json_view_first(old, SIZE_MAX); json_view_exists(member);
	     member = json_view_next(member))
		if (strcmp(member.key, "accessToken") != 0 &&
		    strcmp(member.key, "refreshToken") != 0)
			json_write_view(&json, member.key, member);
	json_close(&json);
	return true;
}

/* Kept before it is used: the old refresh token is worth nothing any more. */
static bool renew(const struct aws_settings *settings, struct http_client *http,
		  const struct login *login, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	if (!create_token(settings, http, login, &response, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(response.body, response.body_size,
							     WHAT, JSON_LAST_KEY_WINS, err);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	if (document == NULL || !write_login(login, json_document_root(document), &text, err))
		return false;
	bool is_kept = aws_cache_write(login->path, &text, err);
	explicit_bzero(text.data, text.size);
	if (!is_kept)
		return error_prefix(err, WHAT " was renewed and could not be kept");
	return true;
}

/*
 * Where they cannot be renewed, somebody else may have done it meanwhile (a refresh token is good
 * for one call), or they are good for what is to be done in the minutes that are left.
 */
static bool find(const struct aws_settings *settings, struct http_client *http, struct login *login,
		 struct aws_credentials *ret, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (login->document == NULL)
		return login_again(login, "there are no credentials of aws login", err);
	if (read_credentials(login, REFRESH_BEFORE_NS, ret))
		return true;
	if (!renew(settings, http, login, &failure))
		log_verbose("%s", failure.message);
	json_document_free(login->document);
	login->document = aws_cache_read(login->path);
	if (read_credentials(login, 0, ret))
		return true;
	return failure.message != NULL
		       ? error_move(err, &failure)
		       : error_set(err, ERROR_INVALID, "%s was renewed and is gone", login->path);
}

bool aws_credentials_from_login(const struct aws_settings *settings, const char *profile,
				struct http_client *http, struct aws_credentials *ret,
				bool *ret_found, struct error *err)
{
	const char *session = aws_settings_get(settings, profile, "login_session");
	if (session == NULL)
		return true;
	AUTO(login_clear)
	struct login login = {.profile = profile, .session = session, .path = cache_path(session)};
	AUTO_CLOSE int lock = aws_cache_lock(login.path);
	login.document = aws_cache_read(login.path);
	if (!find(settings, http, &login, ret, err))
		return false;
	ret->source = xasprintf("profile %s (aws login)", profile);
	*ret_found = true;
	return true;
}
