/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kubelet/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"

#define KEPT 64 /* ends that nobody had asked for yet */

struct watched {
	pid_t pid;
	int status;
	bool has_ended;
	reaper_fn *fn;
	void *arg;
};

struct ended {
	pid_t pid;
	int status;
	uint64_t at_ms;
};

struct reaper {
	struct loop *loop;
	struct watched *watched;
	size_t watched_count;
	struct ended ended[KEPT]; /* a ring */
	size_t ended_next;
	struct loop_idle *soon;
};

static struct watched *find(struct reaper *reaper, pid_t pid)
{
	for (size_t i = 0; i < reaper->watched_count; i++) {
		if (reaper->watched[i].pid == pid)
			return &reaper->watched[i];
	}
	return NULL;
}

void reaper_forget(struct reaper *reaper, pid_t pid)
{
	struct watched *watched = find(reaper, pid);
	if (watched != NULL)
		*watched = reaper->watched[--reaper->watched_count];
}

static void tell(struct reaper *reaper)
{
	for (size_t i = 0; i < reaper->watched_count;) {
		struct watched watched = reaper->watched[i];
		if (!watched.has_ended) {
			i++;
			continue;
		}
		reaper_forget(reaper, watched.pid);
		watched.fn(watched.pid, watched.status, watched.arg);
		i = 0; /* fn may have changed the list */
	}
}

static void on_soon(void *arg)
{
	struct reaper *reaper = arg;
	reaper->soon = NULL;
	tell(reaper);
}

static void on_sigchld(struct loop_signal *source, int signo, void *arg)
{
	(void)source;
	(void)signo;
	struct reaper *reaper = arg;
	int status = 0;
	for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0;
	     pid = waitpid(-1, &status, WNOHANG)) {
		struct watched *watched = find(reaper, pid);
		if (watched != NULL) {
			watched->has_ended = true;
			watched->status = status;
			continue;
		}
		reaper->ended[reaper->ended_next] =
			(struct ended){pid, status, clock_monotonic_ms()};
		reaper->ended_next = (reaper->ended_next + 1) % KEPT;
	}
	tell(reaper);
}

struct reaper *reaper_new(struct loop *loop)
{
	struct reaper *reaper = xcalloc(1, sizeof(*reaper));
	reaper->loop = loop;
	(void)loop_add_signal(loop, SIGCHLD, on_sigchld, reaper);
	return reaper;
}

void reaper_watch(struct reaper *reaper, pid_t pid, uint64_t since_ms, reaper_fn *fn, void *arg)
{
	struct watched *watched = ARRAY_APPEND(reaper->watched, reaper->watched_count);
	*watched = (struct watched){.pid = pid, .fn = fn, .arg = arg};
	for (size_t i = 0; i < KEPT; i++) {
		if (reaper->ended[i].pid != pid || reaper->ended[i].at_ms < since_ms)
			continue;
		watched->has_ended = true;
		watched->status = reaper->ended[i].status;
		reaper->ended[i].pid = 0;
		if (reaper->soon == NULL)
			reaper->soon = loop_add_idle(reaper->loop, on_soon, reaper);
	}
}

pid_t spawn(const char *const *argv, const char *const *environment, const int fds[3],
	    struct error *err)
{
	static const char *const plain[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			(void)posix_spawn_file_actions_adddup2(&actions, fds[i], i);
		else
			(void)posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	}
	sigset_t none;
	sigset_t all;
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETSID);
	union {
		const char *const *from;
		char *const *to;
	} args = {.from = argv}, envs = {.from = environment != NULL ? environment : plain};
	pid_t pid = -1;
	int failed = posix_spawn(&pid, argv[0], &actions, &attributes, args.to, envs.to);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (failed != 0) {
		(void)error_set_errno(err, failed, "starting %s", argv[0]);
		return -1;
	}
	return pid;
}

bool wait_for_end(pid_t pid, const char *name, struct error *err)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set_errno(err, errno, "waiting for %s", name);
	}
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM, "%s was ended by signal %d", name,
				 WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ||
	       error_set(err, ERROR_SYSTEM, "%s ended with status %d", name, WEXITSTATUS(status));
}

bool spawn_and_wait(const char *const *argv, const int *fds, struct error *err)
{
	static const int none[3] = {-1, -1, -1};
	pid_t pid = spawn(argv, NULL, fds != NULL ? fds : none, err);
	return pid >= 0 && wait_for_end(pid, argv[0], err);
}

bool pid_file_read(const char *path, pid_t *ret)
{
	enum { MAX_BYTES = 32 };
	AUTO_FREE char *text = NULL;
	uint64_t pid = 0;
	if (!file_read(path, MAX_BYTES, &text, NULL, NULL))
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (!parse_u64(text, 2, INT32_MAX, &pid)) /* 1 is init, who started it */
		return false;
	*ret = (pid_t)pid;
	return true;
}
