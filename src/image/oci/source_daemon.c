/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker-daemon:NAME, through the API that Docker and podman share: GET /images/NAME/json and
 * GET /images/NAME/get (https://docs.docker.com/reference/api/engine/). Where the image has not
 * changed since, only the first is asked.
 */
#include "image/oci/source_daemon.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/json.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/url.h"
#include "image/oci/archive_find.h"
#include "image/oci/archive_import.h"
#include "image/oci/source_walk.h"
enum {
	STEP_MS = 200,
	INSPECT_MAX_MS = 60000,
	PACK_MAX_MS = 300000,
	SAVE_MAX_MS = 6 * 3600000,
	ID_MAX_BYTES = 256
};

/* Where a daemon may listen: a socket, or an address over plain http. */
struct daemon_place {
	char *socket; /* owned, or NULL */
	char *base;   /* owned; "http://localhost" with a socket */
};

struct daemon_list {
	struct daemon_place *items;
	size_t count;
	bool is_chosen; /* DOCKER_HOST names it: no other one counts */
};

static void daemon_list_clear(struct daemon_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].socket);
		free(list->items[i].base);
	}
	free(list->items);
}

static void add_socket(struct daemon_list *list, char *path)
{
	struct daemon_place *place = ARRAY_APPEND(list->items, list->count);
	place->socket = path;
	place->base = xstrdup("http://localhost");
}

static bool list_daemons(struct daemon_list *list, struct error *err)
{
	const char *host = getenv("DOCKER_HOST");
	if (host == NULL || host[0] == '\0')
		host = getenv("CONTAINER_HOST"); /* podman's */
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (host != NULL && host[0] != '\0') {
		list->is_chosen = true;
		if (strncmp(host, "unix://", 7) == 0) {
			add_socket(list, xstrdup(host + 7));
			return true;
		}
		if (strncmp(host, "tcp://", 6) == 0 && getenv("DOCKER_TLS_VERIFY") == NULL) {
			AUTO(url_clear) struct url url = {0};
			AUTO_FREE char *text = xasprintf("http://%s", host + 6);
			if (!url_parse(text, &url, err))
				return error_prefix(err, "DOCKER_HOST");
			ARRAY_APPEND(list->items, list->count)->base =
				xasprintf("http://%s", url.authority);
			return true;
		}
		error_set(err, ERROR_UNSUPPORTED, "a daemon at %.200s is not spoken to", host);
		return error_hint(err,
				  "docker save NAME -o image.tar, then docker-archive:image.tar");
	}
	add_socket(list, xstrdup("/var/run/docker.sock"));
	if (runtime != NULL && runtime[0] == '/') {
		add_socket(list, path_join(runtime, "docker.sock"));
		add_socket(list, path_join(runtime, "podman/podman.sock"));
	}
	add_socket(list, xstrdup("/run/podman/podman.sock"));
	return true;
}

/* As people write it: podman finds its local images by short names only. */
static char *familiar_name(const struct reference *reference)
{
	if (reference->host == NULL)
		return xstrdup(DIGEST_TEXT(&reference->digest));
	const char *name = reference->name;
	bool is_hub = strcmp(reference->host, "docker.io") == 0;
	if (is_hub && strncmp(name, "library/", 8) == 0)
		name += 8;
	return xasprintf("%s%s%s:%s", is_hub ? "" : reference->host, is_hub ? "" : "/", name,
			 reference->tag);
}

static char *image_url(const struct daemon_place *place, const struct reference *reference,
		       const char *what)
{
	AUTO_FREE char *name = familiar_name(reference);
	return xasprintf("%s/images/%s/%s", place->base, name, what);
}

