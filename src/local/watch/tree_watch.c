/* SPDX-License-Identifier: Apache-2.0 */
#include "local/watch/tree_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/path_below.h"

#define MAX_DEPTH   100
#define MAX_PATHS   ((size_t)1 << 20) /* of one batch: beyond it all is said to have changed */
#define EVENT_BYTES 65536
#define WATCHED                                                                                    \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |        \
	 IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
#define CAME (IN_CREATE | IN_MOVED_TO)
#define WENT (IN_DELETE | IN_MOVED_FROM)

/* By its number, which the kernel counts up: an array with holes. */
struct folder_watch {
	char *path; /* NULL: none */
};

struct tree_watch {
	int fd;
	struct string_list roots;
	tree_watch_skip_fn *skip;
	void *arg;
	struct folder_watch *folders; /* by inotify's number */
	size_t folder_room;
	size_t folder_count;
	struct string_list paths; /* that changed, as they came */
	bool has_lost;
	bool is_full;	   /* a watch was not granted */
	uint64_t first_ms; /* of the first path; 0: none */
	uint64_t last_ms;
};

static bool is_in_roots(const struct tree_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->roots.count; i++) {
		if (path_below(watch->roots.items[i], path) != NULL)
			return true;
	}
	return false;
}

static bool leads_to_root(const struct tree_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->roots.count; i++) {
		if (path_below(path, watch->roots.items[i]) != NULL)
			return true;
	}
	return false;
}

static void note(struct tree_watch *watch, const char *path)
{
	uint64_t now_ms = clock_monotonic_ms();

	watch->last_ms = now_ms;
	if (watch->first_ms == 0)
		watch->first_ms = now_ms;
	if (!is_in_roots(watch, path) || watch->has_lost)
		return;
	if (watch->paths.count >= MAX_PATHS) {
		string_list_clear(&watch->paths);
		watch->has_lost = true;
		return;
	}
	/* The same file again and again is the usual case. */
	if (watch->paths.count == 0 ||
	    strcmp(watch->paths.items[watch->paths.count - 1], path) != 0)
		string_list_add(&watch->paths, path);
}

static void add_folder(struct tree_watch *watch, const char *path)
{
	int id = inotify_add_watch(watch->fd, path, WATCHED);

	if (id < 0) {
		watch->is_full = watch->is_full || errno == ENOSPC || errno == ENOMEM;
		return;
	}
	while ((size_t)id >= watch->folder_room)
		(void)ARRAY_APPEND(watch->folders, watch->folder_room);
	struct folder_watch *folder = &watch->folders[id];
	watch->folder_count += folder->path == NULL;
	free(folder->path);
	folder->path = xstrdup(path);
}

static void drop_folder(struct tree_watch *watch, size_t id)
{
	if (id >= watch->folder_room || watch->folders[id].path == NULL)
		return;
	free(TAKE_PTR(watch->folders[id].path));
	watch->folder_count--;
}

/* A folder that was moved keeps its watch, under a name that is no longer true. */
static void drop_tree(struct tree_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->folder_room; i++) {
		const char *folder = watch->folders[i].path;
		if (folder == NULL || path_below(path, folder) == NULL)
			continue;
		(void)inotify_rm_watch(watch->fd, (int)i);
		drop_folder(watch, i);
	}
}

static bool is_wanted(const struct tree_watch *watch, const char *folder)
{
	return leads_to_root(watch, folder) ||
	       (is_in_roots(watch, folder) &&
		(watch->skip == NULL || !watch->skip(folder, watch->arg)));
}

/* Each thing below the folder, itself included. */
typedef void visit_fn(struct tree_watch *watch, const char *path, bool is_folder);

static void walk(struct tree_watch *watch, const char *path, unsigned depth, visit_fn *visit)
{
	struct stat status;
	const struct dirent *entry;

	if (lstat(path, &status) < 0 || (S_ISDIR(status.st_mode) && !is_wanted(watch, path)))
		return;
	visit(watch, path, S_ISDIR(status.st_mode));
	if (!S_ISDIR(status.st_mode) || depth > MAX_DEPTH)
		return;
	/* Between the test and this it may have become a link. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = fd >= 0 ? fdopendir(dup(fd)) : NULL;
	while (listing != NULL && (entry = readdir(listing)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		AUTO_FREE char *inner = path_join(path, entry->d_name);
		if (is_in_roots(watch, inner) || leads_to_root(watch, inner))
			walk(watch, inner, depth + 1, visit);
	}
	if (listing != NULL)
		(void)closedir(listing);
}

/* Watched first and listed then: what comes between is said twice and not lost. */
static void visit_new(struct tree_watch *watch, const char *path, bool is_folder)
{
	if (is_folder)
		add_folder(watch, path);
	note(watch, path);
}

static void visit_first(struct tree_watch *watch, const char *path, bool is_folder)
{
	if (is_folder)
		add_folder(watch, path);
}

static void visit_list(struct tree_watch *watch, const char *path, bool is_folder)
{
	(void)is_folder;
	if (is_in_roots(watch, path))
		string_list_add(&watch->paths, path);
}

/* The folders that lead to a root, from the nearest one that is there. */
static void watch_way(struct tree_watch *watch, const char *root)
{
	AUTO_FREE char *path = xstrdup(root);
	struct stat status;

	for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
		*slash = '\0';
		const char *folder = path[0] != '\0' ? path : "/";
		if (lstat(folder, &status) == 0 && S_ISDIR(status.st_mode)) {
			add_folder(watch, folder);
			return;
		}
		if (path[0] == '\0')
			return;
	}
}

