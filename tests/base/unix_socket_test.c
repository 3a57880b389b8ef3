/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unix_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "test.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};

/* Listens as another user would: who listened is asked of the kernel, not of the file. */
static int listen_as(uid_t uid)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)unlink(address.sun_path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
			 0);
	assert_int_equal(seteuid(uid), 0);
	int status = listen(fd, 8);
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(status, 0);
	return fd;
}

static void our_own_listener_is_connected_to(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	AUTO_CLOSE int listener = listen_as(geteuid());
	(void)listener;
	AUTO_CLOSE int fd = unix_socket_connect(address.sun_path, 0, LISTENER_OURS, &err);
	assert_true(fd >= 0);
}

static void another_users_listener_gets_nothing(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	if (geteuid() != 0) {
		skip();
		return;
	}
	AUTO_CLOSE int listener = listen_as(65534);
	(void)listener;
	assert_int_equal(unix_socket_connect(address.sun_path, 0, LISTENER_OURS, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.message, "65534"));
	error_clear(&err);
	assert_int_equal(unix_socket_connect(address.sun_path, 0, LISTENER_OF_VM, &err), -1);
	error_clear(&err);
	/* Only of those who were given the file. */
	assert_int_equal(chown(address.sun_path, 65534, 65534), 0);
	AUTO_CLOSE int given = unix_socket_connect(address.sun_path, 0, LISTENER_OF_VM, &err);
	assert_true(given >= 0);
	AUTO_CLOSE int fd = unix_socket_connect(address.sun_path, 0, LISTENER_ANY, &err);
	assert_true(fd >= 0);
}

static void nobody_there_is_told_apart(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	(void)unlink(address.sun_path);
	assert_int_equal(unix_socket_connect(address.sun_path, 0, LISTENER_OURS, &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_listener_is_connected_to),
		cmocka_unit_test(another_users_listener_gets_nothing),
		cmocka_unit_test(nobody_there_is_told_apart),
	};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/i2kit-socket-test.%d",
		       (int)getpid());
	int status = cmocka_run_group_tests_name("unix_socket", tests, NULL, NULL);
	(void)unlink(address.sun_path);
	return status;
}
