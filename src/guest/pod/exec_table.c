/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/exec_table.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "guest/channel/output_stream.h"
#include "guest/documents/run_start.h"
#include "guest/pod/copy_run.h"
#include "guest/pod/exec_process.h"
#include "guest/pod/main_run.h"
#include "wire/request.h"

#define MAX_SESSIONS 64
#define MAX_ARGS     4096
#define PIECE_BYTES  ((size_t)32 << 10)

enum { OUT, ERRORS, OUTPUTS };

struct session {
	struct exec_table *table;
	uint16_t stream;
	struct exec_process *run;	       /* NULL: the process has ended, or is a copier */
	pid_t copier;			       /* 0: none runs */
	struct container *main;		       /* whose own process this is; or NULL */
	struct output_stream *logged[OUTPUTS]; /* where a main's output goes besides; or NULL */
	int in; /* owned, or -1; with a terminal a duplicate of its master end */
	struct loop_fd *in_watch;
	struct strbuf in_queue;
	bool is_in_closing; /* end of file once the queue is written */
	int out[OUTPUTS];   /* owned, or -1 */
	struct loop_fd *out_watch[OUTPUTS];
	uint32_t window; /* bytes the host will still take */
	uint16_t rows;
	uint16_t columns;
	bool has_ended;
	int exit_code;
	int signal;
};

struct exec_table {
	struct guest *guest;
	struct session **sessions;
	size_t count;
};

struct exec_table *exec_table_new(struct guest *guest)
{
	struct exec_table *table = xcalloc(1, sizeof(*table));
	table->guest = guest;
	return table;
}

static struct session *find(struct exec_table *table, uint16_t stream)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->sessions[i]->stream == stream)
			return table->sessions[i];
	}
	return NULL;
}

static void close_output(struct session *session, int which)
{
	loop_fd_remove(session->out_watch[which]);
	session->out_watch[which] = NULL;
	if (session->out[which] >= 0)
		(void)close(session->out[which]);
	session->out[which] = -1;
}

static void close_input(struct session *session)
{
	loop_fd_remove(session->in_watch);
	session->in_watch = NULL;
	if (session->in >= 0)
		(void)close(session->in);
	session->in = -1;
}

static void free_session(struct session *session)
{
	struct exec_table *table = session->table;
	exec_process_abort(session->run);
	struct container *main = session->main;
	/* A copier sees its descriptors closed, and tidies up. */
	if (session->copier > 0)
		reaper_forget(table->guest->reaper, session->copier);
	close_input(session);
	close_output(session, OUT);
	close_output(session, ERRORS);
	output_stream_free(session->logged[OUT]);
	output_stream_free(session->logged[ERRORS]);
	strbuf_clear(&session->in_queue);
	for (size_t i = 0; i < table->count; i++) {
		if (table->sessions[i] == session)
			table->sessions[i] = table->sessions[--table->count];
	}
	free(session);
	if (main != NULL)
		container_leave_main(main);
}

void exec_table_clear(struct exec_table *table)
{
	while (table->count > 0)
		free_session(table->sessions[0]);
}

static void send_exit(struct exec_table *table, uint16_t stream, const struct exec_exit *exit)
{
	AUTO_FREE char *text = exec_exit_write(exit);
	channel_send_text(table->guest->channel, WIRE_EXEC_EXIT, stream, text);
}

static void send_error(struct exec_table *table, uint16_t stream, const char *message)
{
	AUTO(exec_exit_clear) struct exec_exit exit = {.error = xstrdup(message)};
	send_exit(table, stream, &exit);
}

/* The process is gone and all it wrote is on its way. */
static void finish(struct session *session)
{
	const struct exec_exit exit = {.signal = session->signal,
				       .has_code = session->signal <= 0,
				       .code = session->exit_code & 0xff};
	send_exit(session->table, session->stream, &exit);
	free_session(session);
}

