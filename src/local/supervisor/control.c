/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's socket: one JSON object a line, both ways; doc/formats.md §8. */
#include "local/supervisor/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "base/socket_send.h"
#include "base/strbuf.h"
#include "local/agent/agent.h"
#include "local/plan/status_json.h"
#include "local/supervisor/control_acts.h"
#include "local/supervisor/control_request.h"
#include "local/supervisor/event_ring.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/session.h"
#include "local/supervisor/status.h"
#include "local/supervisor/supervisor_metrics.h"
#include "local/supervisor/supervisor_parts.h"

enum {
	NOTIFY_MS = 100, /* at most ten statuses a second */
	METRICS_STATS_MS = 5000,
	STATS_MS = 5000,     /* guests that came meanwhile are asked too */
	MAX_LINE = 32 << 20, /* a run's plan has its configuration, at most RELEASE_MAX_BYTES */
	MAX_QUEUE = 8 << 20, /* a client that does not read is let go */
	MAX_CONNECTIONS = 64,
	ACCEPT_PAUSE_MS = 1000,
	VIEW_MS = 30000, /* a libvirtd that restarts is back long before */
};

struct connection {
	struct control *control;
	int fd;
	struct loop_fd *source;
	struct strbuf in;
	struct strbuf out;
	bool watches_status;
	bool watches_events;
	uint64_t event_sequence; /* told up to this one */
	unsigned stats_ms;	 /* 0: does not want any */
	bool awaits_view;	 /* of libvirt, before `apply` is answered */
	uint64_t apply_id;
	uint64_t view_number;
	uint64_t view_end_ms; /* then it is answered that libvirt is silent */
};

struct control {
	struct supervisor *supervisor;
	int fd;
	char *path;
	struct loop_fd *source;
	struct loop_timer *notify;
	struct loop_timer *stats;
	struct loop_timer *accept; /* again, when there were no descriptors */
	struct loop_timer *late;   /* for those whose view does not come */
	bool is_notify_due;
	uint64_t notified_ms;
	struct connection **connections;
	size_t connection_count;
};

static void forget(struct connection *connection)
{
	struct control *control = connection->control;
	for (size_t i = 0; i < control->connection_count; i++) {
		if (control->connections[i] == connection)
			control->connections[i] = control->connections[--control->connection_count];
	}
	loop_fd_remove(connection->source);
	auto_close(&connection->fd);
	strbuf_clear(&connection->in);
	strbuf_clear(&connection->out);
	free(connection);
}

/* What the socket does not take now waits; false: the client has gone or reads nothing. */
static bool flush(struct connection *connection)
{
	if (!socket_send_queued(connection->fd, &connection->out))
		return false;
	loop_fd_set_events(connection->source,
			   connection->out.size > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return connection->out.size <= MAX_QUEUE;
}

static void answer(struct connection *connection, uint64_t id, const struct error *err)
{
	struct json_writer json = JSON_WRITER(&connection->out, 0);

	json_open_object(&json, NULL);
	json_write_unsigned(&json, "id", id);
	if (err->kind == ERROR_NONE) {
		json_write_bool(&json, "ok", true);
	} else {
		json_open_object(&json, "error");
		json_write_text(&json, "kind", error_kind_word(err->kind));
		json_write_text(&json, "message", err->message);
		json_write_text_if(&json, "hint", err->hint);
		json_close(&json);
	}
	json_close(&json);
	strbuf_append_char(&connection->out, '\n');
}

static void tell_status(struct connection *connection)
{
	AUTO(project_status_clear) struct project_status status = {0};
	struct json_writer json = JSON_WRITER(&connection->out, 0);

	supervisor_status(connection->control->supervisor, &status);
	AUTO_FREE char *text = project_status_to_json(&status, false);
	json_open_object(&json, NULL);
	json_write_raw(&json, "status", text);
	json_close(&json);
	strbuf_append_char(&connection->out, '\n');
}

static void tell_event(struct connection *connection, const struct project_event *event)
{
	struct json_writer json = JSON_WRITER(&connection->out, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, "event");
	json_write_unsigned(&json, "sequence", event->sequence);
	json_write_number(&json, "timeNs", event->time_ns);
	json_write_bool(&json, "warning", event->is_warning);
	json_write_text(&json, "type", event->type);
	json_write_text(&json, "object", event->object);
	json_write_text(&json, "message", event->message);
	json_close(&json);
	json_close(&json);
	strbuf_append_char(&connection->out, '\n');
}

static void tell_events(struct connection *connection)
{
	const struct event_ring *ring = connection->control->supervisor->events;
	const struct project_event *event = NULL;

	while ((event = event_ring_after(ring, connection->event_sequence)) != NULL) {
		tell_event(connection, event);
		connection->event_sequence = event->sequence;
	}
}

static void ask_guests(struct supervisor *supervisor, unsigned interval_ms)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct agent *agent = supervisor->instances[i]->agent;
		if (agent != NULL && agent_is_up(agent) &&
		    !agent_request_stats(agent, interval_ms, NULL))
			continue;
	}
}

