/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cloud/answer_text.h"

void openstack_login_clear(struct openstack_login *login)
{
	free(login->token);
	free(login->user);
	free(login->user_id);
	free(login->project);
	free(login->project_id);
	catalog_clear(&login->catalog);
	*login = (struct openstack_login){0};
}

static bool ends_in_version(const char *url, size_t size)
{
	size_t digits = size;

	while (digits > 0 && strchr("0123456789.", url[digits - 1]) != NULL)
		digits--;
	return digits < size && digits >= 2 && url[digits - 1] == 'v' && url[digits - 2] == '/';
}

char *openstack_identity_url(const char *auth_url)
{
	size_t size = strlen(auth_url);

	while (size > 0 && auth_url[size - 1] == '/')
		size--;
	if (ends_in_version(auth_url, size))
		while (auth_url[size - 1] != '/')
			size--;
	while (size > 0 && auth_url[size - 1] == '/')
		size--;
	return xasprintf("%.*s/v3", (int)size, auth_url);
}

/* Of "auth.". */
static const char *given(const struct openstack_settings *settings, const char *name)
{
	AUTO_FREE char *key = xasprintf("auth.%s", name);
	return cloud_values_get(&settings->values, key);
}

static bool need(const struct openstack_settings *settings, const char *name, struct error *err)
{
	if (given(settings, name) != NULL)
		return true;
	error_set(err, ERROR_NOT_FOUND, "the OpenStack cloud '%s' has no %s", settings->cloud,
		  name);
	return error_hint(err, "auth: {%s: …} in %s", name,
			  settings->file != NULL ? settings->file : "a clouds.yaml, or OS_…");
}

/* A name is one of a domain; an id is everybody's. */
static void put_domain(struct json_writer *json, const struct openstack_settings *settings,
		       const char *whose)
{
	AUTO_FREE char *id_key = xasprintf("%s_domain_id", whose);
	AUTO_FREE char *name_key = xasprintf("%s_domain_name", whose);
	const char *id = given(settings, id_key);
	const char *name = given(settings, name_key);

	if (id == NULL && name == NULL) {
		id = given(settings, "default_domain_id");
		name = given(settings, "default_domain_name");
	}
	json_open_object(json, "domain");
	if (id != NULL || name == NULL)
		json_write_text(json, "id", id != NULL ? id : "default");
	else
		json_write_text(json, "name", name);
	json_close(json);
}

static void put_user(struct json_writer *json, const struct openstack_settings *settings)
{
	json_open_object(json, "user");
	if (given(settings, "user_id") != NULL) {
		json_write_text(json, "id", given(settings, "user_id"));
	} else {
		json_write_text(json, "name", given(settings, "username"));
		put_domain(json, settings, "user");
	}
	json_write_text_if(json, "password", given(settings, "password"));
	json_close(json);
}

static void put_method(struct json_writer *json, const char *method)
{
	json_open_list(json, "methods");
	json_write_text(json, NULL, method);
	json_close(json);
	json_open_object(json, method);
}

static bool has_user(const struct openstack_settings *settings, struct error *err)
{
	return given(settings, "user_id") != NULL || need(settings, "username", err);
}

static bool put_password(struct json_writer *json, const struct openstack_settings *settings,
			 struct error *err)
{
	if (!has_user(settings, err) || !need(settings, "password", err))
		return false;
	put_method(json, "password");
	put_user(json, settings);
	json_close(json);
	return true;
}

static bool put_token(struct json_writer *json, const struct openstack_settings *settings,
		      struct error *err)
{
	if (!need(settings, "token", err))
		return false;
	put_method(json, "token");
	json_write_text(json, "id", given(settings, "token"));
	json_close(json);
	return true;
}

static bool put_credential(struct json_writer *json, const struct openstack_settings *settings,
			   struct error *err)
{
	const char *id = given(settings, "application_credential_id");

	if (!need(settings, "application_credential_secret", err))
		return false;
	if (id == NULL &&
	    (!need(settings, "application_credential_name", err) || !has_user(settings, err)))
		return false;
	put_method(json, "application_credential");
	json_write_text(json, "secret", given(settings, "application_credential_secret"));
	if (id != NULL) {
		json_write_text(json, "id", id);
	} else {
		json_write_text(json, "name", given(settings, "application_credential_name"));
		json_open_object(json, "user");
		if (given(settings, "user_id") != NULL) {
			json_write_text(json, "id", given(settings, "user_id"));
		} else {
			json_write_text(json, "name", given(settings, "username"));
			put_domain(json, settings, "user");
		}
		json_close(json);
	}
	json_close(json);
	return true;
}