static bool full(const struct tree_watch *watch, struct error *err)
{
	error_set(err, ERROR_FULL,
		  "the kernel grants no more than %zu watches of folders (fs.inotify."
		  "max_user_watches)",
		  watch->folder_count);
	return error_hint(err, "sudo sysctl fs.inotify.max_user_watches=524288, or `ignore` what "
			       "need not be watched");
}

static struct tree_watch *open_watch(struct error *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 && errno == EMFILE) {
		error_set(err, ERROR_FULL, "too many programs of yours watch files already");
		error_hint(err, "sudo sysctl fs.inotify.max_user_instances=512");
		return NULL;
	}
	if (fd < 0) {
		(void)error_set_errno(err, errno, "inotify");
		return NULL;
	}
	struct tree_watch *watch = xcalloc(1, sizeof(*watch));
	watch->fd = fd;
	return watch;
}

struct tree_watch *tree_watch_new(const struct string_list *roots, tree_watch_skip_fn *skip,
				  void *arg, struct error *err)
{
	AUTO_PTR(tree_watch) struct tree_watch *watch = open_watch(err);

	if (watch == NULL)
		return NULL;
	string_list_copy(&watch->roots, roots);
	watch->skip = skip;
	watch->arg = arg;
	for (size_t i = 0; i < roots->count; i++) {
		watch_way(watch, roots->items[i]);
		walk(watch, roots->items[i], 0, visit_first);
	}
	if (!watch->is_full)
		return TAKE_PTR(watch);
	(void)full(watch, err);
	return NULL;
}

void tree_watch_free(struct tree_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->folder_room; i++)
		free(watch->folders[i].path);
	free(watch->folders);
	(void)close(watch->fd);
	string_list_clear(&watch->roots);
	string_list_clear(&watch->paths);
	free(watch);
}

/* A root's own folder went: it may come again. */
static void wait_again(struct tree_watch *watch)
{
	struct stat status;

	for (size_t i = 0; i < watch->roots.count; i++) {
		if (lstat(watch->roots.items[i], &status) < 0)
			watch_way(watch, watch->roots.items[i]);
	}
}

static void take_event(struct tree_watch *watch, const struct inotify_event *event)
{
	size_t id = event->wd >= 0 ? (size_t)event->wd : watch->folder_room;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		watch->has_lost = true;
		note(watch, "/");
		return;
	}
	if (id >= watch->folder_room || watch->folders[id].path == NULL)
		return;
	if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
		if ((event->mask & IN_MOVE_SELF) != 0)
			(void)inotify_rm_watch(watch->fd, event->wd);
		drop_folder(watch, id);
		wait_again(watch);
		return;
	}
	if (event->len == 0)
		return;
	AUTO_FREE char *path = path_join(watch->folders[id].path, event->name);
	if (!is_in_roots(watch, path) && !leads_to_root(watch, path))
		return;
	if ((event->mask & WENT) != 0 && (event->mask & IN_ISDIR) != 0)
		drop_tree(watch, path);
	/* A folder may have had much in it before we came to watch it. */
	if ((event->mask & CAME) != 0)
		walk(watch, path, 0, visit_new);
	else if ((event->mask & IN_ISDIR) == 0 || (event->mask & (WENT | IN_ATTRIB)) != 0)
		note(watch, path);
	if ((event->mask & WENT) != 0)
		wait_again(watch);
}

static void read_events(struct tree_watch *watch)
{
	_Alignas(struct inotify_event) char bytes[EVENT_BYTES];
	ssize_t got;

	while ((got = read(watch->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event = (const void *)(bytes + at);
			take_event(watch, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

/* Anew, and all of it. */
static void recover(struct tree_watch *watch)
{
	string_list_clear(&watch->paths);
	watch->has_lost = false;
	for (size_t i = 0; i < watch->roots.count; i++) {
		watch_way(watch, watch->roots.items[i]);
		walk(watch, watch->roots.items[i], 0, visit_first);
		walk(watch, watch->roots.items[i], 0, visit_list);
	}
}

static void move_unique(struct string_list *from, struct string_list *to)
{
	string_list_sort(from);
	for (size_t i = 0; i < from->count; i++) {
		if (i + 1 == from->count || strcmp(from->items[i], from->items[i + 1]) != 0)
			string_list_add(to, from->items[i]);
	}
	string_list_clear(from);
}

bool tree_watch_take(struct tree_watch *watch, struct string_list *ret, bool *ret_has_lost,
		     struct error *err)
{
	*ret_has_lost = false;
	read_events(watch);
	if (watch->is_full) {
		watch->is_full = false;
		return full(watch, err);
	}
	uint64_t now_ms = clock_monotonic_ms();
	if (watch->first_ms == 0 || (now_ms - watch->last_ms < TREE_WATCH_QUIET_MS &&
				     now_ms - watch->first_ms < TREE_WATCH_LATE_MS))
		return false;
	watch->first_ms = 0;
	if (watch->has_lost) {
		*ret_has_lost = true;
		recover(watch);
	}
	if (watch->paths.count == 0)
		return false;
	move_unique(&watch->paths, ret);
	return true;
}

void tree_watch_list(const struct tree_watch *watch, struct string_list *ret)
{
	struct tree_watch copy = *watch;

	copy.paths = (struct string_list){0};
	for (size_t i = 0; i < copy.roots.count; i++)
		walk(&copy, copy.roots.items[i], 0, visit_list);
	move_unique(&copy.paths, ret);
}