/* The shortest interval anybody wants; 0: nobody wants any. */
static unsigned wanted_stats(const struct control *control)
{
	/* The metrics port is asked without warning. */
	unsigned least = metrics_address(control->supervisor) != NULL ? METRICS_STATS_MS : 0;
	for (size_t i = 0; i < control->connection_count; i++) {
		unsigned ms = control->connections[i]->stats_ms;
		if (ms > 0 && (least == 0 || ms < least))
			least = ms;
	}
	return least;
}

static void update_stats(struct control *control)
{
	unsigned interval_ms = wanted_stats(control);
	ask_guests(control->supervisor, interval_ms);
	if (interval_ms > 0)
		loop_timer_set(control->stats, STATS_MS);
	else
		loop_timer_cancel(control->stats);
}

static void on_stats(struct loop_timer *timer, void *arg)
{
	(void)timer;
	update_stats(arg);
}

void control_update_stats(struct control *control)
{
	update_stats(control);
}

/* What is applied is also looked at: whoever waits for it next must not see the world before. */
static bool do_apply(struct connection *connection, uint64_t id, struct error *err)
{
	struct supervisor *supervisor = connection->control->supervisor;

	if (!supervisor_apply(supervisor, err))
		return false;
	connection->awaits_view = true;
	connection->apply_id = id;
	connection->view_number = hypervisor_look(supervisor->hypervisor);
	connection->view_end_ms = clock_monotonic_ms() + VIEW_MS;
	loop_timer_set(connection->control->late, VIEW_MS);
	return true;
}

static void do_request(struct connection *connection, const struct control_request *request)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	switch (request->op) {
	case CONTROL_WATCH:
		connection->watches_status = true;
		tell_status(connection);
		break;
	case CONTROL_STATUS:
		tell_status(connection);
		break;
	case CONTROL_EVENTS:
		connection->watches_events = true;
		tell_events(connection);
		break;
	case CONTROL_STATS:
		connection->stats_ms = request->interval_ms;
		update_stats(connection->control);
		break;
	case CONTROL_APPLY:
		if (!do_apply(connection, request->id, &err))
			answer(connection, request->id, &err);
		break;
	default:
		if (!control_act(connection->control->supervisor, request, &err))
			log_verbose("request: %s", err.message);
		answer(connection, request->id, &err);
	}
}

/* False: the connection is not ours any more. */
static bool take_line(struct connection *connection, const char *line, size_t size)
{
	struct control *control = connection->control;

	if (session_is_request(line, size)) {
		session_host_take(control->supervisor->sessions, take_fd(&connection->fd), line,
				  size);
		return false;
	}
	AUTO(control_request_clear) struct control_request request = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (control_request_read(line, size, &request, &err))
		do_request(connection, &request);
	else
		answer(connection, request.id, &err);
	return true;
}

static void on_connection(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct connection *connection = arg;
	char bytes[4096];
	char *end = NULL;
	(void)source;
	(void)events;

	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		bool had_stats = connection->stats_ms > 0;
		struct control *control = connection->control;
		forget(connection);
		if (had_stats)
			update_stats(control);
		return;
	}
	if (got > 0)
		strbuf_append_bytes(&connection->in, bytes, (size_t)got);
	while (connection->in.size > 0 &&
	       (end = memchr(connection->in.data, '\n', connection->in.size)) != NULL) {
		size_t size = (size_t)(end - connection->in.data);
		AUTO_FREE char *line = xstrndup(connection->in.data, size);
		strbuf_consume(&connection->in, size + 1);
		if (session_is_request(line, strlen(line)))
			loop_fd_remove(TAKE_PTR(connection->source));
		if (!take_line(connection, line, strlen(line))) {
			forget(connection);
			return;
		}
	}
	if (connection->in.is_cut || !flush(connection))
		forget(connection);
}

static void on_accept_again(struct loop_timer *timer, void *arg)
{
	const struct control *control = arg;
	(void)timer;

	loop_fd_set_events(control->source, LOOP_READ);
}

