/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/pause.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/machine/machine.h"

#define FOLDER "/run/i2kit/pause"
#define NOBODY 65535 /* as the user of Kubernetes' own pause image */

struct pause {
	struct reaper *reaper;
	pid_t pid; /* 0: none */
};

struct pause *pause_new(struct reaper *reaper)
{
	struct pause *pause = xcalloc(1, sizeof(*pause));
	pause->reaper = reaper;
	return pause;
}

static void on_end(pid_t pid, int status, void *arg)
{
	struct pause *pause = arg;
	(void)pid;
	say("a process 1 of ours has ended (%d), and with it the containers it had", status);
	pause->pid = 0;
}

/* An empty root that leads nowhere: /proc/1/root/.. is itself. */
static bool leave_root(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", FOLDER, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     "mode=0555,size=4k") == 0 &&
	       chdir(FOLDER) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
	       umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

static bool leave_rights(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setgroups(0, NULL) == 0 &&
	       setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

/* In the child, process 1 of its namespace: system calls alone. Says errno on the pipe. */
static _Noreturn void become_pause(int program, int nothing, int problems)
{
	char name[] = PAUSE_NAME;
	char *argv[] = {name, NULL};
	char *environment[] = {NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < 3; i++)
		(void)dup2(nothing, i);
	if (setsid() >= 0 && leave_root() && leave_rights())
		(void)syscall(SYS_execveat, program, "", argv, environment, AT_EMPTY_PATH);
	int failed = errno;
	(void)!write(problems, &failed, sizeof(failed));
	_exit(1);
}

static bool start(struct pause *pause, struct error *err)
{
	int pipe_ends[2] = {-1, -1};
	AUTO_CLOSE int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!path_make_folders(FOLDER, 0755, err))
		return false;
	if (program < 0 || nothing < 0 || pipe2(pipe_ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "process 1 of containers");
	AUTO_CLOSE int problems = pipe_ends[0];
	AUTO_CLOSE int writer = pipe_ends[1];
	long pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid < 0)
		return error_set_errno(err, errno, "process 1 of containers");
	if (pid == 0)
		become_pause(program, nothing, writer);
	auto_close(&writer);
	writer = -1;
	int failed = 0;
	if (read(problems, &failed, sizeof(failed)) > 0)
		return error_set_errno(err, failed, "process 1 of containers");
	pause->pid = (pid_t)pid;
	reaper_watch(pause->reaper, pause->pid, REAPER_CHILD, on_end, pause);
	/* All containers would end with it: others go first. */
	AUTO_FREE char *score = xasprintf("/proc/%ld/oom_score_adj", pid);
	return machine_write(score, "-998", err);
}

char *pause_namespace(struct pause *pause, struct error *err)
{
	if (pause->pid <= 0 && !start(pause, err))
		return NULL;
	return xasprintf("/proc/%d/ns/pid", (int)pause->pid);
}

_Noreturn void pause_run(void)
{
	(void)prctl(PR_SET_NAME, PAUSE_NAME, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Children that nobody waits for go by themselves. */
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;)
		(void)pause();
}