/* One piece. Returns false when there is nothing more now. */
static bool read_output(struct session *session, int which)
{
	static char buffer[PIECE_BYTES];
	size_t room = session->window < sizeof(buffer) ? session->window : sizeof(buffer);
	if (session->out[which] < 0 || room == 0 || channel_is_full(session->table->guest->channel))
		return false;
	ssize_t size = read(session->out[which], buffer, room);
	if (size > 0) {
		session->window -= (uint32_t)size;
		channel_send(session->table->guest->channel,
			     which == OUT ? WIRE_EXEC_STDOUT : WIRE_EXEC_STDERR, session->stream,
			     buffer, (size_t)size);
		if (session->logged[which] != NULL)
			output_stream_take(session->logged[which], buffer, (size_t)size);
		return true;
	}
	if (size == 0 || (errno != EAGAIN && errno != EINTR))
		close_output(session, which);
	return false;
}

/* Whether output may be read at all now. */
static bool may_read(const struct session *session)
{
	return session->window > 0 && !channel_is_full(session->table->guest->channel);
}

static void pump(struct session *session)
{
	for (int which = 0; which < OUTPUTS; which++) {
		bool is_more = read_output(session, which);
		for (int round = 0; is_more && round < 8; round++)
			is_more = read_output(session, which);
		if (session->out_watch[which] != NULL)
			loop_fd_set_events(session->out_watch[which],
					   may_read(session) ? LOOP_READ : 0);
	}
	if (!session->has_ended || !may_read(session))
		return;
	/* What a background child still holds open is not waited for. */
	while (read_output(session, OUT) || read_output(session, ERRORS)) {
	}
	if (may_read(session))
		finish(session);
}

static void on_output(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	pump(arg);
}

static void watch_output(struct session *session, int which, int fd)
{
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	session->out[which] = fd;
	session->out_watch[which] =
		loop_add_fd(session->table->guest->loop, fd, LOOP_READ, on_output, session);
}

static void write_input(struct session *session)
{
	size_t written = 0;
	while (session->in >= 0 && written < session->in_queue.size) {
		ssize_t size = write(session->in, session->in_queue.data + written,
				     session->in_queue.size - written);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno != EAGAIN)
			close_input(session);
		if (size <= 0)
			break;
		written += (size_t)size;
	}
	/* Nobody reads any more: swallow, so that the host is not stuck. */
	if (session->in < 0 && session->has_ended)
		written = session->in_queue.size;
	if (written > 0) {
		uint8_t bytes[4];
		bytes_put_u32(bytes, (uint32_t)written);
		strbuf_consume(&session->in_queue, written);
		channel_send(session->table->guest->channel, WIRE_WINDOW, session->stream, bytes,
			     sizeof(bytes));
	}
	if (session->in_queue.size == 0 && session->is_in_closing)
		close_input(session);
	if (session->in_watch != NULL)
		loop_fd_set_events(session->in_watch, session->in_queue.size > 0 ? LOOP_WRITE : 0);
}

static void on_input(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct session *session = arg;
	(void)source;
	(void)fd;
	if ((events & LOOP_WRITE) != 0)
		write_input(session);
	else if ((events & LOOP_HANGUP) != 0)
		close_input(session);
}

static void watch_input(struct session *session, int fd)
{
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	session->in = fd;
	session->in_watch = loop_add_fd(session->table->guest->loop, fd, 0, on_input, session);
	write_input(session);
}

static void set_size(const struct session *session)
{
	struct winsize size = {.ws_row = session->rows, .ws_col = session->columns};
	if (session->out[OUT] >= 0 && session->rows > 0)
		(void)ioctl(session->out[OUT], TIOCSWINSZ, &size);
}

static void on_terminal(int fd, void *arg)
{
	struct session *session = arg;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	watch_output(session, OUT, fd);
	set_size(session);
	if (copy >= 0)
		watch_input(session, copy);
}

static void on_ended(int exit_code, int signal, const char *error_or_null, void *arg)
{
	struct session *session = arg;
	struct exec_table *table = session->table;
	session->run = NULL;
	if (error_or_null != NULL) {
		send_error(table, session->stream, error_or_null);
		free_session(session);
		return;
	}
	session->has_ended = true;
	session->exit_code = exit_code;
	session->signal = signal;
	pump(session);
}

