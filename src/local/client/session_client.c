/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/session_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/socket_send.h"
#include "base/unix_socket.h"
#include "wire/frame.h"
#include "wire/request.h"

#define ANSWER_MS	10000
#define MAX_ANSWER	65536
#define MAX_QUEUE_BYTES ((size_t)64 << 10)
#define MAX_CHUNK_BYTES ((size_t)32 << 10)
#define READ_BYTES	((size_t)64 << 10)

static int connect_control(const char *project, struct error *err)
{
	AUTO_FREE char *below = path_join(project, "control.sock");
	AUTO_FREE char *path = path_folder(PATH_RUNTIME, below);
	AUTO(error_clear) struct error problem = ERROR_INIT;
	int fd = unix_socket_connect(path, 0, LISTENER_OURS, &problem);

	if (fd >= 0)
		return fd;
	if (problem.kind != ERROR_NOT_FOUND) {
		(void)error_move(err, &problem);
		return -1;
	}
	(void)error_set(err, ERROR_NOT_FOUND, "project '%s' is not running", project);
	(void)error_hint(err, "i2kit up -d, or -p PROJECT for another project");
	return -1;
}

/* Byte by byte: what follows the line belongs to the session. */
static bool read_line(int fd, struct strbuf *line, struct error *err)
{
	uint64_t deadline = clock_monotonic_ms() + ANSWER_MS;
	char c = '\0';

	while (line->size < MAX_ANSWER) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_monotonic_ms();
		ssize_t got;
		if (now >= deadline || poll(&wait, 1, (int)(deadline - now)) == 0)
			return error_set(err, ERROR_TIMEOUT, "the supervisor does not answer");
		got = recv(fd, &c, 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(err, ERROR_NETWORK, "the supervisor hung up");
		if (c == '\n')
			return true;
		strbuf_append_char(line, c);
	}
	return error_set(err, ERROR_INVALID, "the supervisor's answer is too long");
}

static bool check_answer(const struct strbuf *line, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(strbuf_text(line), line->size, "the supervisor", 0, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view problem = json_view_get(root, "error");
	const char *message = json_view_peek(json_view_get(problem, "message"));
	const char *hint = json_view_peek(json_view_get(problem, "hint"));
	if (json_view_bool(json_view_get(root, "ok"), false))
		return true;
	(void)error_set(err, ERROR_INVALID, "%s",
			message != NULL ? message : "the supervisor refused");
	return hint != NULL ? error_hint(err, "%s", hint) : false;
}

int session_connect(const char *project, const char *request, struct error *err)
{
	AUTO_CLOSE int fd = connect_control(project, err);
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;

	if (fd < 0)
		return -1;
	strbuf_append(&line, request);
	strbuf_append_char(&line, '\n');
	if (!fd_write_all(fd, line.data, line.size, err))
		return -1;
	strbuf_reset(&line);
	if (!read_line(fd, &line, err) || !check_answer(&line, err))
		return -1;
	return take_fd(&fd);
}

struct exec_client {
	struct loop *loop;
	int fd;
	struct loop_fd *source;
	unsigned events;
	struct wire_decoder *decoder;
	struct strbuf out;
	struct strbuf held; /* output that the handler has not taken yet */
	bool is_held_stderr;
	bool is_done;
	struct exec_client_handler handler;
	void *arg;
};

static void ask(struct exec_client *client)
{
	unsigned events = client->held.size == 0 ? LOOP_READ : 0U;

	if (client->out.size > 0)
		events |= LOOP_WRITE;
	if (client->source != NULL && events != client->events) {
		client->events = events;
		loop_fd_set_events(client->source, events);
	}
}

static void finish(struct exec_client *client, int code, const char *problem)
{
	if (client->is_done)
		return;
	client->is_done = true;
	loop_fd_remove(client->source);
	client->source = NULL;
	client->handler.done(code, problem, client->arg);
}

static void flush(struct exec_client *client)
{
	/* A supervisor that has gone shows when it is read. */
	(void)!socket_send_queued(client->fd, &client->out);
	ask(client);
}

static void take_exit(struct exec_client *client, const struct wire_message *message)
{
	AUTO(exec_exit_clear) struct exec_exit exit = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (!exec_exit_read(message->bytes, message->size, &exit, &err))
		finish(client, 126, err.message);
	else if (exit.error != NULL)
		finish(client, 126, exit.error);
	else
		finish(client, exit.signal > 0 ? 128 + exit.signal : exit.code, NULL);
}

/* False when no more can be taken for now. */
static bool take_output(struct exec_client *client, const struct wire_message *message)
{
	bool is_stderr = message->type == WIRE_EXEC_STDERR;
	size_t taken =
		client->handler.output(is_stderr, message->bytes, message->size, client->arg);

	if (taken >= message->size)
		return true;
	client->is_held_stderr = is_stderr;
	strbuf_append_bytes(&client->held, message->bytes + taken, message->size - taken);
	return false;
}

static void take_messages(struct exec_client *client)
{
	struct wire_message message;
	enum wire_result result = WIRE_NEED_MORE;

	while (!client->is_done && client->held.size == 0 &&
	       (result = wire_decoder_next(client->decoder, &message, NULL)) == WIRE_MESSAGE) {
		if (message.type == WIRE_EXEC_STDOUT || message.type == WIRE_EXEC_STDERR) {
			if (!take_output(client, &message))
				return;
		} else if (message.type == WIRE_HELLO && client->handler.begun != NULL) {
			client->handler.begun(client->arg);
		} else if (message.type == WIRE_EXEC_EXIT) {
			take_exit(client, &message);
		}
	}
	if (result == WIRE_BROKEN)
		finish(client, 126, "the supervisor's answer makes no sense");
}

static void on_socket(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	static char bytes[READ_BYTES];
	struct exec_client *client = arg;
	bool was_full = exec_client_room(client) == 0;
	ssize_t got;
	(void)source;

	if ((events & (LOOP_READ | LOOP_HANGUP)) != 0 && client->held.size == 0) {
		got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
			finish(client, 126, "the connection to the pod was lost");
			return;
		}
		if (got > 0)
			wire_decoder_feed(client->decoder, bytes, (size_t)got);
		take_messages(client);
	}
	if (client->is_done)
		return;
	flush(client);
	if (was_full && exec_client_room(client) > 0 && client->handler.writable != NULL)
		client->handler.writable(client->arg);
}

