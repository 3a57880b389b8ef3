/* SPDX-License-Identifier: Apache-2.0 */
#include "local/agent/folder_push.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "base/string_list.h"
#include "local/agent/agent.h"

#define SETTLE_MS	50  /* an editor writes in several steps */
#define RETRY_MS	200 /* the channel is full */
#define MAX_WATCHES	8192
#define MAX_PENDING	65536 /* beyond it everything is pushed anew */
#define MAX_DEPTH	64
#define MAX_FILE_BYTES	((size_t)15 << 20)
#define MAX_ALL_BYTES	((uint64_t)64 << 20) /* of the first push */
#define NEW		'+' /* made since the last push: gone again, it never was */
#define OLD		'='
#define PUSHES_PER_TURN 64
#define WATCHED                                                                                    \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB |        \
	 IN_ONLYDIR | IN_EXCL_UNLINK)
/*
 * What the guest does to wake its own watchers is a change of attributes, which must not come back.
 */
#define WATCHED_SHARED (WATCHED & ~(unsigned)IN_ATTRIB)
#define RESTRUCTURED   (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)

struct watch {
	int id;
	char *below; /* the folder, below the root; "" is the root */
};

struct folder_push {
	struct loop *loop;
	char *volume;
	char *root;
	bool is_shared; /* the guest sees the folder itself: only told what changed */
	char *only;	/* the volume is this one file of root; or NULL */
	int inotify_fd;
	struct loop_fd *source;
	struct loop_timer *timer;
	struct agent *agent; /* while it is up */
	struct watch *watches;
	size_t watch_count;
	struct string_list pending; /* NEW or OLD and a path below root, in order, each once */
	size_t next;		    /* of pending: those before were pushed */
	uint64_t all_bytes;	    /* since everything was pushed last */
	void (*idle)(void *arg);    /* or NULL */
	void *idle_arg;
	struct folder_push_counters counters;
};

static void forget_watches(struct folder_push *push)
{
	for (size_t i = 0; i < push->watch_count; i++) {
		(void)inotify_rm_watch(push->inotify_fd, push->watches[i].id);
		free(push->watches[i].below);
	}
	free(push->watches);
	push->watches = NULL;
	push->watch_count = 0;
}

void folder_push_free(struct folder_push *push)
{
	if (push == NULL)
		return;
	forget_watches(push);
	loop_fd_remove(push->source);
	loop_timer_remove(push->timer);
	(void)close(push->inotify_fd);
	string_list_clear(&push->pending);
	free(push->only);
	free(push->root);
	free(push->volume);
	free(push);
}

/* Whatever it is now: a path that was noted twice is looked at once. */
static void note_path(struct folder_push *push, char age, const char *below)
{
	for (size_t i = push->pending.count; i > push->next && push->pending.count - i < 256; i--) {
		if (strcmp(push->pending.items[i - 1] + 1, below) == 0)
			return;
	}
	string_list_addf(&push->pending, "%c%s", age, below);
}

static char *join_below(const char *folder, const char *name)
{
	return folder[0] == '\0' ? xstrdup(name) : path_join(folder, name);
}

static void add_watch(struct folder_push *push, const char *below, const char *path)
{
	struct watch *watch;
	int id;

	if (push->watch_count >= MAX_WATCHES) {
		push->counters.unwatched++;
		return;
	}
	id = inotify_add_watch(push->inotify_fd, path, push->is_shared ? WATCHED_SHARED : WATCHED);
	if (id < 0)
		return;
	for (size_t i = 0; i < push->watch_count; i++) {
		if (push->watches[i].id == id) {
			free(push->watches[i].below);
			push->watches[i].below = xstrdup(below);
			return;
		}
	}
	watch = ARRAY_APPEND(push->watches, push->watch_count);
	watch->id = id;
	watch->below = xstrdup(below);
}

/* Folders in which nobody waits for a change, and which would take most of the watches. */
static bool is_left_alone(const struct folder_push *push, const char *name)
{
	return push->is_shared && (strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0 ||
				   push->watch_count >= MAX_WATCHES);
}

