/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/disk_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* What tells a file from another one, and from itself before somebody wrote to it. */
struct mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct disk_check {
	struct disk_checks *checks;
	char *path;
	struct digest wanted;
	struct mark mark;
	enum disk_state state;
	char *problem; /* owned; DISK_BAD */
};

struct disk_checks {
	struct worker *worker;
	void (*changed)(void *arg);
	void *arg;
	struct disk_check **items;
	size_t count;
};

struct disk_checks *disk_checks_new(struct worker *worker, void (*changed)(void *arg), void *arg)
{
	struct disk_checks *checks = xcalloc(1, sizeof(*checks));

	*checks = (struct disk_checks){.worker = worker, .changed = changed, .arg = arg};
	return checks;
}

void disk_checks_free(struct disk_checks *checks)
{
	if (checks == NULL)
		return;
	for (size_t i = 0; i < checks->count; i++) {
		free(checks->items[i]->path);
		free(checks->items[i]->problem);
		free(checks->items[i]);
	}
	free(checks->items);
	free(checks);
}

static bool read_mark(const char *path, struct mark *ret, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set_errno(err, errno, "%s", path);
	*ret = (struct mark){st.st_dev, st.st_ino, st.st_size, st.st_ctim};
	return true;
}

static bool is_same(const struct mark *a, const struct mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* On a thread: path and wanted do not change while it runs. */
static bool run_check(void *arg, struct error *err)
{
	const struct disk_check *check = arg;
	struct digest digest;
	AUTO_CLOSE int fd = open(check->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, errno, "%s", check->path);
	if (!sha256_fd(fd, &digest, err))
		return error_prefix(err, "%s", check->path);
	if (digest_equal(&digest, &check->wanted))
		return true;
	return error_set(err, ERROR_CORRUPT,
			 "the disk that was booted, %s, is %.19s: not what its "
			 "name says; i2kit images --verify --repair",
			 check->path, DIGEST_TEXT(&digest));
}

static void on_checked(void *arg, struct error *err_or_null)
{
	struct disk_check *check = arg;

	check->state = err_or_null == NULL ? DISK_GOOD : DISK_BAD;
	if (err_or_null != NULL)
		check->problem = xstrdup(err_or_null->message);
	check->checks->changed(check->checks->arg);
}

static struct disk_check *find(const struct disk_checks *checks, const char *path,
			       const struct digest *wanted, const struct mark *mark)
{
	for (size_t i = 0; i < checks->count; i++) {
		struct disk_check *check = checks->items[i];
		if (strcmp(check->path, path) == 0 && digest_equal(&check->wanted, wanted) &&
		    is_same(&check->mark, mark))
			return check;
	}
	return NULL;
}

enum disk_state disk_checks_ask(struct disk_checks *checks, const char *path,
				const struct digest *digest, struct error *err)
{
	struct mark mark;

	if (!read_mark(path, &mark, err))
		return DISK_BAD;
	struct disk_check *check = find(checks, path, digest, &mark);
	if (check == NULL) {
		check = xcalloc(1, sizeof(*check));
		check->checks = checks;
		check->path = xstrdup(path);
		check->wanted = *digest;
		check->mark = mark;
		*ARRAY_APPEND(checks->items, checks->count) = check;
		worker_submit(checks->worker, run_check, on_checked, check);
	}
	if (check->state == DISK_BAD)
		(void)error_set(err, ERROR_CORRUPT, "%s", check->problem);
	return check->state;
}
