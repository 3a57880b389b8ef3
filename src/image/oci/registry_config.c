/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/url.h"

enum { CONFIG_MAX_BYTES = 1 << 20, MIRRORS_MAX = 32 };

static void endpoint_clear(struct registry_endpoint *endpoint)
{
	free(endpoint->host);
	free(endpoint->server);
	free(endpoint->prefix);
	*endpoint = (struct registry_endpoint){0};
}

void registry_endpoint_list_clear(struct registry_endpoint_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		endpoint_clear(&list->items[i]);
	free(list->items);
	*list = (struct registry_endpoint_list){0};
}

static void json_clear(json_t **json)
{
	json_decref(*json);
}

/* [https://|http://]HOST[:PORT][/PATH] */
static bool add_mirror(struct registry_endpoint_list *list, const char *text, struct error *err)
{
	AUTO(url_clear) struct url url = {0};
	AUTO_FREE char *whole = strstr(text, "://") ? xstrdup(text) : xasprintf("https://%s", text);
	if (!url_parse(whole, &url, err))
		return error_prefix(err, "mirror");
	if (url.query != NULL)
		return error_set(err, ERROR_INVALID, "mirror '%.200s' has a ?query", text);
	if (list->count >= MIRRORS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d mirrors", MIRRORS_MAX);
	struct registry_endpoint *mirror = ARRAY_APPEND(list->items, list->count);
	mirror->host = xstrdup(url.authority);
	mirror->server = xstrdup(url.authority);
	mirror->is_mirror = true;
	mirror->is_plain = !url.is_tls;
	mirror->is_insecure = url.is_tls && url_host_is_loopback(url.host);
	const char *path = url.path + strspn(url.path, "/");
	size_t path_length = strlen(path);
	while (path_length > 0 && path[path_length - 1] == '/')
		path_length--;
	mirror->prefix = path_length ? xasprintf("%.*s/", (int)path_length, path) : xstrdup("");
	return true;
}

static bool add_mirrors(const json_t *urls, struct registry_endpoint_list *list, struct error *err)
{
	size_t i;
	const json_t *url;
	if (urls != NULL && !json_is_array(urls))
		return error_set(err, ERROR_INVALID, "the mirrors are not a list");
	json_array_foreach(urls, i, url)
	{
		if (!json_is_string(url))
			return error_set(err, ERROR_INVALID, "mirror %zu is not a text", i);
		if (!add_mirror(list, json_string_value(url), err))
			return false;
	}
	return true;
}

static json_t *load(const char *text, size_t size, struct error *err)
{
	json_error_t where;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (json_is_object(root))
		return root;
	error_set(err, ERROR_INVALID, "line %d: %s", where.line,
		  root ? "not an object" : where.text);
	json_decref(root);
	return NULL;
}

bool registry_config_add(const char *text, size_t size, const char *host,
			 struct registry_endpoint_list *list, bool *is_insecure, struct error *err)
{
	size_t i;
	const json_t *entry;
	AUTO(json_clear) json_t *root = load(text, size, err);
	if (root == NULL)
		return false;
	const json_t *registries = json_object_get(root, "registries");
	if (!json_is_array(registries))
		return error_set(err, ERROR_INVALID, "there is no list \"registries\"");
	json_array_foreach(registries, i, entry)
	{
		const char *name = json_string_value(json_object_get(entry, "host"));
		if (name == NULL)
			return error_set(err, ERROR_INVALID, "registry %zu has no \"host\"", i);
		if (strcmp(name, host) != 0)
			continue;
		if (json_is_true(json_object_get(entry, "insecure")))
			*is_insecure = true;
		if (!add_mirrors(json_object_get(entry, "mirrors"), list, err))
			return error_prefix(err, "registry %s", name);
	}
	return true;
}

bool docker_daemon_config_add(const char *text, size_t size, const char *host,
			      struct registry_endpoint_list *list, bool *is_insecure,
			      struct error *err)
{
	size_t i;
	const json_t *entry;
	AUTO(json_clear) json_t *root = load(text, size, err);
	if (root == NULL)
		return false;
	json_array_foreach(json_object_get(root, "insecure-registries"), i, entry)
	{
		const char *name = json_string_value(entry);
		if (name != NULL && strcmp(name, host) == 0)
			*is_insecure = true;
	}
	/* Docker mirrors Docker Hub and nothing else. */
	return strcmp(host, "docker.io") != 0 ||
	       add_mirrors(json_object_get(root, "registry-mirrors"), list, err);
}

typedef bool add_fn(const char *text, size_t size, const char *host,
		    struct registry_endpoint_list *list, bool *is_insecure, struct error *err);

static bool add_file(const char *path, add_fn *add, const char *host,
		     struct registry_endpoint_list *list, bool *is_insecure, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path))
		return true;
	if (!file_read(path, CONFIG_MAX_BYTES, &text, &size, err))
		return false;
	return add(text, size, host, list, is_insecure, err) || error_prefix(err, "%s", path);
}

static char *user_docker_config(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	if (xdg != NULL && xdg[0] == '/')
		return path_join(xdg, "docker/daemon.json");
	return path_join(home && home[0] == '/' ? home : "/root", ".config/docker/daemon.json");
}

/* What Docker cannot read is Docker's affair: its file must not stop us. */
static void add_docker_files(const char *host, struct registry_endpoint_list *list,
			     bool *is_insecure)
{
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_FREE char *user = user_docker_config();
	if (!add_file(user, docker_daemon_config_add, host, list, is_insecure, &ignored) ||
	    !add_file("/etc/docker/daemon.json", docker_daemon_config_add, host, list, is_insecure,
		      &ignored))
		return;
}

static bool is_listed(const char *host, const char *const *hosts)
{
	for (; hosts != NULL && *hosts != NULL; hosts++) {
		if (strcmp(*hosts, host) == 0)
			return true;
	}
	return false;
}

bool registry_endpoints_find(const char *host, const char *const *insecure,
			     struct registry_endpoint_list *ret, struct error *err)
{
	AUTO(registry_endpoint_list_clear) struct registry_endpoint_list list = {0};
	bool is_insecure = is_listed(host, insecure) || url_host_is_loopback(host);
	AUTO_FREE char *own = path_folder(PATH_CONFIG, "registries.json");
	if (!add_file(own, registry_config_add, host, &list, &is_insecure, err))
		return false;
	if (list.count == 0)
		add_docker_files(host, &list, &is_insecure);
	for (size_t i = 0; i < list.count; i++) {
		if (is_listed(list.items[i].host, insecure))
			list.items[i].is_insecure = true;
	}
	struct registry_endpoint *self = ARRAY_APPEND(list.items, list.count);
	self->host = xstrdup(host);
	self->server = xstrdup(strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host);
	self->prefix = xstrdup("");
	self->is_insecure = is_insecure;
	*ret = list;
	list = (struct registry_endpoint_list){0};
	return true;
}
