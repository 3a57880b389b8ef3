/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "base/url.h"

enum { CONFIG_MAX_BYTES = 1 << 20, MIRRORS_MAX = 32, JSON_LIST_MAX = 10000 };

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

static bool add_mirrors(struct json_view urls, struct registry_endpoint_list *list,
			struct error *err)
{
	size_t count = json_view_count(urls, JSON_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *url = json_view_peek(json_view_at(urls, i));
		if (url != NULL && !add_mirror(list, url, err))
			return false;
	}
	return true;
}

/* Only one of them has the host's name, but all have to be right. */
static bool add_registry(struct json_view entry, const char *host,
			 struct registry_endpoint_list *list, bool *is_insecure, struct error *err)
{
	const char *name = json_view_peek(json_view_require(entry, "host"));
	bool is_named_insecure = json_view_bool(json_view_get(entry, "insecure"), false);
	if (name == NULL || strcmp(name, host) != 0)
		return true;
	*is_insecure = *is_insecure || is_named_insecure;
	return add_mirrors(json_view_get(entry, "mirrors"), list, err) ||
	       error_prefix(err, "registry %s", name);
}

bool registry_config_add(const char *text, size_t size, const char *host,
			 struct registry_endpoint_list *list, bool *is_insecure, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "the list of registries", 0, err);
	if (document == NULL)
		return false;
	struct json_view registries = json_view_require(json_document_root(document), "registries");
	if (!json_view_is_list(registries) && json_document_problem(document) == NULL)
		return error_set(err, ERROR_INVALID, "there is no list \"registries\"");
	size_t count = json_view_count(registries, JSON_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!add_registry(json_view_at(registries, i), host, list, is_insecure, err))
			return false;
	}
	return json_document_check(document, err);
}

bool docker_daemon_config_add(const char *text, size_t size, const char *host,
			      struct registry_endpoint_list *list, bool *is_insecure,
			      struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "Docker's daemon.json", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view insecure = json_view_get(root, "insecure-registries");
	size_t count = json_view_count(insecure, JSON_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_view_peek(json_view_at(insecure, i));
		if (name != NULL && strcmp(name, host) == 0)
			*is_insecure = true;
	}
	/* Docker mirrors Docker Hub and nothing else. */
	return (strcmp(host, "docker.io") != 0 ||
		add_mirrors(json_view_get(root, "registry-mirrors"), list, err)) &&
	       json_document_check(document, err);
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