static bool put_identity(struct json_writer *json, const struct openstack_settings *settings,
			 struct error *err)
{
	static const struct {
		const char *type;
		bool (*put)(struct json_writer *json, const struct openstack_settings *settings,
			    struct error *err);
	} types[] = {
		{"password", put_password},
		{"v3password", put_password},
		{"token", put_token},
		{"v3token", put_token},
		{"v3applicationcredential", put_credential},
	};
	for (size_t i = 0; settings->auth_type != NULL && i < ARRAY_SIZE(types); i++)
		if (strcmp(settings->auth_type, types[i].type) == 0)
			return types[i].put(json, settings, err);
	error_set(err, ERROR_UNSUPPORTED, "the OpenStack cloud '%s' has auth_type '%s'",
		  settings->cloud, settings->auth_type != NULL ? settings->auth_type : "none");
	return error_hint(err,
			  "password, v3token or v3applicationcredential: openstack application "
			  "credential create NAME gives one that fits");
}

static void put_project(struct json_writer *json, const struct openstack_settings *settings)
{
	json_open_object(json, "project");
	if (given(settings, "project_id") != NULL) {
		json_write_text(json, "id", given(settings, "project_id"));
	} else {
		json_write_text(json, "name", given(settings, "project_name"));
		put_domain(json, settings, "project");
	}
	json_close(json);
}

/* An application credential says its project itself, and Keystone refuses another word. */
static bool put_scope(struct json_writer *json, const struct openstack_settings *settings,
		      struct error *err)
{
	if (strcmp(settings->auth_type, "v3applicationcredential") == 0)
		return true;
	if (given(settings, "trust_id") == NULL && given(settings, "project_id") == NULL &&
	    !need(settings, "project_name", err))
		return false;
	json_open_object(json, "scope");
	if (given(settings, "trust_id") != NULL) {
		json_open_object(json, "OS-TRUST:trust");
		json_write_text(json, "id", given(settings, "trust_id"));
		json_close(json);
	} else {
		put_project(json, settings);
	}
	json_close(json);
	return true;
}

char *openstack_login_document(const struct openstack_settings *settings, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	if (!need(settings, "auth_url", err))
		return NULL;
	json_open_object(&json, NULL);
	json_open_object(&json, "auth");
	json_open_object(&json, "identity");
	if (!put_identity(&json, settings, err))
		return NULL;
	json_close(&json);
	if (!put_scope(&json, settings, err))
		return NULL;
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

static char *name_or_id(struct json_view object)
{
	char *name = answer_text_printable(json_view_peek(json_view_get(object, "name")));
	return name != NULL ? name : json_view_text(json_view_get(object, "id"));
}

bool openstack_login_read(const struct openstack_answer *answer, struct openstack_login *ret,
			  struct error *err)
{
	AUTO(openstack_login_clear) struct openstack_login login = {0};
	AUTO_PTR(json_document)
	struct json_document *document =
		openstack_answer_json(answer, "identity: POST /auth/tokens", err);
	if (document == NULL)
		return false;
	struct json_view token = json_view_require(json_document_root(document), "token");
	struct json_view user = json_view_require(token, "user");
	struct json_view project = json_view_get(token, "project");
	const char *expires = json_view_peek(json_view_require(token, "expires_at"));

	login.user = name_or_id(user);
	login.user_id = json_view_text(json_view_require(user, "id"));
	login.project = name_or_id(project);
	login.project_id = json_view_text(json_view_get(project, "id"));
	catalog_read(json_view_get(token, "catalog"), &login.catalog);
	if (!json_document_check(document, err))
		return false;
	if (answer->token == NULL || !parse_rfc3339_ns(expires, &login.expires_ns))
		return error_set(err, ERROR_INVALID,
				 "identity: POST /auth/tokens: no token, or no end of it");
	login.token = xstrdup(answer->token);
	*ret = login;
	login = (struct openstack_login){0};
	return true;
}