/* Watches a folder, and notes all that is in it where the guest does not see it itself. */
static void scan(struct folder_push *push, const char *below, int depth)
{
	AUTO_FREE char *path = join_below(push->root, below);
	const struct dirent *entry;
	DIR *dir;

	add_watch(push, below, path);
	dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		AUTO_FREE char *inner = join_below(below, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (push->only != NULL && strcmp(inner, push->only) != 0)
			continue;
		if (entry->d_type == DT_DIR && !is_left_alone(push, entry->d_name))
			scan(push, inner, depth + 1);
		else if (entry->d_type != DT_DIR && !push->is_shared)
			note_path(push, NEW, inner);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static void push_all(struct folder_push *push)
{
	string_list_clear(&push->pending);
	push->next = 0;
	push->all_bytes = 0;
	forget_watches(push);
	scan(push, "", 0);
	loop_timer_set(push->timer, 0);
}

/* A link may lead out of the folder, where nobody allowed to look. */
static bool is_below_root(const struct folder_push *push, const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *root = realpath(push->root, NULL);
	size_t size;

	if (real == NULL || root == NULL)
		return false;
	size = strlen(root);
	return strncmp(real, root, size) == 0 && real[size] == '/';
}

/* False when the channel is full: again later. */
static bool send_file(struct folder_push *push, const struct agent_file *file)
{
	struct error err = ERROR_INIT;
	bool is_sent = agent_push_file(push->agent, file, &err);
	bool is_full = err.kind == ERROR_FULL || err.kind == ERROR_NETWORK;

	if (!is_sent)
		log_verbose("volume %s: %s", push->volume, err.message);
	error_clear(&err);
	if (is_sent && file->bytes != NULL)
		push->counters.pushed++;
	else if (is_sent)
		push->counters.deleted++;
	else if (!is_full)
		push->counters.skipped++;
	return is_sent || !is_full;
}

/* What is gone shows in its folder, which is noted as well. */
static bool touch_path(struct folder_push *push, const char *below)
{
	AUTO_FREE char *path = join_below(push->root, below);
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct stat status;

	if (lstat(path, &status) < 0)
		return true;
	if (S_ISDIR(status.st_mode) && !is_left_alone(push, strrchr(path, '/') + 1))
		scan(push, below, 0);
	if (agent_touch_file(push->agent, push->volume, below[0] != '\0' ? below : ".", &err)) {
		push->counters.pushed++;
		return true;
	}
	return err.kind != ERROR_FULL && err.kind != ERROR_NETWORK;
}

static bool push_path(struct folder_push *push, char age, const char *below)
{
	if (push->is_shared)
		return touch_path(push, below);

	AUTO_FREE char *path = join_below(push->root, below);
	AUTO_FREE char *bytes = NULL;
	struct agent_file file = {.volume = push->volume, .path = below};
	struct stat status;

	if (lstat(path, &status) < 0)
		return age == NEW || (errno != ENOENT && errno != ENOTDIR) ||
		       send_file(push, &file);
	if (S_ISDIR(status.st_mode)) {
		scan(push, below, 0);
		return true;
	}
	if (S_ISLNK(status.st_mode) && (!is_below_root(push, path) || stat(path, &status) < 0))
		status.st_mode = 0;
	if (!S_ISREG(status.st_mode) ||
	    (age == NEW && push->all_bytes + (uint64_t)status.st_size > MAX_ALL_BYTES) ||
	    !file_read(path, MAX_FILE_BYTES, &bytes, &file.size, NULL)) {
		push->counters.skipped++;
		return true;
	}
	file.mode = status.st_mode & 0777U;
	file.bytes = bytes;
	if (!send_file(push, &file))
		return false;
	push->all_bytes += file.size;
	return true;
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct folder_push *push = arg;

	for (int i = 0; i < PUSHES_PER_TURN && push->next < push->pending.count; i++) {
		if (push->agent == NULL)
			return;
		/* A path may add more behind it (a new folder): the list can move. */
		AUTO_FREE char *below = xstrdup(push->pending.items[push->next]);
		if (!push_path(push, below[0], below + 1)) {
			loop_timer_set(timer, RETRY_MS);
			return;
		}
		push->next++;
	}
	if (push->next < push->pending.count) {
		loop_timer_set(timer, 1);
		return;
	}
	string_list_clear(&push->pending);
	push->next = 0;
	if (push->idle != NULL)
		push->idle(push->idle_arg);
}

/*
 * The kernel calls a file that has no name (O_TMPFILE) "#" and its number. Nobody can see it until
 * it gets one, and that is an event of its own.
 */
static bool is_nameless(const struct inotify_event *event)
{
	return (event->mask & (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) == 0 &&
	       event->name[0] == '#' && event->name[1] != '\0' &&
	       event->name[1 + strspn(event->name + 1, "0123456789")] == '\0';
}

static void take_event(struct folder_push *push, const struct inotify_event *event)
{
	AUTO_FREE char *below = NULL;
	size_t i = 0;

	while (i < push->watch_count && push->watches[i].id != event->wd)
		i++;
	if (i == push->watch_count)
		return;
	if ((event->mask & IN_IGNORED) != 0) {
		free(push->watches[i].below);
		push->watches[i] = push->watches[--push->watch_count];
		return;
	}
	if (event->len == 0 || is_nameless(event))
		return;
	below = join_below(push->watches[i].below, event->name);
	if (push->is_shared && (event->mask & RESTRUCTURED) != 0)
		note_path(push, OLD, push->watches[i].below);
	if (push->only == NULL || strcmp(below, push->only) == 0)
		note_path(push, (event->mask & IN_CREATE) != 0 ? NEW : OLD, below);
}

static void on_inotify(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	_Alignas(struct inotify_event) char bytes[16384];
	struct folder_push *push = arg;
	bool has_overflow = false;
	ssize_t got = read(fd, bytes, sizeof(bytes));
	(void)source;
	(void)events;

	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *event = (const void *)(bytes + at);
		has_overflow = has_overflow || (event->mask & IN_Q_OVERFLOW) != 0;
		take_event(push, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	/* While no agent is up nothing is kept: it gets everything when it comes. */
	if (push->agent == NULL) {
		string_list_clear(&push->pending);
		push->next = 0;
	} else if (has_overflow || push->pending.count > MAX_PENDING) {
		push_all(push);
	} else if (push->pending.count > push->next) {
		loop_timer_set(push->timer, SETTLE_MS);
	}
}

/* One file is watched through its folder: editors replace files. */
static void split_file(struct folder_push *push)
{
	struct stat status;
	char *slash = strrchr(push->root, '/');

	if (stat(push->root, &status) < 0 || !S_ISREG(status.st_mode) || slash == NULL)
		return;
	push->only = xstrdup(slash + 1);
	*slash = '\0';
}

struct folder_push *folder_push_new(struct loop *loop, const char *volume, const char *path,
				    struct error *err)
{
	struct folder_push *push;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0) {
		(void)error_set_errno(err, errno, "cannot watch %s", path);
		return NULL;
	}
	push = xcalloc(1, sizeof(*push));
	push->loop = loop;
	push->volume = xstrdup(volume);
	push->root = xstrdup(path);
	push->inotify_fd = fd;
	split_file(push);
	push->source = loop_add_fd(loop, fd, LOOP_READ, on_inotify, push);
	push->timer = loop_add_timer(loop, 0, on_timer, push);
	return push;
}

void folder_push_set_shared(struct folder_push *push)
{
	push->is_shared = true;
}

void folder_push_on_idle(struct folder_push *push, void (*idle)(void *arg), void *arg)
{
	push->idle = idle;
	push->idle_arg = arg;
}

const char *folder_push_path(const struct folder_push *push)
{
	return push->root;
}

void folder_push_start(struct folder_push *push, struct agent *agent)
{
	push->agent = agent;
	push_all(push);
	/* What fits goes before the next message to the guest: a pod finds its files when it
	 * starts. */
	on_timer(push->timer, push);
}

void folder_push_stop(struct folder_push *push)
{
	push->agent = NULL;
	string_list_clear(&push->pending);
	push->next = 0;
	loop_timer_cancel(push->timer);
}

void folder_push_get_counters(const struct folder_push *push, struct folder_push_counters *ret)
{
	*ret = push->counters;
	ret->is_idle = push->next >= push->pending.count;
}
