/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watched_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "image/oci/reference.h"
#include "image/oci/resolve.h"
#include "manifest/pod_images.h"

enum { DAEMON_MS = 2000 };

static void watched_clear(struct watched *item)
{
	free(item->pod);
	free(item->path);
	free(item->image);
	free(item->mark);
	free(item->seen);
}

void watched_files_clear(struct watched_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		watched_clear(&files->items[i]);
	free(files->items);
	*files = (struct watched_files){0};
}

static char *mark_of_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return xstrdup("");
	return xasprintf("%lld.%09ld %lld %llu", (long long)status.st_mtim.tv_sec,
			 status.st_mtim.tv_nsec, (long long)status.st_size,
			 (unsigned long long)status.st_ino);
}

/* Asking the daemon brings what it has into the store; the build finds it there. */
static char *mark_of_image(const char *reference)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(NULL, &ignored);

	if (store == NULL ||
	    !image_resolve(store, reference, PULL_IF_NOT_PRESENT, NULL, NULL, &image, &ignored))
		return xstrdup("");
	return xstrdup(DIGEST_TEXT(&image.digest));
}

static char *look(const struct watched *item)
{
	return item->path != NULL ? mark_of_file(item->path) : mark_of_image(item->image);
}

static void add(struct watched_files *files, const char *pod, char *path, const char *image)
{
	struct watched *item = ARRAY_APPEND(files->items, files->count);

	item->pod = xstrdup_or_null(pod);
	item->path = path;
	item->image = xstrdup_or_null(image);
	item->mark = look(item);
	item->seen = xstrdup(item->mark);
}

static void add_image(struct watched_files *files, const struct app *app, const char *pod,
		      const char *image)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (!reference_parse(image, app->folder, &reference, &ignored) ||
	    !transport_is_local(reference.transport))
		return;
	if (reference.transport == TRANSPORT_DOCKER_DAEMON)
		add(files, pod, NULL, reference.text);
	else if (reference.transport == TRANSPORT_OCI)
		add(files, pod, path_join(reference.path, "index.json"), NULL);
	else
		add(files, pod, xstrdup(reference.path), NULL);
}

void watched_files_make(const struct app *app, struct watched_files *ret)
{
	*ret = (struct watched_files){.asked_ms = clock_monotonic_ms()};
	for (size_t i = 0; i < app->files.count; i++)
		add(ret, NULL, xstrdup(app->files.items[i]), NULL);
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		for (size_t k = 0; k < pod_images_count(pod); k++)
			add_image(ret, app, pod->name, pod_images_at(pod, k).image);
	}
}

bool watched_files_look(struct watched_files *files, struct string_list *ret_pods)
{
	uint64_t now_ms = clock_monotonic_ms();
	bool asks_daemons = now_ms - files->asked_ms >= DAEMON_MS;
	bool has_changed = false;
	bool is_at_rest = true;

	if (asks_daemons)
		files->asked_ms = now_ms;
	for (size_t i = 0; i < files->count; i++) {
		struct watched *item = &files->items[i];
		AUTO_FREE char *now =
			item->path != NULL || asks_daemons ? look(item) : xstrdup(item->seen);
		is_at_rest = is_at_rest && now[0] != '\0' &&
			     (item->path == NULL || strcmp(now, item->seen) == 0);
		free(item->seen);
		item->seen = TAKE_PTR(now);
		if (strcmp(item->seen, item->mark) == 0 || item->seen[0] == '\0')
			continue;
		has_changed = true;
		if (item->pod != NULL && !string_list_has(ret_pods, item->pod))
			string_list_add(ret_pods, item->pod);
	}
	return has_changed && is_at_rest;
}

void watched_files_accept(struct watched_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].mark);
		files->items[i].mark = xstrdup(files->items[i].seen);
	}
}
