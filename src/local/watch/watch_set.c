/* SPDX-License-Identifier: Apache-2.0 */
#include "local/watch/watch_set.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/path_below.h"
#include "image/build/build_context.h"
#include "manifest/build_spec.h"
#include "manifest/develop_form.h"

/*
 * What editors and compilers leave for a moment beside the file that is meant (JetBrains, Emacs,
 * Vim, Kate, Go; the list of docker/compose, pkg/watch/ephemeral.go), and git's own folder.
 */
static const char usual_patterns[] = "**/*___jb_old___\n"
				     "**/*___jb_tmp___\n"
				     "**/.idea/**\n"
				     "**/.#*\n"
				     "**/#*#\n"
				     "**/4913\n"
				     "**/*~\n"
				     "**/.*.swp\n"
				     "**/.*.swx\n"
				     "**/.*.swo\n"
				     "**/.*.swn\n"
				     "**/.*.kate-swp\n"
				     "**/*-go-tmp-umask\n"
				     "**/.git\n";

static void item_clear(struct watch_item *item)
{
	free(item->root);
	free(item->target);
	free(item->context);
	ignore_patterns_free(item->ignore);
	ignore_patterns_free(item->include);
	ignore_patterns_free(item->left_out);
}

void watch_set_clear(struct watch_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		item_clear(&set->items[i]);
	free(set->items);
	ignore_patterns_free(set->usual);
	*set = (struct watch_set){0};
}

/* Without links as far as it is there; the rest as written. Owned. */
static char *real_path(const char *path)
{
	char real[PATH_MAX];
	AUTO_FREE char *above = xstrdup(path);

	for (size_t size = strlen(above); size > 0;) {
		above[size] = '\0';
		if (realpath(size > 0 ? above : "/", real) != NULL) {
			const char *rest = path + size;
			rest += strspn(rest, "/");
			return rest[0] != '\0' ? path_join(real, rest) : xstrdup(real);
		}
		while (size > 0 && above[size - 1] != '/')
			size--;
		while (size > 0 && above[size - 1] == '/')
			size--;
	}
	return xstrdup(path);
}

/* "//a/./b/../c/" becomes "/a/c"; "/" becomes "". Owned. */
static char *plain_target(const char *path)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;

	string_list_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++) {
		if (strcmp(parts.items[i], "..") == 0) {
			if (kept.count > 0)
				free(kept.items[--kept.count]);
		} else if (parts.items[i][0] != '\0' && strcmp(parts.items[i], ".") != 0) {
			string_list_add(&kept, parts.items[i]);
		}
	}
	AUTO_FREE char *joined = string_list_join(&kept, "/");
	return joined[0] != '\0' ? xasprintf("/%s", joined) : xstrdup("");
}

static bool read_patterns(const struct string_list *list, const char *what,
			  struct ignore_patterns **ret, struct error *err)
{
	AUTO_FREE char *text = string_list_join(list, "\n");

	if (list->count == 0)
		return true;
	*ret = ignore_patterns_read(what, text, strlen(text), err);
	return *ret != NULL;
}

static bool find_context(const struct container_spec *container, struct watch_item *item,
			 struct error *err)
{
	const struct build_spec *build = container->build;
	AUTO_FREE char *path = NULL;

	if (build == NULL || build->context == NULL || build->context[0] != '/')
		return true;
	item->context = real_path(build->context);
	if (!path_exists(item->context))
		return true;
	return build_context_ignore(item->context, build->dockerfile, &item->left_out, &path, err);
}

/* A sync into the folder itself would be a change of it, and so on. */
static bool is_mounted(const struct watch_item *item)
{
	for (size_t i = 0; i < item->pod->volume_count; i++) {
		const struct volume *volume = &item->pod->volumes[i];
		AUTO_FREE char *real =
			volume->host_path != NULL ? real_path(volume->host_path) : NULL;
		if (real != NULL && path_below(real, item->root) != NULL)
			return true;
	}
	return false;
}

