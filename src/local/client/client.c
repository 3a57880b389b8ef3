/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/loop_timer.h"
#include "base/strbuf.h"
#include "local/client/status_offline.h"
#include "local/plan/status_json.h"
#include "local/supervisor/control_request.h"
#include "local/supervisor/supervisor_start.h"

enum { RECONNECT_MS = 1000, STATUS_MS = 3000, MAX_ANSWER = 16 << 20 };

struct pending {
	uint64_t id;
	client_done_fn *done;
	void *arg;
};

struct client {
	struct loop *loop;
	char *project;
	int fd; /* -1: no supervisor */
	struct loop_fd *source;
	struct loop_timer *reconnect;
	struct strbuf in;
	client_status_fn *status_fn;
	void *status_arg;
	client_event_fn *event_fn;
	void *event_arg;
	unsigned stats_ms;
	uint64_t next_id;
	struct pending *pending;
	size_t pending_count;
	struct project_status *wanted; /* client_status() waits for one */
	bool is_freed;		       /* client_close() from within a callback */
	unsigned busy;		       /* calls under way that use it after a callback ran */
};

static void send_line(struct client *client, const char *line)
{
	size_t size = strlen(line);
	while (client->fd >= 0 && size > 0) {
		ssize_t put = send(client->fd, line, size, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return; /* the end of the connection is seen by the reader */
		line += put;
		size -= (size_t)put;
	}
}

static void send_request(struct client *client, const struct control_request *request)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;

	control_request_write(request, &line);
	send_line(client, strbuf_text(&line));
}

static void ask(struct client *client, enum control_op op)
{
	send_request(client, &(struct control_request){.op = op});
}

static void finish(struct client *client, uint64_t id, struct error *err_or_null)
{
	for (size_t i = 0; i < client->pending_count; i++) {
		if (client->pending[i].id != id)
			continue;
		struct pending pending = client->pending[i];
		client->pending[i] = client->pending[--client->pending_count];
		pending.done(err_or_null, pending.arg);
		return;
	}
}

static void take_answer(struct client *client, struct json_view answer)
{
	struct json_view problem = json_view_get(answer, "error");
	struct json_view kind = json_view_get(problem, "kind");
	const char *message = json_view_peek(json_view_get(problem, "message"));
	const char *hint = json_view_peek(json_view_get(problem, "hint"));
	uint64_t id = (uint64_t)json_view_number(json_view_get(answer, "id"), 0, INT64_MAX, 0);
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (!json_view_exists(problem)) {
		finish(client, id, NULL);
		return;
	}
	error_set(&err,
		  json_view_is_text(kind) ? error_kind_of_word(json_view_peek(kind)) : ERROR_SYSTEM,
		  "%s", message ? message : "failed");
	if (hint != NULL)
		error_hint(&err, "%s", hint);
	finish(client, id, &err);
}

static void take_status(struct client *client, struct json_view object)
{
	AUTO(project_status_clear) struct project_status status = {0};

	project_status_read(object, &status);
	if (!json_document_check(object.document, NULL))
		return;
	if (client->status_fn != NULL)
		client->status_fn(&status, client->status_arg);
	if (!client->is_freed && client->wanted != NULL) {
		*client->wanted = status;
		status = (struct project_status){0};
		client->wanted = NULL;
	}
}

static void take_event(struct client *client, struct json_view object)
{
	AUTO(project_event_clear)
	struct project_event event = {
		.sequence = (uint64_t)json_view_number(json_view_get(object, "sequence"), 0,
						       INT64_MAX, 0),
		.time_ns =
			json_view_number(json_view_get(object, "timeNs"), INT64_MIN, INT64_MAX, 0),
		.is_warning = json_view_bool(json_view_get(object, "warning"), false),
		.type = json_view_text(json_view_require(object, "type")),
		.object = json_view_text(json_view_require(object, "object")),
		.message = json_view_text(json_view_require(object, "message")),
	};

	if (json_document_check(object.document, NULL) && client->event_fn != NULL)
		client->event_fn(&event, client->event_arg);
}

static void take_line(struct client *client, const char *line, size_t size)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(line, size, "answer", 0, NULL);

	if (document == NULL)
		return;
	struct json_view root = json_document_root(document);
	struct json_view status = json_view_get(root, "status");
	struct json_view event = json_view_get(root, "event");
	if (json_view_exists(status))
		take_status(client, status);
	else if (json_view_exists(event))
		take_event(client, event);
	else if (json_view_is_object(root))
		take_answer(client, root);
}