struct exec_client *exec_client_new(struct loop *loop, int fd,
				    const struct exec_client_handler *handler, void *arg)
{
	static const uint8_t nonce[WIRE_NONCE_SIZE];
	struct exec_client *client = xcalloc(1, sizeof(*client));

	client->loop = loop;
	client->fd = fd;
	client->handler = *handler;
	client->arg = arg;
	client->decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	client->events = LOOP_READ;
	client->source = loop_add_fd(loop, fd, client->events, on_socket, client);
	wire_append_hello(&client->out, nonce, NULL);
	flush(client);
	return client;
}

void exec_client_free(struct exec_client *client)
{
	if (client == NULL)
		return;
	loop_fd_remove(client->source);
	(void)close(client->fd);
	wire_decoder_free(client->decoder);
	strbuf_clear(&client->out);
	strbuf_clear(&client->held);
	free(client);
}

size_t exec_client_room(const struct exec_client *client)
{
	return client->out.size >= MAX_QUEUE_BYTES ? 0 : MAX_CHUNK_BYTES;
}

void exec_client_write(struct exec_client *client, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	wire_append(&client->out, WIRE_EXEC_STDIN, 0, bytes, size);
	flush(client);
}

void exec_client_finish(struct exec_client *client)
{
	wire_append(&client->out, WIRE_EXEC_STDIN, 0, "", 0);
	flush(client);
}

void exec_client_resize(struct exec_client *client, uint16_t rows, uint16_t columns)
{
	uint8_t bytes[4];

	bytes_put_u16(bytes, rows);
	bytes_put_u16(bytes + 2, columns);
	wire_append(&client->out, WIRE_EXEC_RESIZE, 0, bytes, sizeof(bytes));
	flush(client);
}

void exec_client_signal(struct exec_client *client, uint8_t signal)
{
	wire_append(&client->out, WIRE_EXEC_SIGNAL, 0, &signal, 1);
	flush(client);
}

void exec_client_resume(struct exec_client *client)
{
	size_t taken;

	if (client->held.size > 0) {
		taken = client->handler.output(client->is_held_stderr, client->held.data,
					       client->held.size, client->arg);
		strbuf_consume(&client->held, taken);
	}
	if (client->held.size == 0)
		take_messages(client);
	if (!client->is_done)
		ask(client);
}
