/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/share.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/unix_socket.h"

#include "test.h"

enum { REFUSED = 3, IMPOSSIBLE = 4, LOOKS = 500, LOOK_MS = 10 };

static char top[] = "/tmp/i2kit-share.XXXXXX";
static char *folder;
static char *socket_path;

static int start(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	folder = path_join(top, "folder");
	socket_path = path_join(top, "s.fs");
	return mkdir(folder, 0700);
}

static int stop(void **state)
{
	(void)state;
	free(folder);
	free(socket_path);
	return path_remove_tree(top, NULL) ? 0 : -1;
}

/* Namespaces and fences are for good: in a process of its own. */
static pid_t serve(const char *path)
{
	const struct share_options options = {.folder = path, .socket = socket_path};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)!freopen("/dev/null", "w", stderr);
	if (!share_serve(&options, &err) && err.message != NULL &&
	    strstr(err.message, "reached by a link") != NULL)
		_exit(REFUSED);
	_exit(IMPOSSIBLE);
}

static int end_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool can_serve(void)
{
	AUTO_FREE char *program = share_find_program();

	return program != NULL;
}

static void a_share_is_there_and_ends_with_its_one_connection(void **state)
{
	(void)state;
	if (!can_serve()) {
		skip();
		return;
	}
	pid_t pid = serve(folder);
	int status = 0;
	for (int i = 0; i < LOOKS && !path_exists(socket_path); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			/* A container without user namespaces, for one. */
			assert_int_equal(WEXITSTATUS(status), IMPOSSIBLE);
			skip();
			return;
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
	assert_true(path_exists(socket_path));
	share_drop(socket_path);
	assert_false(path_exists(socket_path));
	(void)end_of(pid);
}

static void a_path_that_became_a_link_is_refused(void **state)
{
	AUTO_FREE char *link = path_join(top, "link");
	(void)state;
	if (!can_serve()) {
		skip();
		return;
	}
	assert_int_equal(symlink("/etc", link), 0);
	int code = end_of(serve(link));
	if (code == IMPOSSIBLE)
		skip();
	assert_int_equal(code, REFUSED);
	assert_false(path_exists(socket_path));
	AUTO_FREE char *below = path_join(link, "ssl");
	assert_int_equal(end_of(serve(below)), REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_there_and_ends_with_its_one_connection),
		cmocka_unit_test(a_path_that_became_a_link_is_refused),
	};
	return cmocka_run_group_tests_name("share", tests, start, stop);
}