static void fail_pending(struct client *client)
{
	while (client->pending_count > 0 && !client->is_freed) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		error_set(&err, ERROR_NETWORK, "the supervisor of '%s' has gone", client->project);
		error_hint(&err, "i2kit up starts it again; pods run on");
		finish(client, client->pending[0].id, &err);
	}
}

static void disconnect(struct client *client)
{
	loop_fd_remove(TAKE_PTR(client->source));
	auto_close(&client->fd);
	client->fd = -1;
	strbuf_reset(&client->in);
}

static void lose(struct client *client)
{
	disconnect(client);
	fail_pending(client);
	if (!client->is_freed && client->status_fn != NULL)
		client->status_fn(NULL, client->status_arg);
	if (!client->is_freed)
		loop_timer_set(client->reconnect, RECONNECT_MS);
}

static void client_free(struct client *client)
{
	disconnect(client);
	loop_timer_remove(client->reconnect);
	strbuf_clear(&client->in);
	free(client->pending);
	free(client->project);
	free(client);
}

static void hold(struct client *client)
{
	client->busy++;
}

/* False: it was closed meanwhile, and is gone with the last call that used it. */
static bool let_go(struct client *client)
{
	bool is_there = !client->is_freed;

	client->busy--;
	if (!is_there && client->busy == 0)
		client_free(client);
	return is_there;
}

/* Takes what is there; false: the connection ended. */
static bool read_lines(struct client *client)
{
	char bytes[65536];
	char *end = NULL;
	ssize_t got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	strbuf_append_bytes(&client->in, bytes, (size_t)got);
	while (!client->is_freed && client->in.size > 0 &&
	       (end = memchr(client->in.data, '\n', client->in.size)) != NULL) {
		size_t size = (size_t)(end - client->in.data);
		AUTO_FREE char *line = xstrndup(client->in.data, size);
		strbuf_consume(&client->in, size + 1);
		take_line(client, line, strlen(line));
	}
	return !client->in.is_cut;
}

static void on_readable(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct client *client = arg;
	(void)source;
	(void)fd;
	(void)events;

	hold(client);
	if (!read_lines(client) && !client->is_freed)
		lose(client);
	(void)let_go(client);
}

static void subscribe(struct client *client)
{
	if (client->status_fn != NULL)
		ask(client, CONTROL_WATCH);
	if (client->event_fn != NULL)
		ask(client, CONTROL_EVENTS);
	if (client->stats_ms > 0)
		client_watch_stats(client, client->stats_ms);
}

static bool try_connect(struct client *client)
{
	client->fd = control_connect(client->project, NULL);
	if (client->fd < 0)
		return false;
	client->source = loop_add_fd(client->loop, client->fd, LOOP_READ, on_readable, client);
	subscribe(client);
	return true;
}

static void on_reconnect(struct loop_timer *timer, void *arg)
{
	struct client *client = arg;
	AUTO(project_status_clear) struct project_status status = {0};

	if (client->fd >= 0 || try_connect(client))
		return;
	loop_timer_set(timer, RECONNECT_MS);
	if (client->status_fn != NULL && status_offline(client->project, &status, NULL)) {
		hold(client);
		client->status_fn(&status, client->status_arg);
		(void)let_go(client);
	}
}

struct client *client_open(struct loop *loop, const char *project, struct error *err)
{
	struct client *client = xcalloc(1, sizeof(*client));
	(void)err;

	client->loop = loop;
	client->project = xstrdup(project);
	client->fd = -1;
	client->in.max = MAX_ANSWER;
	client->next_id = 1;
	client->reconnect = loop_add_timer(loop, RECONNECT_MS, on_reconnect, client);
	if (try_connect(client))
		loop_timer_cancel(client->reconnect);
	return client;
}

void client_close(struct client *client)
{
	if (client == NULL)
		return;
	client->is_freed = true;
	if (client->busy == 0)
		client_free(client);
}

/* Reads until the status is there, the connection ends or the time is over. */
static void await_status(struct client *client)
{
	uint64_t end_ms = clock_monotonic_ms() + STATUS_MS;

	while (!client->is_freed && client->wanted != NULL && client->fd >= 0 &&
	       clock_monotonic_ms() < end_ms) {
		struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
		/* Whoever waits for the end of an act hears of the connection's, too. */
		if (poll(&poll_fd, 1, 200) > 0 && !read_lines(client) && !client->is_freed)
			lose(client);
	}
}

