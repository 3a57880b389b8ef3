/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "cloud/openstack/client/cloud_fixes.h"
#include "cloud/openstack/client/cloud_profile.h"
#include "cloud/openstack/client/cloud_region.h"
#include "cloud/openstack/client/clouds_file.h"

/* The files together, and the names in them. */
struct clouds {
	struct clouds_file plain;
	struct clouds_file secure;
	const char *environment_name; /* of the cloud that OS_* make */
	struct cloud_values environment;
	struct string_list names; /* of all */
};

void openstack_settings_clear(struct openstack_settings *settings)
{
	free(settings->cloud);
	free(settings->file);
	free(settings->region);
	free(settings->interface);
	free(settings->auth_type);
	free(settings->ca_file);
	free(settings->cert_file);
	free(settings->key_file);
	cloud_values_clear(&settings->values);
	*settings = (struct openstack_settings){0};
}

static void clouds_clear(struct clouds *clouds)
{
	clouds_file_clear(&clouds->plain);
	clouds_file_clear(&clouds->secure);
	cloud_values_clear(&clouds->environment);
	string_list_clear(&clouds->names);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Choosing a cloud or a file makes none. */
static bool is_selector(const char *variable)
{
	static const char *const names[] = {
		"OS_CLOUD=", "OS_REGION_NAME=", "OS_CLIENT_CONFIG_FILE=", "OS_CLIENT_SECURE_FILE=",
		"OS_CLOUD_NAME="};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (begins(variable, names[i]))
			return true;
	return false;
}

static void read_environment(struct clouds *clouds)
{
	bool is_cloud = false;

	for (char **at = environ; *at != NULL; at++) {
		const char *sign = strchr(*at, '=');
		if (sign == NULL || !begins(*at, "OS_") || begins(*at, "OS_TEST") ||
		    begins(*at, "OS_STD") || begins(*at, "OS_LOG"))
			continue;
		AUTO_FREE char *key = xstrndup(*at + 3, (size_t)(sign - *at) - 3);
		for (char *c = key; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		cloud_values_set(&clouds->environment, key, sign + 1);
		is_cloud = is_cloud || !is_selector(*at);
	}
	if (!is_cloud)
		cloud_values_clear(&clouds->environment);
}

static const struct yaml_node *clouds_in(const struct clouds_file *file)
{
	return yaml_get(file->root, "clouds");
}

static bool list_names(const struct clouds_file *file, struct string_list *names, struct error *err)
{
	const struct yaml_node *map = clouds_in(file);

	if (map == NULL || yaml_is_null(map))
		return true;
	if (map->kind != YAML_MAP)
		return error_set(err, ERROR_INVALID,
				 "%s:%u:%u: clouds: is a map of names to clouds", file->path,
				 map->line, map->column);
	for (size_t i = 0; i < map->pair_count; i++) {
		const struct yaml_node *value = map->pairs[i].value;
		if (value->kind != YAML_MAP)
			return error_set(err, ERROR_INVALID, "%s:%u:%u: the cloud '%s' is no map",
					 file->path, value->line, value->column,
					 map->pairs[i].key->text);
		if (!string_list_has(names, map->pairs[i].key->text))
			string_list_add(names, map->pairs[i].key->text);
	}
	return true;
}

static bool read_clouds(struct clouds *clouds, struct error *err)
{
	const char *name = getenv("OS_CLOUD_NAME");

	if (!clouds_file_find("clouds", "OS_CLIENT_CONFIG_FILE", &clouds->plain, err) ||
	    !clouds_file_find("secure", "OS_CLIENT_SECURE_FILE", &clouds->secure, err) ||
	    !list_names(&clouds->plain, &clouds->names, err) ||
	    !list_names(&clouds->secure, &clouds->names, err))
		return false;
	clouds->environment_name = name != NULL ? name : "envvars";
	if (string_list_has(&clouds->names, clouds->environment_name)) {
		error_set(err, ERROR_INVALID,
			  "%s: a cloud '%s', as that of the environment is called",
			  clouds->plain.path != NULL ? clouds->plain.path : clouds->secure.path,
			  clouds->environment_name);
		return error_hint(err, "rename it, or set OS_CLOUD_NAME to another name");
	}
	read_environment(clouds);
	if (clouds->environment.count > 0)
		string_list_add(&clouds->names, clouds->environment_name);
	return true;
}

static bool choose(const struct clouds *clouds, const char *wanted, const char **ret,
		   struct error *err)
{
	const char *variable = getenv("OS_CLOUD");
	AUTO_FREE char *all = string_list_join(&clouds->names, ", ");

	if (wanted == NULL && variable != NULL && variable[0] != '\0')
		wanted = variable;
	if (wanted == NULL && clouds->environment.count > 0)
		wanted = clouds->environment_name;
	if (wanted == NULL && clouds->names.count == 1)
		wanted = clouds->names.items[0];
	*ret = wanted;
	if (wanted != NULL && string_list_has(&clouds->names, wanted))
		return true;
	if (clouds->names.count == 0)
		error_set(err, ERROR_NOT_FOUND, "no OpenStack cloud is configured");
	else if (wanted == NULL)
		error_set(err, ERROR_NOT_FOUND, "which cloud? There are %s", all);
	else
		error_set(err, ERROR_NOT_FOUND, "there is no cloud '%s', but %s", wanted, all);
	return error_hint(err,
			  clouds->names.count == 0
				  ? "a clouds.yaml, here or in ~/.config/openstack, or OS_AUTH_URL "
				    "and its kin"
				  : "provider: {type: openstack, cloud: NAME}, or OS_CLOUD");
}

static const char *profile_of(const struct clouds *clouds, const struct cloud_values *own)
{
	const char *name = cloud_values_get(own, "profile");

	if (name == NULL)
		name = cloud_values_get(own, "cloud"); /* its older name */
	return name != NULL && name[0] != '\0' && strcmp(name, clouds->environment_name) != 0
		       ? name
		       : NULL;
}

static void lay_defaults(struct cloud_values *values)
{
	cloud_values_set(values, "auth_type", "password");
	cloud_values_set(values, "interface", "public");
	cloud_values_set(values, "network_api_version", "2");
}

static char *expanded(const char *path)
{
	const char *home = getenv("HOME");

	if (path == NULL || path[0] == '\0')
		return NULL;
	return path[0] == '~' && path[1] == '/' && home != NULL ? xasprintf("%s%s", home, path + 1)
								: xstrdup(path);
}

static bool is_true(const struct cloud_values *values, const char *key, bool otherwise)
{
	const char *text = cloud_values_get(values, key);

	return text != NULL ? strcasecmp(text, "true") == 0 : otherwise;
}

static void finish(struct openstack_settings *settings)
{
	const struct cloud_values *values = &settings->values;
	const char *verify = cloud_values_get(values, "verify");
	const char *interface = cloud_values_get(values, "interface");

	settings->region = xstrdup(cloud_values_get(values, "region_name"));
	settings->interface = xstrdup(interface != NULL ? interface : "public");
	settings->auth_type = xstrdup_or_null(cloud_values_get(values, "auth_type"));
	settings->is_insecure =
		is_true(values, "insecure", false) ||
		(cloud_values_is_bool(values, "verify") && strcmp(verify, "False") == 0);
	settings->ca_file = expanded(cloud_values_get(values, "cacert"));
	settings->cert_file = expanded(cloud_values_get(values, "cert"));
	settings->key_file = expanded(cloud_values_get(values, "key"));
}

static void find_layers(const struct clouds *clouds, const char *name, struct cloud_layers *ret)
{
	ret->plain = yaml_get(clouds_in(&clouds->plain), name);
	ret->secure = yaml_get(clouds_in(&clouds->secure), name);
	if (strcmp(name, clouds->environment_name) == 0)
		ret->region_name = cloud_values_get(&clouds->environment, "region_name");
}

/* From the first layer to the last, and the region's own above all. */
static bool lay_all(const struct clouds *clouds, const struct cloud_layers *layers,
		    const char *wanted, struct cloud_values *values, struct error *err)
{
	const struct yaml_node *of_region = NULL;
	AUTO(cloud_values_clear) struct cloud_values own = {0};
	AUTO_FREE char *region = NULL;

	lay_defaults(values);
	cloud_values_lay(values, layers->profile);
	cloud_values_lay(values, layers->plain);
	cloud_values_lay(values, layers->secure);
	if (layers->plain == NULL && layers->secure == NULL)
		cloud_values_lay_values(values, &clouds->environment);
	if (!cloud_region_choose(layers, wanted, &region, &of_region, err))
		return false;
	cloud_values_lay(&own, of_region);
	cloud_values_lay_values(values, &own);
	cloud_values_remove(values, "cloud");
	cloud_values_set(values, "region_name", region);
	return true;
}

/* Regions and addresses may name other values. */
static bool format_key(struct cloud_values *values, const char *key, struct error *err)
{
	const char *text = cloud_values_get(values, key);

	if (text == NULL || strpbrk(text, "{}") == NULL)
		return true;
	AUTO_FREE char *whole = cloud_values_format(values, text, err);
	if (whole == NULL)
		return error_prefix(err, "%s", key);
	cloud_values_set(values, key, whole);
	return true;
}

static bool format_all(struct cloud_values *values, struct error *err)
{
	if (!format_key(values, "auth.auth_url", err))
		return false;
	for (size_t i = 0; i < values->count; i++) {
		AUTO_FREE char *key = xstrdup(values->items[i].key);
		if (strchr(key, '.') == NULL && strcmp(key, "password") != 0 &&
		    !format_key(values, key, err))
			return false;
	}
	return true;
}

static bool make(const struct clouds *clouds, const char *name, const char *region,
		 struct openstack_settings *settings, struct error *err)
{
	AUTO(cloud_values_clear) struct cloud_values own = {0};
	AUTO(cloud_profile_clear) struct cloud_profile profile = {0};
	struct cloud_layers layers = {0};

	find_layers(clouds, name, &layers);
	cloud_values_lay(&own, layers.plain);
	cloud_values_lay(&own, layers.secure);
	if (profile_of(clouds, &own) != NULL &&
	    !cloud_profile_find(profile_of(clouds, &own), &profile, err))
		return false;
	layers.profile = profile.map;
	if (!lay_all(clouds, &layers, region, &settings->values, err))
		return false;
	cloud_fixes_apply(&settings->values);
	if (!format_all(&settings->values, err))
		return false;
	finish(settings);
	return true;
}

bool openstack_settings_load(const char *cloud, const char *region, struct openstack_settings *ret,
			     struct error *err)
{
	AUTO(clouds_clear) struct clouds clouds = {0};
	AUTO(openstack_settings_clear) struct openstack_settings settings = {0};
	const char *name = NULL;

	if (!read_clouds(&clouds, err) || !choose(&clouds, cloud, &name, err))
		return false;
	settings.cloud = xstrdup(name);
	if (strcmp(name, clouds.environment_name) != 0)
		settings.file =
			xstrdup(clouds.plain.path != NULL ? clouds.plain.path : clouds.secure.path);
	if (!make(&clouds, name, region, &settings, err))
		return error_prefix(err, "the OpenStack cloud '%s'", name);
	*ret = settings;
	settings = (struct openstack_settings){0};
	return true;
}