static bool fill(struct watch_item *item, struct error *err)
{
	const struct watch_rule *rule = item->rule;

	struct stat status;

	item->root = real_path(rule->path);
	item->is_folder = stat(item->root, &status) < 0 || S_ISDIR(status.st_mode);
	if (rule->action == WATCH_REBUILD && item->container->build == NULL) {
		error_set(err, ERROR_INVALID, "container '%s' has no build to be done again",
			  item->container->name);
		return error_hint(err, "action: sync, with a target; or a build: beside it");
	}
	if (watch_rule_syncs(rule)) {
		if (rule->target == NULL || rule->target[0] != '/') {
			error_set(err, ERROR_INVALID,
				  "container '%s': target '%.80s' is no "
				  "absolute path",
				  item->container->name, rule->target != NULL ? rule->target : "");
			return error_hint(err, "target: /app");
		}
		item->target = plain_target(rule->target);
		item->is_mounted = is_mounted(item);
	}
	return find_context(item->container, item, err) &&
	       read_patterns(&rule->ignore, "ignore", &item->ignore, err) &&
	       read_patterns(&rule->include, "include", &item->include, err);
}

static bool add_container(struct watch_set *set, const struct pod_spec *pod,
			  const struct container_spec *container, struct error *err)
{
	for (size_t i = 0; i < container->watch_count; i++) {
		struct watch_item *item = ARRAY_APPEND(set->items, set->count);
		item->pod = pod;
		item->container = container;
		item->rule = &container->watches[i];
		if (item->rule->path == NULL || !fill(item, err))
			return error_prefix(err, "pod '%s': develop.watch", pod->name);
	}
	return true;
}

bool watch_set_make(const struct app *app, const struct string_list *pods, struct watch_set *ret,
		    struct error *err)
{
	AUTO(watch_set_clear) struct watch_set set = {0};

	set.usual = ignore_patterns_read("usual", usual_patterns, strlen(usual_patterns), err);
	if (set.usual == NULL)
		return false;
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		if (pods->count > 0 && !string_list_has(pods, pod->name))
			continue;
		for (size_t k = 0; k < pod->container_count; k++) {
			if (!add_container(&set, pod, &pod->containers[k], err))
				return false;
		}
	}
	*ret = set;
	set = (struct watch_set){0};
	return true;
}

/* What the image's build does not see changes nothing in it, and is not for its container. */
static bool is_left_out(const struct watch_item *item, const char *path)
{
	const char *below = item->context != NULL ? path_below(item->context, path) : NULL;

	return below != NULL && below[0] != '\0' && ignore_patterns_match(item->left_out, below);
}

bool watch_item_matches(const struct watch_set *set, const struct watch_item *item,
			const char *path, char **ret_inside)
{
	const char *below = path_below(item->root, path);

	*ret_inside = NULL;
	if (below == NULL || item->is_mounted)
		return false;
	/* A rule of one file: it is called by its name. */
	const char *name = below[0] != '\0' ? below : strrchr(path, '/') + 1;
	if (ignore_patterns_match(set->usual, name) || is_left_out(item, path) ||
	    (below[0] != '\0' && ignore_patterns_match(item->ignore, below)) ||
	    (item->include != NULL && !ignore_patterns_match(item->include, name)))
		return false;
	if (item->target != NULL)
		*ret_inside = below[0] != '\0' ? xasprintf("%s/%s", item->target, below)
					       : xstrdup(item->target);
	return true;
}

static bool item_leaves_alone(const struct watch_set *set, const struct watch_item *item,
			      const char *folder)
{
	const char *below = path_below(item->root, folder);

	/* What leads to the root, and the root itself, is watched. */
	if (below == NULL)
		return path_below(folder, item->root) == NULL;
	if (below[0] == '\0')
		return false;
	return ignore_patterns_match(set->usual, below) ||
	       (ignore_patterns_match(item->ignore, below) &&
		!ignore_patterns_take_back(item->ignore)) ||
	       (is_left_out(item, folder) && !ignore_patterns_take_back(item->left_out));
}

bool watch_set_leaves_alone(const struct watch_set *set, const char *folder)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!item_leaves_alone(set, &set->items[i], folder))
			return false;
	}
	return true;
}
