/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/cloud_fixes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define AUTH "auth."

static char *below_auth(const char *key)
{
	return xasprintf(AUTH "%s", key);
}

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static char *with_dashes(const char *key)
{
	char *dashed = xstrdup(key);
	for (char *at = dashed; *at != '\0'; at++)
		*at = *at == '_' ? '-' : *at;
	return dashed;
}

/* The last of a key's spellings wins; beside "auth." over in it. */
static void take_key(struct cloud_values *values, const char *key, char **winner)
{
	AUTO_FREE char *inner = below_auth(key);
	const char *const places[] = {inner, key};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *text = cloud_values_take(values, places[i]);
		if (text == NULL)
			continue;
		free(*winner);
		*winner = text;
	}
}

/* A value of an old name or of today's, to "auth.". */
static void gather(struct cloud_values *values, const char *old, const char *name)
{
	const char *const names[] = {old, name};
	AUTO_FREE char *to = below_auth(name);
	AUTO_FREE char *winner = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *dashed = with_dashes(names[i]);
		take_key(values, names[i], &winner);
		take_key(values, dashed, &winner);
	}
	if (is_given(winner))
		cloud_values_set(values, to, winner);
}

static void gather_projects(struct cloud_values *values)
{
	static const struct {
		const char *old;
		const char *name;
	} names[] = {
		{"domain_id", "domain_id"},
		{"domain_name", "domain_name"},
		{"user_domain_id", "user_domain_id"},
		{"user_domain_name", "user_domain_name"},
		{"project_domain_id", "project_domain_id"},
		{"project_domain_name", "project_domain_name"},
		{"auth_token", "token"},
		{"tenant_id", "project_id"},
		{"tenant_name", "project_name"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		gather(values, names[i].old, names[i].name);
}

static void rename_key(struct cloud_values *values, const char *from, const char *to)
{
	AUTO_FREE char *text = cloud_values_take(values, from);
	if (text != NULL)
		cloud_values_set(values, to, text);
}

/* "compute_endpoint_type" → "compute_interface". */
static void rename_interfaces(struct cloud_values *values)
{
	const char *const ending = "endpoint_type";

	for (size_t i = values->count; i-- > 0;) {
		const char *key = values->items[i].key;
		size_t size = strlen(key);
		if (size < strlen(ending) || strcmp(key + size - strlen(ending), ending) != 0)
			continue;
		AUTO_FREE char *from = xstrdup(key);
		AUTO_FREE char *to = xasprintf("%.*sinterface", (int)(size - strlen(ending)), from);
		rename_key(values, from, to);
	}
}

/* Of a project, one domain is the user's and the project's; else it is the scope itself. */
static void spread_domain(struct cloud_values *values, const char *what)
{
	const char *const whose[] = {"user", "project"};
	AUTO_FREE char *domain = xasprintf(AUTH "domain_%s", what);
	bool is_of_project = cloud_values_has(values, AUTH "project_id") ||
			     cloud_values_has(values, AUTH "project_name");

	if (!is_of_project)
		return;
	AUTO_FREE char *text = cloud_values_take(values, domain);
	for (size_t i = 0; text != NULL && i < ARRAY_SIZE(whose); i++) {
		AUTO_FREE char *key = xasprintf(AUTH "%s_domain_%s", whose[i], what);
		if (!cloud_values_has(values, key))
			cloud_values_set(values, key, text);
	}
}

static void move_in(struct cloud_values *values, const char *name)
{
	AUTO_FREE char *key = below_auth(name);
	AUTO_FREE char *inner = cloud_values_take(values, key);
	AUTO_FREE char *outer = cloud_values_take(values, name);

	if (is_given(inner) || is_given(outer))
		cloud_values_set(values, key, is_given(inner) ? inner : outer);
}

/* What an identity plugin takes, from "auth." first. */
static void gather_identity(struct cloud_values *values)
{
	static const char *const names[] = {"auth_url",
					    "system_scope",
					    "trust_id",
					    "default_domain_id",
					    "default_domain_name",
					    "user_id",
					    "username",
					    "application_credential_id",
					    "application_credential_name",
					    "application_credential_secret"};
	const char *type = cloud_values_get(values, "auth_type");

	if (!cloud_values_has(values, AUTH "username"))
		rename_key(values, AUTH "user_name", AUTH "username");
	if (!cloud_values_has(values, "username"))
		rename_key(values, "user_name", "username");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		move_in(values, names[i]);
	if (type != NULL && strstr(type, "password") != NULL)
		move_in(values, "password");
}

void cloud_fixes_apply(struct cloud_values *values)
{
	if (!cloud_values_has(values, "auth_type"))
		rename_key(values, "auth_plugin", "auth_type");
	cloud_values_remove(values, "auth_plugin");
	gather_projects(values);
	rename_interfaces(values);
	cloud_values_spell(values);
	spread_domain(values, "id");
	spread_domain(values, "name");
	gather_identity(values);
}
