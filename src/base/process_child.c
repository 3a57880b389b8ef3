/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process_child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { EXIT_ORPHAN = 127, FDS_MAX = 1024 };

/* Connections of ours are no business of the child's. */
static void close_sockets(int but)
{
	struct stat st;

	for (int fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++) {
		if (fd != but && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			(void)close(fd);
	}
}

bool process_child_start(process_child_fn *fn, void *arg, pid_t *ret_pid, int *ret_fd,
			 struct error *err)
{
	int ends[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(err, errno, "a socket pair");
	AUTO_CLOSE int ours = ends[0];
	AUTO_CLOSE int theirs = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_set_errno(err, errno, "a process");
	if (pid == 0) {
		(void)close(take_fd(&ours));
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(EXIT_ORPHAN);
		close_sockets(theirs);
		fn(theirs, arg);
		_exit(0);
	}
	*ret_pid = pid;
	*ret_fd = take_fd(&ours);
	return true;
}

int process_child_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return status;
}