static void on_copied(pid_t pid, int status, void *arg)
{
	struct session *session = arg;
	(void)pid;
	session->copier = 0;
	on_ended(WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		 WIFSIGNALED(status) ? WTERMSIG(status) : 0, NULL, session);
}

struct stdio {
	int child[3];
	int own[3];
};

static void close_stdio(struct stdio *stdio)
{
	for (int i = 0; i < 3; i++) {
		auto_close(&stdio->child[i]);
		auto_close(&stdio->own[i]);
	}
}

static bool open_stdio(bool has_stdin, struct stdio *ret, struct error *err)
{
	int pair[2];
	for (int i = has_stdin ? 0 : 1; i < 3; i++) {
		if (pipe2(pair, O_CLOEXEC) < 0)
			return error_set_errno(err, errno, "pipe");
		ret->child[i] = i == 0 ? pair[0] : pair[1];
		ret->own[i] = i == 0 ? pair[1] : pair[0];
	}
	return true;
}

static bool start_session(struct session *session, struct exec_request *request, bool has_stdin,
			  struct error *err)
{
	static const struct exec_handler handler = {.terminal = on_terminal, .ended = on_ended};
	AUTO(close_stdio) struct stdio stdio = {{-1, -1, -1}, {-1, -1, -1}};
	if (!request->has_tty && !open_stdio(has_stdin, &stdio, err))
		return false;
	memcpy(request->fds, stdio.child, sizeof(request->fds));
	if (copy_run_is_meant(request->argv))
		session->copier = copy_run_start(request->container, request->argv, stdio.child,
						 on_copied, session, err);
	else
		session->run = exec_process_start(request, &handler, session, err);
	if (session->run == NULL && session->copier <= 0) {
		session->copier = 0;
		return false;
	}
	if (request->has_tty)
		return true;
	watch_output(session, OUT, take_fd(&stdio.own[1]));
	watch_output(session, ERRORS, take_fd(&stdio.own[2]));
	if (has_stdin)
		watch_input(session, take_fd(&stdio.own[0]));
	return true;
}

static struct container_image *image_of(struct guest *guest, const char *name)
{
	for (size_t i = 0; name != NULL && i < guest->pod.container_count; i++) {
		if (strcmp(guest->pod.containers[i].name, name) == 0)
			return &guest->pod.containers[i];
	}
	return NULL;
}

static void log_output(struct session *session, const char *container)
{
	struct guest *guest = session->table->guest;

	session->logged[OUT] = output_stream_new_fed(guest->loop, guest->logs, container,
						     WIRE_LOG_STDOUT, guest_send_logs, guest);
	session->logged[ERRORS] = output_stream_new_fed(guest->loop, guest->logs, container,
							WIRE_LOG_STDERR, guest_send_logs, guest);
}

static bool check_main(const struct guest *guest, const struct exec_table *table,
		       const struct container_image *image, struct error *err)
{
	if (image == NULL || guest->containers == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "this VM was not made for one command");
	for (size_t i = 0; i < table->count; i++) {
		if (table->sessions[i]->main != NULL)
			return error_set(err, ERROR_BUSY, "its command was given already");
	}
	return guest->failure == NULL || error_set(err, ERROR_INVALID, "%s", guest->failure);
}

/* The run's command: its container's own process. */
static bool run_main(struct session *session, const struct exec_start *start, struct error *err)
{
	AUTO(close_stdio) struct stdio stdio = {{-1, -1, -1}, {-1, -1, -1}};
	struct guest *guest = session->table->guest;
	const char *name = guest->release.run_container;
	struct container_image *image = image_of(guest, name);

	if (!check_main(guest, session->table, image, err) ||
	    (!start->has_tty && !open_stdio(start->has_stdin, &stdio, err)))
		return false;
	container_take_start(image, start);
	struct main_run *run = xcalloc(1, sizeof(*run));
	string_list_copy(&run->env, &start->env);
	if (start->has_tty && env_list_find(&start->env, "TERM") == NULL)
		string_list_add(&run->env, "TERM=xterm");
	for (int i = 0; i < 3; i++)
		run->fds[i] = take_fd(&stdio.child[i]);
	run->handler = (struct exec_handler){.terminal = on_terminal, .ended = on_ended};
	run->arg = session;
	session->main = guest_find_container(guest, name);
	if (start->is_logged)
		log_output(session, name);
	if (!start->has_tty) {
		watch_output(session, OUT, take_fd(&stdio.own[1]));
		watch_output(session, ERRORS, take_fd(&stdio.own[2]));
	}
	if (!start->has_tty && start->has_stdin)
		watch_input(session, take_fd(&stdio.own[0]));
	container_take_main(session->main, run);
	return true;
}

