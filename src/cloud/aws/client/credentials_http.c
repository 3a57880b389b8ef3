/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/url.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/client/request.h"

#define CONTAINER_HOST	     "http://169.254.170.2"
#define CONTAINER_TIMEOUT_MS 2000
#define CONTAINER_ATTEMPTS   3
#define MAX_TOKEN_BYTES	     ((size_t)32 * 1024)

/* --- container ------------------------------------------------------------------------------ */

/* Only where nobody on the network can listen or answer in its place. */
static bool is_safe_container_url(const char *url)
{
	static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	AUTO(url_clear) struct url parts = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	if (!url_parse(url, &parts, &ignored))
		return false;
	if (parts.is_tls || url_host_is_loopback(parts.host))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (strcmp(parts.host, hosts[i]) == 0)
			return true;
	}
	return false;
}

/* "Authorization: …" for the container endpoint, or *ret NULL. */
static bool container_authorization(char **ret, struct error *err)
{
	const char *file = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *plain = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	AUTO_FREE char *text = xstrdup_or_null(plain);
	size_t size = 0;
	if (file != NULL) {
		free(TAKE_PTR(text));
		if (!file_read(file, MAX_TOKEN_BYTES, &text, &size, err))
			return error_prefix(err, "container authorization token");
	}
	if (text == NULL)
		return true;
	text[strcspn(text, "\r\n")] = '\0';
	*ret = xasprintf("Authorization: %s", text);
	return true;
}

static bool get_container(struct http_client *http, const char *url, const char *authorization,
			  struct http_response *response, struct error *err)
{
	const char *headers[] = {"Accept: application/json", authorization, NULL};
	struct http_request request = {.url = url,
				       .headers = headers,
				       .connect_timeout_ms = CONTAINER_TIMEOUT_MS,
				       .timeout_ms = CONTAINER_TIMEOUT_MS,
				       .max_response_bytes = 65536};
	for (unsigned attempt = 1;; attempt++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_ok = http_perform(http, &request, response, &failure);
		if (is_ok && response->status == 200)
			return true;
		if (is_ok)
			error_set(&failure, ERROR_DENIED, "HTTP %d", response->status);
		if (attempt == CONTAINER_ATTEMPTS)
			return error_move(err, &failure);
		http_response_clear(response);
	}
}

bool aws_credentials_from_container(struct http_client *http, struct aws_credentials *ret,
				    bool *ret_found, struct error *err)
{
	const char *relative = aws_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (relative == NULL && full == NULL)
		return true;
	AUTO_FREE char *url = relative != NULL ? xasprintf(CONTAINER_HOST "%s%s",
							   relative[0] == '/' ? "" : "/", relative)
					       : xstrdup(full);
	if (!is_safe_container_url(url))
		return error_set(err, ERROR_DENIED,
				 "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor this "
				 "machine's own");
	AUTO_FREE char *authorization = NULL;
	if (!container_authorization(&authorization, err))
		return false;
	AUTO(http_response_clear) struct http_response response = {0};
	if (!get_container(http, url, authorization, &response, err) ||
	    !aws_credentials_from_json(response.body, response.body_size, "Token", ret, err))
		return error_prefix(err, "container credentials");
	ret->source = xstrdup("the container endpoint");
	*ret_found = true;
	return true;
}

/* --- SSO ------------------------------------------------------------------------------------ */

struct sso {
	const char *session; /* or NULL: legacy form */
	const char *start_url;
	const char *region;
	const char *account;
	const char *role;
};

static bool read_sso(const struct aws_settings *settings, const char *profile, struct sso *sso,
		     struct error *err)
{
	sso->account = aws_settings_get(settings, profile, "sso_account_id");
	sso->role = aws_settings_get(settings, profile, "sso_role_name");
	sso->session = aws_settings_get(settings, profile, "sso_session");
	sso->start_url = aws_settings_get(settings, profile, "sso_start_url");
	sso->region = aws_settings_get(settings, profile, "sso_region");
	if (sso->session != NULL) {
		sso->start_url = aws_settings_section(settings, "sso-session", sso->session,
						      "sso_start_url");
		sso->region =
			aws_settings_section(settings, "sso-session", sso->session, "sso_region");
	}
	if (sso->start_url == NULL || sso->region == NULL || !aws_region_is_valid(sso->region))
		return error_set(err, ERROR_INVALID,
				 "the SSO configuration has no sso_start_url and sso_region");
	return true;
}