static void on_listen(struct loop_fd *source, int listen_fd, unsigned events, void *arg)
{
	struct control *control = arg;
	(void)source;
	(void)events;

	AUTO_CLOSE int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	/* A connection that cannot be taken stays readable: looked at again later, not at once. */
	if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		loop_fd_set_events(control->source, 0);
		loop_timer_set(control->accept, ACCEPT_PAUSE_MS);
	}
	if (fd < 0 || control->connection_count >= MAX_CONNECTIONS)
		return;
	/* The folder keeps others out; this holds where somebody opened it. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
	    (peer.uid != geteuid() && peer.uid != 0))
		return;
	struct connection *connection = xcalloc(1, sizeof(*connection));
	connection->control = control;
	connection->fd = take_fd(&fd);
	connection->in.max = MAX_LINE;
	connection->source = loop_add_fd(control->supervisor->loop, connection->fd, LOOP_READ,
					 on_connection, connection);
	*ARRAY_APPEND(control->connections, control->connection_count) = connection;
}

static void on_notify(struct loop_timer *timer, void *arg)
{
	struct control *control = arg;
	(void)timer;

	control->is_notify_due = false;
	control->notified_ms = clock_monotonic_ms();
	for (size_t i = control->connection_count; i > 0; i--) {
		struct connection *connection = control->connections[i - 1];
		if (connection->watches_status && control->supervisor->is_dirty)
			tell_status(connection);
		if (connection->watches_events)
			tell_events(connection);
		if (!flush(connection))
			forget(connection);
	}
	control->supervisor->is_dirty = false;
}

void control_notify(struct control *control)
{
	if (control == NULL || control->is_notify_due)
		return;
	control->is_notify_due = true;
	/* After a quiet while at once: somebody may wait for just this. */
	loop_timer_set(control->notify,
		       clock_monotonic_ms() - control->notified_ms >= NOTIFY_MS ? 1 : NOTIFY_MS);
}

void control_seen(struct control *control, uint64_t number)
{
	for (size_t i = control != NULL ? control->connection_count : 0; i > 0; i--) {
		struct connection *connection = control->connections[i - 1];
		AUTO(error_clear) struct error none = ERROR_INIT;
		if (!connection->awaits_view || connection->view_number > number)
			continue;
		connection->awaits_view = false;
		answer(connection, connection->apply_id, &none);
		if (!flush(connection))
			forget(connection);
	}
}

/* What was applied stays so: a libvirt that comes back finds it. */
static void on_late(struct loop_timer *timer, void *arg)
{
	struct control *control = arg;
	uint64_t now_ms = clock_monotonic_ms();
	uint64_t next_ms = 0;

	for (size_t i = control->connection_count; i > 0; i--) {
		struct connection *connection = control->connections[i - 1];
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (!connection->awaits_view)
			continue;
		if (connection->view_end_ms > now_ms) {
			if (next_ms == 0 || connection->view_end_ms < next_ms)
				next_ms = connection->view_end_ms;
			continue;
		}
		connection->awaits_view = false;
		error_set(&err, ERROR_NETWORK, "libvirt does not answer");
		error_hint(&err, "systemctl status libvirtd; it goes on when libvirt does");
		answer(connection, connection->apply_id, &err);
		if (!flush(connection))
			forget(connection);
	}
	if (next_ms > 0)
		loop_timer_set(timer, (unsigned)(next_ms - now_ms));
}

static int listen_at(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(err, ERROR_INVALID, "the path %s is too long for a socket", path);
		error_hint(err, "XDG_RUNTIME_DIR=/run/user/%u", (unsigned)getuid());
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	/* We hold the project's lock: a socket that is there is a dead supervisor's. */
	(void)unlink(path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 16) < 0) {
		error_set_errno(err, errno, "listen on %s", path);
		return -1;
	}
	return take_fd(&fd);
}

struct control *control_open(struct supervisor *supervisor, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, supervisor->project);
	AUTO_FREE char *path = path_join(folder, "control.sock");
	int fd = listen_at(path, err);

	if (fd < 0)
		return NULL;
	struct control *control = xcalloc(1, sizeof(*control));
	control->supervisor = supervisor;
	control->fd = fd;
	control->path = TAKE_PTR(path);
	control->source = loop_add_fd(supervisor->loop, fd, LOOP_READ, on_listen, control);
	control->notify = loop_add_timer(supervisor->loop, NOTIFY_MS, on_notify, control);
	control->stats = loop_add_timer(supervisor->loop, STATS_MS, on_stats, control);
	loop_timer_cancel(control->stats);
	control->accept =
		loop_add_timer(supervisor->loop, ACCEPT_PAUSE_MS, on_accept_again, control);
	loop_timer_cancel(control->accept);
	control->late = loop_add_timer(supervisor->loop, VIEW_MS, on_late, control);
	loop_timer_cancel(control->late);
	return control;
}

void control_close(struct control *control)
{
	if (control == NULL)
		return;
	while (control->connection_count > 0)
		forget(control->connections[0]);
	free(control->connections);
	loop_fd_remove(control->source);
	loop_timer_remove(control->notify);
	loop_timer_remove(control->stats);
	loop_timer_remove(control->accept);
	loop_timer_remove(control->late);
	(void)unlink(control->path);
	auto_close(&control->fd);
	free(control->path);
	free(control);
}
