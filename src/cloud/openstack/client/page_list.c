/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/page_list.h"

#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define MAX_PAGE  10000
#define MAX_PAGES 1000
#define MAX_LINKS 10

/* Every page after the first has a way back, too. */
static bool has_next(struct json_view root, const char *key)
{
	AUTO_FREE char *name = xasprintf("%s_links", key);
	struct json_view links = json_view_get(root, name);
	size_t count = json_view_count(links, MAX_LINKS);

	for (size_t i = 0; i < count; i++) {
		const char *way = json_view_peek(json_view_get(json_view_at(links, i), "rel"));
		if (way != NULL && strcmp(way, "next") == 0)
			return true;
	}
	return json_view_is_text(json_view_get(root, "next")); /* Glance's */
}

/* *ret_last: owned; NULL: nothing follows. */
static bool read_page(struct openstack_client *client, const struct openstack_call *call,
		      const char *key, page_list_fn *fn, void *arg, char **ret_last,
		      struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, call, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view list = json_view_require(root, key);
	size_t count = json_view_count(list, MAX_PAGE);
	for (size_t i = 0; i < count; i++)
		fn(json_view_at(list, i), arg);
	if (count > 0 && has_next(root, key))
		*ret_last = json_view_text(json_view_require(json_view_at(list, count - 1), "id"));
	return json_document_check(document, err);
}

bool page_list(struct openstack_client *client, const struct openstack_service *service,
	       const char *path, const char *query, const char *key, page_list_fn *fn, void *arg,
	       struct error *err)
{
	const struct openstack_login *login = openstack_client_login(client, err);
	AUTO_FREE char *last = NULL;
	unsigned pages = 0;

	if (login == NULL)
		return false;
	/* An administrator sees what other projects have; Nova and Glance are asked by what is ours. */
	bool is_by_project = service == &OPENSTACK_NETWORK || service == &OPENSTACK_BALANCER;
	AUTO_FREE char *project = is_by_project ? xstrdup_or_null(login->project_id) : NULL;
	do {
		AUTO(strbuf_clear) struct strbuf whole = STRBUF_INIT;
		AUTO_FREE char *next = NULL;
		strbuf_appendf(&whole, "%s?limit=500%s%s", path, query != NULL ? "&" : "",
			       query != NULL ? query : "");
		if (project != NULL) {
			strbuf_append(&whole, "&project_id=");
			strbuf_append_url(&whole, project);
		}
		if (last != NULL) {
			strbuf_append(&whole, "&marker=");
			strbuf_append_url(&whole, last);
		}
		if (pages++ == MAX_PAGES)
			return error_set(err, ERROR_INVALID, "%s: the list does not end",
					 service->type);
		const struct openstack_call call = {.service = service,
						    .path = strbuf_text(&whole)};
		if (!read_page(client, &call, key, fn, arg, &next, err))
			return false;
		free(last);
		last = TAKE_PTR(next);
	} while (last != NULL);
	return true;
}
