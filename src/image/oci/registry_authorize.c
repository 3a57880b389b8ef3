/* SPDX-License-Identifier: Apache-2.0 */
/* Token authentication: https://distribution.github.io/distribution/spec/auth/token/ */
#include "image/oci/registry_authorize.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/url.h"
#include "image/oci/credential_find.h"
#include "image/oci/docker_config.h"
#include "image/oci/registry.h"
#include "image/oci/www_authenticate.h"

/* A token may run out during a long pull; a server that never has enough is a fault. */
enum { LOGINS_MAX = 20, TOKEN_MAX_BYTES = 256 << 10 };

static void wipe_free(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}
#define AUTO_SECRET AUTO(wipe_free)

static void set_authorization(struct registry *registry, const char *scheme, const char *value)
{
	wipe_free(&registry->authorization);
	registry->authorization = xasprintf("Authorization: %s %s", scheme, value);
}

static char *basic_value(const struct credential *credential)
{
	AUTO_SECRET char *plain = xasprintf("%s:%s", credential->username, credential->password);
	return base64_encode(plain, strlen(plain));
}

/* The best challenge among all WWW-Authenticate headers. */
static bool find_challenge(const struct http_response *response, struct auth_challenge *ret,
			   struct error *err)
{
	static const char name[] = "www-authenticate: ";
	for (size_t i = 0; i < response->headers.count; i++) {
		AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
		const char *line = response->headers.items[i];
		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		if (!www_authenticate_parse(line + strlen(name), &challenge, err))
			return false;
		if (challenge.scheme <= ret->scheme)
			continue;
		auth_challenge_clear(ret);
		*ret = challenge;
		challenge = (struct auth_challenge){0};
	}
	return true;
}

bool registry_parse_token(const char *text, size_t size, char **ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "the answer", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	const char *token = json_view_peek(json_view_get(root, "token"));
	if (token == NULL || token[0] == '\0')
		token = json_view_peek(json_view_get(root, "access_token"));
	/* It becomes part of a header: RFC 6750's alphabet and no line break. */
	bool is_good = token != NULL && token[0] != '\0' &&
		       strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-._~+/=:") == strlen(token);
	if (is_good)
		*ret = xstrdup(token);
	return is_good || error_set(err, ERROR_INVALID, "the answer holds no token");
}

bool registry_realm_is_safe(const struct registry_endpoint *endpoint, const char *realm,
			    struct error *err)
{
	AUTO(url_clear) struct url url = {0};
	if (realm == NULL)
		return error_set(err, ERROR_INVALID, "%s names no token server", endpoint->host);
	if (!url_parse(realm, &url, err))
		return error_prefix(err, "%s names a token server that is none", endpoint->host);
	if (url.is_tls || endpoint->is_plain || endpoint->is_insecure ||
	    url_host_is_loopback(url.host))
		return true;
	return error_set(err, ERROR_DENIED,
			 "%s wants the password sent to http://%s without encryption",
			 endpoint->host, url.authority);
}

static char *make_scope(const struct registry *registry, const struct auth_challenge *challenge)
{
	if (challenge->scope != NULL && challenge->scope[0] != '\0')
		return xstrdup(challenge->scope);
	/* Somebody who only shows who they are wants no repository. */
	return registry->name[0] == '\0' ? xstrdup("")
					 : xasprintf("repository:%s:pull", registry->name);
}

static void fill_get(const struct auth_challenge *challenge, const char *scope, struct strbuf *url)
{
	strbuf_append(url, challenge->realm);
	strbuf_append_char(url, strchr(challenge->realm, '?') ? '&' : '?');
	if (challenge->service != NULL) {
		strbuf_append(url, "service=");
		strbuf_append_url(url, challenge->service);
		strbuf_append_char(url, '&');
	}
	if (scope[0] == '\0')
		return;
	strbuf_append(url, "scope=");
	strbuf_append_url(url, scope);
}

static void fill_refresh(const struct auth_challenge *challenge, const char *scope,
			 const char *token, struct strbuf *form)
{
	strbuf_append(form, "grant_type=refresh_token&client_id=i2kit&service=");
	strbuf_append_url(form, challenge->service ? challenge->service : "");
	strbuf_append(form, "&scope=");
	strbuf_append_url(form, scope);
	strbuf_append(form, "&refresh_token=");
	strbuf_append_url(form, token);
}

static bool ask_token_server(struct registry *registry, const struct http_request *request,
			     char **ret, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *server = url_public(request->url);
	if (!registry_request(registry, request, &response, err))
		return false;
	if (response.status == 401 || response.status == 403) {
		if (registry->login == NULL)
			error_set(err, ERROR_DENIED,
				  "%s gives nobody without a login a token for %s", server,
				  registry->endpoint->host);
		else
			error_set(err, ERROR_DENIED, "%s: wrong user or password for %s: %s",
				  server, registry->endpoint->host, registry->login);
		return error_hint(err, "i2kit login %s", registry->host);
	}
	if (response.status != 200)
		return error_set(err,
				 response.status >= 500 || response.status == 429 ? ERROR_NETWORK
										  : ERROR_DENIED,
				 "token server %s answered %d", server, response.status);
	bool is_read = registry_parse_token(response.body, response.body_size, ret, err);
	explicit_bzero(response.body, response.body_size);
	return is_read || error_prefix(err, "token server %s", server);
}

