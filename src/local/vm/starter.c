/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/starter.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/message_socket.h"
#include "base/process.h"

/* Of the process, as its fence is. */
static int door = -1;

bool starter_is_there(void)
{
	return door >= 0;
}

bool starter_launch(const struct string_list *folders, struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	int ends[2];
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(err, errno, "a socket pair");
	AUTO_CLOSE int ours = ends[0];
	AUTO_CLOSE int theirs = ends[1];
	string_list_add(&argv, "/proc/self/exe");
	string_list_add(&argv, "starter");
	string_list_copy(&argv, folders);
	struct process_options options = PROCESS_OPTIONS((const char *const *)argv.items);
	options.pass_fds = &theirs;
	options.pass_count = 1;
	options.stderr_fd = STDERR_FILENO;
	options.folder = "/";
	if (!process_start(&options, &pid, err))
		return error_prefix(err, "the starter");
	door = take_fd(&ours);
	return true;
}

/* Each request has a connection of its own, so that none waits for another. */
int starter_open(const struct starter_request *request, const int *fds, size_t fd_count,
		 struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		(void)error_set_errno(err, errno, "a socket pair");
		return -1;
	}
	AUTO_CLOSE int ours = ends[0];
	AUTO_CLOSE int theirs = ends[1];
	starter_request_write(request, &text);
	bool is_sent = message_send_fd(door, theirs, err);
	auto_close(&theirs);
	theirs = -1;
	is_sent = is_sent && message_send(ours, &text, err);
	for (size_t i = 0; is_sent && i < fd_count; i++)
		is_sent = message_send_fd(ours, fds[i], err);
	if (is_sent)
		return take_fd(&ours);
	(void)error_prefix(err, "the starter");
	return -1;
}

bool starter_answer(int connection, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	if (!message_receive(connection, STARTER_MESSAGE_MAX, &bytes, &size, err))
		return error_prefix(err, "the starter");
	return starter_answer_read(bytes, size, err);
}

bool starter_ask(const struct starter_request *request, struct error *err)
{
	AUTO_CLOSE int connection = starter_open(request, NULL, 0, err);

	return connection >= 0 && starter_answer(connection, err);
}