static bool expired_sso(const char *profile, struct error *err)
{
	error_set(err, ERROR_DENIED, "the SSO session has expired or was never begun");
	return error_hint(err, "aws sso login --profile %s", profile);
}

static bool read_sso_token(const struct sso *sso, const char *profile, char **ret,
			   struct error *err)
{
	char name[SHA1_HEX_SIZE];
	const char *key = sso->session != NULL ? sso->session : sso->start_url;
	sha1_hex(key, strlen(key), name);
	const char *home = aws_env("HOME");
	AUTO_FREE char *path =
		xasprintf("%s/.aws/sso/cache/%s.json", home != NULL ? home : "", name);
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path) || !file_read(path, MAX_TOKEN_BYTES, &text, &size, NULL))
		return expired_sso(profile, err);
	json_t *object = json_loadb(text, size, 0, NULL);
	const char *token = json_string_value(json_object_get(object, "accessToken"));
	const char *expires = json_string_value(json_object_get(object, "expiresAt"));
	int64_t expires_ns = 0;
	bool is_good = token != NULL && strpbrk(token, "\r\n") == NULL && expires != NULL &&
		       parse_rfc3339_ns(expires, &expires_ns) && expires_ns > clock_wall_ns();
	if (is_good)
		*ret = xstrdup(token);
	json_decref(object);
	return is_good ? true : expired_sso(profile, err);
}

static bool read_role_credentials(const struct http_response *response, struct aws_credentials *ret,
				  struct error *err)
{
	json_t *root = json_loadb(response->body, response->body_size, 0, NULL);
	const json_t *role = json_object_get(root, "roleCredentials");
	const char *access_key = json_string_value(json_object_get(role, "accessKeyId"));
	const char *secret_key = json_string_value(json_object_get(role, "secretAccessKey"));
	const char *token = json_string_value(json_object_get(role, "sessionToken"));
	json_int_t expires_ms = json_integer_value(json_object_get(role, "expiration"));
	bool is_good = access_key != NULL && secret_key != NULL && token != NULL &&
		       strpbrk(token, "\r\n") == NULL && expires_ms > 0 &&
		       expires_ms < INT64_C(9000000000000);
	if (is_good)
		*ret = (struct aws_credentials){.access_key = xstrdup(access_key),
						.secret_key = xstrdup(secret_key),
						.session_token = xstrdup(token),
						.expires_ns = expires_ms * INT64_C(1000000)};
	json_decref(root);
	return is_good ? true
		       : error_set(err, ERROR_INVALID,
				   "the SSO portal's answer has no credentials");
}

bool aws_credentials_from_sso(const struct aws_settings *settings, const char *profile,
			      struct http_client *http, struct aws_credentials *ret,
			      bool *ret_found, struct error *err)
{
	struct sso sso = {0};
	if (aws_settings_get(settings, profile, "sso_account_id") == NULL ||
	    aws_settings_get(settings, profile, "sso_role_name") == NULL)
		return true;
	AUTO_FREE char *token = NULL;
	if (!read_sso(settings, profile, &sso, err) || !read_sso_token(&sso, profile, &token, err))
		return false;
	AUTO_FREE char *base = aws_endpoint_url(settings, &AWS_SSO_PORTAL, sso.region);
	AUTO(strbuf_clear) struct strbuf url = STRBUF_INIT;
	strbuf_appendf(&url, "%s/federation/credentials?role_name=", base);
	strbuf_append_url(&url, sso.role);
	strbuf_append(&url, "&account_id=");
	strbuf_append_url(&url, sso.account);
	AUTO_FREE char *bearer = xasprintf("x-amz-sso_bearer_token: %s", token);
	const char *headers[] = {bearer, NULL};
	struct http_request request = {.url = strbuf_text(&url),
				       .headers = headers,
				       .ca_file = settings->ca_file,
				       .timeout_ms = 15000,
				       .max_response_bytes = 65536};
	AUTO(http_response_clear) struct http_response response = {0};
	if (!http_perform(http, &request, &response, err))
		return error_prefix(err, "SSO portal");
	if (response.status == 401)
		return expired_sso(profile, err);
	if (response.status != 200)
		return error_set(err, ERROR_DENIED, "the SSO portal refuses role %s: HTTP %d",
				 sso.role, response.status);
	if (!read_role_credentials(&response, ret, err))
		return false;
	ret->source = xasprintf("profile %s (SSO)", profile);
	*ret_found = true;
	return true;
}