bool daemon_parse_image(const char *text, size_t size, char **ret_id, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "the daemon", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view id = json_view_require(json_document_root(document), "Id");
	const char *peeked = json_view_peek(id);
	if (!json_document_check(document, err))
		return false;
	/* Kept as the image's stamp, on a line of its own file. */
	if (peeked == NULL || peeked[0] == '\0' || strlen(peeked) > ID_MAX_BYTES ||
	    strpbrk(peeked, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "the daemon names no image");
	*ret_id = xstrdup(peeked);
	return true;
}

/* The image's id, or NULL with why. */
static char *inspect(struct http_client *client, const struct daemon_place *place,
		     const struct reference *reference, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *url = image_url(place, reference, "json");
	struct http_request request = {
		.url = url, .unix_socket = place->socket, .timeout_ms = INSPECT_MAX_MS};
	const char *where = place->socket ? place->socket : place->base;
	if (!http_perform(client, &request, &response, err)) {
		error_prefix(err, "%s", where);
		return NULL;
	}
	if (response.status == 404) {
		error_set(err, ERROR_NOT_FOUND, "%s has no such image", where);
		return NULL;
	}
	char *id = NULL;
	if (response.status != 200)
		error_set(err, ERROR_INVALID, "%s answered %d without an image", where,
			  response.status);
	else if (!daemon_parse_image(response.body, response.body_size, &id, err))
		error_prefix(err, "%s", where);
	return id;
}

/* The body of GET …/get, turned from pushed to pulled. */
struct daemon_reader {
	struct http_client *client;
	const struct source_request *request;
	struct strbuf arrived;
	struct strbuf given; /* what the last call handed out */
	bool is_done;
	int status;
	struct error err;
};

static bool on_bytes(const void *bytes, size_t size, void *arg, struct error *err)
{
	struct daemon_reader *reader = arg;
	(void)err;
	strbuf_append_bytes(&reader->arrived, bytes, size);
	return true;
}

static void on_done(struct http_response *response, struct error *err, void *arg)
{
	struct daemon_reader *reader = arg;
	reader->is_done = true;
	reader->status = response->status;
	if (err != NULL)
		error_move(&reader->err, err);
	else if (response->status != 200)
		error_set(&reader->err, ERROR_INVALID, "the daemon answered %d: %.200s",
			  response->status, response->body ? response->body : "");
}

static ssize_t read_daemon(void *arg, const void **ret_bytes, struct error *err)
{
	struct daemon_reader *reader = arg;
	while (reader->arrived.size == 0 && !reader->is_done) {
		if (progress_is_cancelled(reader->request->progress)) {
			error_set(err, ERROR_CANCELLED, "cancelled");
			return -1;
		}
		(void)http_client_step(reader->client, STEP_MS);
	}
	if (reader->err.kind != ERROR_NONE) {
		error_move(err, &reader->err);
		return -1;
	}
	struct strbuf swap = reader->given;
	reader->given = reader->arrived;
	reader->arrived = swap;
	strbuf_reset(&reader->arrived);
	*ret_bytes = strbuf_text(&reader->given);
	return (ssize_t)reader->given.size;
}

static void reader_clear(struct daemon_reader *reader)
{
	strbuf_clear(&reader->arrived);
	strbuf_clear(&reader->given);
	error_clear(&reader->err);
}

static bool fetch_saved(struct http_client *client, const struct source_request *request,
			const struct daemon_place *place, struct image_ref *ret, struct error *err)
{
	AUTO(archive_listing_clear) struct archive_listing listing = {0};
	AUTO(reader_clear) struct daemon_reader reader = {.client = client, .request = request};
	AUTO_FREE char *url = image_url(place, request->reference, "get");
	struct http_request get = {.url = url,
				   .unix_socket = place->socket,
				   .sink = on_bytes,
				   .sink_arg = &reader,
				   .stall_timeout_ms = PACK_MAX_MS, /* it packs before it sends */
				   .timeout_ms = SAVE_MAX_MS};
	http_client_submit(client, &get, on_done, &reader);
	return archive_import(request, read_daemon, &reader, &listing, err) &&
	       archive_find_docker(request, &listing, ret, err);
}

static void free_client(struct http_client **client)
{
	http_client_free(*client);
}

static bool fetch_from(const struct source_request *request, const struct daemon_place *place,
		       struct image_ref *ret, struct error *err)
{
	AUTO(free_client) struct http_client *client = http_client_new(1);
	const char *where = place->socket ? place->socket : place->base;
	AUTO_FREE char *id = inspect(client, place, request->reference, err);
	if (id == NULL)
		return false;
	if (source_reuse(request, id, ret))
		return true;
	ret->source = xstrdup(where);
	ret->stamp = TAKE_PTR(id);
	ret->time_ns = clock_wall_ns();
	bool is_done = fetch_saved(client, request, place, ret, err);
	/* The transfer's state lies on the stack of fetch_saved(). */
	http_client_free(TAKE_PTR(client));
	return is_done || error_prefix(err, "%s", where);
}

bool source_daemon_fetch(const struct source_request *request, struct image_ref *ret,
			 struct error *err)
{
	AUTO(daemon_list_clear) struct daemon_list list = {0};
	AUTO(error_clear) struct error why = ERROR_INIT;
	if (!list_daemons(&list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct daemon_place *place = &list.items[i];
		if (!list.is_chosen && !path_exists(place->socket))
			continue;
		if (fetch_from(request, place, ret, &why))
			return true;
		if (why.kind != ERROR_NOT_FOUND && why.kind != ERROR_NETWORK &&
		    why.kind != ERROR_DENIED)
			return error_move(err, &why);
	}
	/* A daemon that is away does not take away what it gave us. */
	if (!request->must_be_fresh && why.kind != ERROR_NOT_FOUND &&
	    source_reuse(request, NULL, ret)) {
		progress_note(request->progress, request->reference->text,
			      "no daemon answers; using the stored copy");
		return true;
	}
	if (why.kind != ERROR_NONE)
		return error_move(err, &why);
	error_set(err, ERROR_NOT_FOUND, "no Docker or podman daemon is running");
	return error_hint(err, "start it (podman: systemctl --user start podman.socket), or set "
			       "DOCKER_HOST=unix:///path/to/socket");
}