/* Ends as soon as it is begun. */
static bool restart(struct session *session, const char *name, struct error *err)
{
	struct container *container = guest_find_container(session->table->guest, name);
	if (container == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no container '%s'",
				 name != NULL ? name : "");
	if (!container_restart(container, err))
		return false;
	on_ended(0, 0, NULL, session);
	return true;
}

static bool run_request(struct session *session, const struct exec_start *start, struct error *err)
{
	session->rows = start->rows;
	session->columns = start->columns;
	if (start->is_main)
		return run_main(session, start, err);
	if (strcmp(start->argv.items[0], EXEC_RESTART) == 0)
		return restart(session, start->container, err);
	struct exec_request request = {
		.container = guest_find_container(session->table->guest, start->container),
		.argv = &start->argv,
		.environment = &start->env,
		.cwd = start->cwd,
		.user = start->user,
		.has_tty = start->has_tty,
		.is_privileged = start->is_privileged,
		.rows = start->rows,
		.columns = start->columns};
	if (request.container == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no container '%s'",
				 start->container != NULL ? start->container : "");
	return start_session(session, &request, start->has_stdin, err);
}

static void open_session(struct exec_table *table, const struct wire_message *message)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (table->count >= MAX_SESSIONS || find(table, message->stream) != NULL) {
		send_error(table, message->stream, "too many exec sessions");
		return;
	}
	AUTO(exec_start_clear) struct exec_start start = {0};
	struct session *session = xcalloc(1, sizeof(*session));
	session->table = table;
	session->stream = message->stream;
	session->in = session->out[OUT] = session->out[ERRORS] = -1;
	session->window = WIRE_START_WINDOW;
	*ARRAY_APPEND(table->sessions, table->count) = session;
	if (!exec_start_read(message->bytes, message->size, &start, &err) ||
	    !run_request(session, &start, &err)) {
		send_error(table, message->stream, err.message);
		free_session(session);
	}
}

static void take_input(struct session *session, const struct wire_message *message)
{
	if (message->size == 0)
		session->is_in_closing = true;
	if (session->in_queue.size + message->size > WIRE_START_WINDOW)
		return; /* beyond the window: the host breaks the rule, its bytes are lost */
	strbuf_append_bytes(&session->in_queue, message->bytes, message->size);
	write_input(session);
}

void exec_table_take(struct exec_table *table, const struct wire_message *message)
{
	if (message->type == WIRE_EXEC_START) {
		open_session(table, message);
		return;
	}
	struct session *session = find(table, message->stream);
	if (session == NULL)
		return; /* it has just ended */
	if (message->type == WIRE_EXEC_STDIN) {
		take_input(session, message);
	} else if (message->type == WIRE_EXEC_RESIZE && message->size == 4) {
		session->rows = bytes_get_u16(message->bytes);
		session->columns = bytes_get_u16(message->bytes + 2);
		set_size(session);
	} else if (message->type == WIRE_EXEC_SIGNAL && message->size == 1 &&
		   message->bytes[0] > 0 && message->bytes[0] <= 64) {
		if (session->run != NULL)
			exec_process_signal(session->run, message->bytes[0]);
		else if (session->main != NULL)
			container_signal(session->main, message->bytes[0]);
	}
}

bool exec_table_window(struct exec_table *table, uint16_t stream, uint32_t bytes)
{
	struct session *session = find(table, stream);
	if (session == NULL)
		return false;
	if (bytes <= UINT32_MAX - session->window)
		session->window += bytes;
	pump(session);
	return true;
}

void exec_table_pump(struct exec_table *table)
{
	for (size_t i = table->count; i-- > 0;)
		pump(table->sessions[i]);
}