bool client_status(struct client *client, struct project_status *ret, struct error *err)
{
	AUTO_FREE char *project = xstrdup(client->project);

	*ret = (struct project_status){0};
	if (client->fd < 0)
		return status_offline(project, ret, err);
	client->wanted = ret;
	ask(client, CONTROL_STATUS);
	hold(client);
	await_status(client);
	bool is_there = client->wanted == NULL;
	bool is_connected = client->fd >= 0;
	client->wanted = NULL;
	if (!let_go(client) && !is_there)
		return error_set(err, ERROR_CANCELLED, "the connection to '%s' was closed",
				 project);
	if (is_there)
		return true;
	if (!is_connected)
		return status_offline(project, ret, err);
	return error_set(err, ERROR_TIMEOUT, "the supervisor of '%s' does not answer", project);
}

void client_watch_status(struct client *client, client_status_fn *fn, void *arg)
{
	client->status_fn = fn;
	client->status_arg = arg;
	if (fn == NULL)
		return;
	if (client->fd >= 0)
		ask(client, CONTROL_WATCH);
	else
		loop_timer_set(client->reconnect, 0);
}

void client_watch_events(struct client *client, client_event_fn *fn, void *arg)
{
	client->event_fn = fn;
	client->event_arg = arg;
	if (fn != NULL)
		ask(client, CONTROL_EVENTS);
}

void client_watch_stats(struct client *client, unsigned interval_ms)
{
	client->stats_ms = interval_ms;
	send_request(client,
		     &(struct control_request){.op = CONTROL_STATS, .interval_ms = interval_ms});
}

/* Sends the request with an id of its own. */
static void act(struct client *client, struct control_request request, client_done_fn *done,
		void *arg)
{
	if (client->fd < 0) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		error_set(&err, ERROR_NOT_FOUND, "nobody supervises project '%s'", client->project);
		error_hint(&err, "i2kit up -d");
		done(&err, arg);
		return;
	}
	request.id = client->next_id++;
	*ARRAY_APPEND(client->pending, client->pending_count) =
		(struct pending){request.id, done, arg};
	send_request(client, &request);
}

static void act_on(struct client *client, enum control_op op, const char *name, uint32_t replicas,
		   client_done_fn *done, void *arg)
{
	AUTO_FREE char *copy = xstrdup(name);

	act(client, (struct control_request){.op = op, .name = copy, .replicas = replicas}, done,
	    arg);
}

void client_restart(struct client *client, const char *pod_or_instance, client_done_fn *done,
		    void *arg)
{
	act_on(client, CONTROL_RESTART, pod_or_instance, 0, done, arg);
}

void client_scale(struct client *client, const char *pod, unsigned replicas, client_done_fn *done,
		  void *arg)
{
	act_on(client, CONTROL_SCALE, pod, replicas, done, arg);
}

void client_stop(struct client *client, const char *pod, client_done_fn *done, void *arg)
{
	act_on(client, CONTROL_STOP, pod, 0, done, arg);
}

void client_kill_one(struct client *client, const char *pod_or_instance, client_done_fn *done,
		     void *arg)
{
	act_on(client, CONTROL_KILL, pod_or_instance, 0, done, arg);
}

void client_pause(struct client *client, const char *pod_or_instance, client_done_fn *done,
		  void *arg)
{
	act_on(client, CONTROL_PAUSE, pod_or_instance, 0, done, arg);
}

void client_unpause(struct client *client, const char *pod_or_instance, client_done_fn *done,
		    void *arg)
{
	act_on(client, CONTROL_UNPAUSE, pod_or_instance, 0, done, arg);
}

void client_run_now(struct client *client, const char *cron, client_done_fn *done, void *arg)
{
	act_on(client, CONTROL_RUN_NOW, cron, 0, done, arg);
}

bool client_is_connected(const struct client *client)
{
	return client->fd >= 0;
}

void client_apply(struct client *client, client_done_fn *done, void *arg)
{
	act(client, (struct control_request){.op = CONTROL_APPLY}, done, arg);
}

void client_down(struct client *client, bool with_volumes, client_done_fn *done, void *arg)
{
	act(client, (struct control_request){.op = CONTROL_DOWN, .with_volumes = with_volumes},
	    done, arg);
}

void client_kill(struct client *client, client_done_fn *done, void *arg)
{
	act(client, (struct control_request){.op = CONTROL_DOWN, .is_forced = true}, done, arg);
}