static bool authorize_bearer(struct registry *registry, const struct auth_challenge *challenge,
			     const struct credential *credential, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf url = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf form = STRBUF_INIT;
	AUTO_FREE char *scope = make_scope(registry, challenge);
	AUTO_SECRET char *line = NULL;
	AUTO_SECRET char *token = NULL;
	const char *headers[2] = {NULL, NULL};
	if (!registry_realm_is_safe(registry->endpoint, challenge->realm, err))
		return false;
	struct http_request request = {.max_response_bytes = TOKEN_MAX_BYTES,
				       .timeout_ms = registry->patience_ms,
				       .headers = headers,
				       .ca_file = registry->certificates.ca_file,
				       .allow_insecure_tls = registry->endpoint->is_insecure};
	if (credential->identity_token != NULL) {
		fill_refresh(challenge, scope, credential->identity_token, &form);
		request.method = "POST";
		request.url = challenge->realm;
		request.body = form.data;
		request.body_size = form.size;
		headers[0] = "Content-Type: application/x-www-form-urlencoded";
	} else {
		fill_get(challenge, scope, &url);
		request.url = strbuf_text(&url);
	}
	if (credential->username != NULL && credential->identity_token == NULL) {
		AUTO_SECRET char *value = basic_value(credential);
		line = xasprintf("Authorization: Basic %s", value);
		headers[0] = line;
	}
	bool is_given = ask_token_server(registry, &request, &token, err);
	if (form.data != NULL)
		explicit_bzero(form.data, form.size);
	if (!is_given)
		return false;
	set_authorization(registry, "Bearer", token);
	return true;
}

static bool authorize_basic(struct registry *registry, const struct credential *credential,
			    struct error *err)
{
	if (credential->username == NULL) {
		error_set(err, ERROR_DENIED, "%s wants a user and a password",
			  registry->endpoint->host);
		return error_hint(err, "i2kit login %s", registry->host);
	}
	AUTO_SECRET char *value = basic_value(credential);
	set_authorization(registry, "Basic", value);
	return true;
}

/* The same password a second time gives the same answer. */
static bool was_refused(const struct registry *registry, enum auth_scheme scheme)
{
	if (registry->authorization == NULL)
		return false;
	return scheme == AUTH_BASIC || registry->login_count >= LOGINS_MAX;
}

static bool find_credential(const struct registry *registry, struct credential *ret,
			    struct error *err)
{
	const struct credential *given = registry->given;

	if (given == NULL)
		return credential_find(registry->endpoint->host, registry->name, ret, err);
	*ret = (struct credential){.username = xstrdup(given->username),
				   .password = xstrdup(given->password)};
	return true;
}

/* Of whom one reads when it was wrong, and where it stands; owned, NULL: nobody. */
static char *describe_login(const struct credential *credential)
{
	if (credential->username == NULL && credential->identity_token == NULL)
		return NULL;
	AUTO_FREE char *user = credential->username != NULL
				       ? xasprintf("user '%s'", credential->username)
				       : xstrdup("the token");
	if (credential->file == NULL)
		return TAKE_PTR(user);
	return xasprintf("%s of %s", user, credential->file);
}

bool registry_authorize(struct registry *registry, const struct http_response *response,
			struct error *err)
{
	AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
	AUTO(credential_clear) struct credential credential = {0};
	const char *host = registry->endpoint->host;
	if (!find_challenge(response, &challenge, err))
		return error_prefix(err, "%s", host);
	if (was_refused(registry, challenge.scheme) && challenge.scheme == AUTH_BASIC) {
		error_set(err, ERROR_DENIED, "%s: wrong user or password: %s", host,
			  registry->login != NULL ? registry->login : "nobody");
		return error_hint(err, "i2kit login %s", registry->host);
	}
	if (challenge.scheme == AUTH_NONE || was_refused(registry, challenge.scheme))
		return registry_error(registry, response, "the pull", err);
	if (!find_credential(registry, &credential, err))
		return error_prefix(err, "credentials for %s", host);
	free(registry->login);
	registry->login = describe_login(&credential);
	log_verbose("%s: authorising as %s", host,
		    credential.username ? credential.username : "nobody");
	registry->login_count++;
	return challenge.scheme == AUTH_BASIC
		       ? authorize_basic(registry, &credential, err)
		       : authorize_bearer(registry, &challenge, &credential, err);
}
