/* SPDX-License-Identifier: Apache-2.0 */
#include "local/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/unix_socket.h"
#include "local/agent/agent_parts.h"

#define GREETING_TIMEOUT_MS 30000 /* a boot may take that long; greeting anew costs nothing */
#define READ_BYTES	    ((size_t)64 << 10)
#define MAX_READS	    8		       /* per call: other guests want their turn */
#define STOP_READING_BYTES  ((size_t)24 << 20) /* queued for a guest that does not read */
#define SMALL_QUEUE_BYTES   ((size_t)256 << 10)
#define LEAST_PAUSE_MS	    100
#define MAX_FILE_BYTES	    ((size_t)15 << 20)

/* The guest is not there yet; the guest says what it must not. */
static const struct backoff reconnect = {20, 1000, 150};
static const struct backoff after_violation = {1000, 30000, 200};

static void start_connecting(struct agent *agent, uint64_t pause_ms);

static void hold(struct agent *agent)
{
	agent->busy++;
}

static void really_free(struct agent *agent)
{
	if (agent->timer != NULL)
		loop_timer_remove(agent->timer);
	if (agent->pause != NULL)
		loop_timer_remove(agent->pause);
	wire_decoder_free(agent->decoder);
	strbuf_clear(&agent->out);
	free(agent->path);
	free(agent->name);
	free(agent);
}

/* True when it was the last one and the agent is gone. */
static bool let_go(struct agent *agent)
{
	agent->busy--;
	if (agent->busy > 0 || !agent->is_freed)
		return agent->is_freed;
	really_free(agent);
	return true;
}

static void close_socket(struct agent *agent)
{
	loop_fd_remove(agent->source);
	agent->source = NULL;
	if (agent->fd >= 0)
		(void)close(take_fd(&agent->fd));
	strbuf_clear(&agent->out);
	agent->out_sent = 0;
	agent->is_paused = false;
	if (agent->pause != NULL)
		loop_timer_cancel(agent->pause);
}

void agent_free(struct agent *agent)
{
	if (agent == NULL || agent->is_freed)
		return;
	hold(agent);
	agent->is_freed = true;
	agent->state = AGENT_CONNECTING;
	close_socket(agent);
	agent_streams_close_all(agent, "the pod is gone");
	(void)let_go(agent);
}

/* Ends this connection and goes back to connecting. Calls `down`; the agent may be gone after. */
static void disconnect(struct agent *agent, const char *why, uint64_t pause_ms)
{
	bool was_up = agent->state == AGENT_UP;

	log_debug("agent %s: %s", agent->name, why);
	hold(agent);
	agent->state = AGENT_CONNECTING;
	close_socket(agent);
	agent_streams_close_all(agent, why);
	if (!agent->is_freed && was_up && agent->handler.down != NULL)
		agent->handler.down(agent, why, agent->arg);
	if (!agent->is_freed && agent->path != NULL)
		start_connecting(agent, pause_ms);
	(void)let_go(agent);
}

size_t agent_queued(const struct agent *agent)
{
	return agent->out.size - agent->out_sent;
}

static void send_queue(struct agent *agent)
{
	while (agent_queued(agent) > 0) {
		ssize_t put = send(agent->fd, agent->out.data + agent->out_sent,
				   agent_queued(agent), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put < 0 && errno == EINTR)
			continue;
		/* A broken connection shows when it is read. */
		if (put <= 0)
			break;
		agent->out_sent += (size_t)put;
		agent->counters.sent_bytes += (uint64_t)put;
	}
	if (agent_queued(agent) == 0) {
		strbuf_reset(&agent->out);
		agent->out_sent = 0;
		if (agent->out.capacity > SMALL_QUEUE_BYTES)
			strbuf_clear(&agent->out);
	} else if (agent->out_sent > agent->out.size / 2) {
		strbuf_consume(&agent->out, agent->out_sent);
		agent->out_sent = 0;
	}
}

/*
 * What the guest makes us say is kept as numbers and only written out while the queue is short, so
 * that a guest which sends and never reads does not make it grow.
 */
static void queue_owed(struct agent *agent)
{
	uint8_t bytes[8];

	if (agent->state != AGENT_UP || agent_queued(agent) > SMALL_QUEUE_BYTES)
		return;
	if (agent->log_acked < agent->log_position) {
		agent->log_acked = agent->log_position;
		bytes_put_u64(bytes, agent->log_acked);
		wire_append(&agent->out, WIRE_LOG_ACK, 0, bytes, sizeof(bytes));
	}
	if (agent->owes_windows)
		agent_streams_give_windows(agent);
}

void agent_flush(struct agent *agent)
{
	unsigned events = 0;

	if (agent->fd < 0)
		return;
	queue_owed(agent);
	send_queue(agent);
	if (agent_queued(agent) < STOP_READING_BYTES && !agent->is_paused)
		events |= LOOP_READ;
	if (agent_queued(agent) > 0)
		events |= LOOP_WRITE;
	if (agent->source != NULL && events != agent->events) {
		agent->events = events;
		loop_fd_set_events(agent->source, events);
	}
}

bool agent_send(struct agent *agent, enum wire_type type, uint16_t stream, const void *bytes,
		size_t size, struct error *err)
{
	if (agent->state != AGENT_UP)
		return error_set(err, ERROR_NETWORK, "%s: the guest's agent is not connected",
				 agent->name);
	if (size > WIRE_MAX_TO_GUEST ||
	    agent_queued(agent) + wire_encoded_size(size) > AGENT_MAX_QUEUE_BYTES)
		return error_set(err, ERROR_FULL, "%s: the guest's agent takes no more data",
				 agent->name);
	wire_append(&agent->out, type, stream, bytes, size);
	agent_flush(agent);
	return true;
}

void agent_send_small(struct agent *agent, enum wire_type type, uint16_t stream, const void *bytes,
		      size_t size)
{
	if (agent->state != AGENT_UP)
		return;
	wire_append(&agent->out, type, stream, bytes, size);
	agent_flush(agent);
}

static bool is_greeting(const struct agent *agent, const struct wire_message *message)
{
	return message->type == WIRE_HELLO && message->size >= WIRE_GREETING_SIZE &&
	       memcmp(message->bytes + WIRE_MAGIC_SIZE, agent->nonce, WIRE_NONCE_SIZE) == 0;
}

static bool read_hello(const struct wire_message *message, struct hello *ret, struct error *err)
{
	if (!hello_read(message->bytes + WIRE_GREETING_SIZE, message->size - WIRE_GREETING_SIZE,
			ret, err))
		return false;
	/* A pod of an older image: raw output is what it does not know of. */
	return ret->version == WIRE_VERSION || ret->version == 1 ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "the guest speaks version %lld of the agent protocol, not 1 to %d",
			 (long long)ret->version, WIRE_VERSION);
}

static bool read_greeting(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	AUTO(hello_clear) struct hello hello = {0};

	if (!read_hello(message, &hello, err)) {
		if (agent->handler.refused != NULL)
			agent->handler.refused(agent, err->message, agent->arg);
		return false;
	}
	agent->state = AGENT_UP;
	agent->connect_failures = 0;
	agent->violations = 0;
	loop_timer_cancel(agent->timer);
	agent->log_position = 0;
	agent->log_acked = 0;
	agent->answers_pings = hello.answers_pings;
	agent->takes_touches = hello.takes_touches;
	agent->takes_holds = hello.takes_holds;
	agent->takes_templates = hello.takes_templates;
	agent->unanswered = 0;
	if (agent->handler.up != NULL)
		agent->handler.up(agent, hello.state, hello.boot, agent->arg);
	return !agent->is_freed;
}

static bool take_message(struct agent *agent, const struct wire_message *message, struct error *err)
{
	if (agent->state == AGENT_UP && message->type != WIRE_HELLO)
		return agent_receive(agent, message, err);
	if (agent->state == AGENT_GREETING && is_greeting(agent, message))
		return read_greeting(agent, message, err);
	return error_set(err, ERROR_INVALID, "unexpected %s", wire_type_name(message->type));
}

/* Handles all whole messages; false when the agent is gone or no longer connected. */
static bool take_messages(struct agent *agent)
{
	struct wire_message message;
	struct error err = ERROR_INIT;
	enum wire_result result;

	while ((result = wire_decoder_next(agent->decoder, &message, &err)) == WIRE_MESSAGE) {
		bool is_good = take_message(agent, &message, &err);
		if (agent->is_freed || agent->state == AGENT_CONNECTING) {
			error_clear(&err);
			return false;
		}
		if (!is_good) {
			result = WIRE_BROKEN;
			break;
		}
	}
	if (result != WIRE_BROKEN)
		return true;
	agent->counters.violations++;
	disconnect(agent, err.message, backoff_ms(&after_violation, agent->violations++));
	error_clear(&err);
	return false;
}

static void on_pause_over(struct loop_timer *timer, void *arg)
{
	struct agent *agent = arg;
	(void)timer;

	agent->is_paused = false;
	agent_flush(agent);
}

static void pause_if_spent(struct agent *agent)
{
	uint64_t wait_ms = budget_wait_ms(&agent->budget, 1, clock_monotonic_ms());

	if (wait_ms == 0)
		return;
	/* Longer pauses rather than many. */
	loop_timer_set(agent->pause, wait_ms < LEAST_PAUSE_MS ? LEAST_PAUSE_MS : wait_ms);
	agent->is_paused = true;
}

/* False when the agent is gone or no longer connected. */
static bool read_socket(struct agent *agent)
{
	static char bytes[READ_BYTES];

	for (int i = 0; i < MAX_READS; i++) {
		ssize_t got = recv(agent->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (got <= 0) {
			disconnect(agent, "the VM closed the channel",
				   backoff_ms(&reconnect, agent->connect_failures));
			return false;
		}
		agent->counters.received_bytes += (uint64_t)got;
		agent->unanswered = 0;
		wire_decoder_feed(agent->decoder, bytes, (size_t)got);
		if (!take_messages(agent))
			return false;
		pause_if_spent(agent);
		if ((size_t)got < sizeof(bytes) || agent->is_paused ||
		    agent_queued(agent) >= STOP_READING_BYTES)
			return true;
	}
	return true;
}

static void on_socket(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct agent *agent = arg;
	bool is_connected = true;
	(void)source;
	(void)fd;

	hold(agent);
	if ((events & (LOOP_READ | LOOP_HANGUP)) != 0)
		is_connected = read_socket(agent);
	if (is_connected && !agent->is_freed)
		agent_flush(agent);
	(void)let_go(agent);
}

static void greet(struct agent *agent)
{
	agent->state = AGENT_GREETING;
	agent->counters.connects++;
	if (getrandom(agent->nonce, sizeof(agent->nonce), 0) != (ssize_t)sizeof(agent->nonce))
		abort();
	wire_decoder_expect_hello(agent->decoder, agent->nonce);
	wire_append_hello(&agent->out, agent->nonce, NULL);
	agent->events = LOOP_READ;
	agent->source = loop_add_fd(agent->loop, agent->fd, agent->events, on_socket, agent);
	loop_timer_set(agent->timer, GREETING_TIMEOUT_MS);
	agent_flush(agent);
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct agent *agent = arg;
	(void)timer;

	if (agent->state == AGENT_GREETING) {
		disconnect(agent, "no answer from the guest",
			   backoff_ms(&reconnect, agent->connect_failures));
		return;
	}
	agent->fd = unix_socket_connect(agent->path, SOCK_NONBLOCK, LISTENER_OF_VM, NULL);
	if (agent->fd >= 0) {
		greet(agent);
		return;
	}
	start_connecting(agent, backoff_ms(&reconnect, agent->connect_failures++));
}

static void start_connecting(struct agent *agent, uint64_t pause_ms)
{
	agent->state = AGENT_CONNECTING;
	loop_timer_set(agent->timer, pause_ms);
}

static struct agent *make_agent(struct loop *loop, const char *name,
				const struct agent_handler *handler, void *arg)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));

	agent->loop = loop;
	agent->name = xstrdup(name);
	agent->handler = *handler;
	agent->arg = arg;
	agent->fd = -1;
	agent->decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	agent->timer = loop_add_timer(loop, 0, on_timer, agent);
	agent->pause = loop_add_timer(loop, 0, on_pause_over, agent);
	loop_timer_cancel(agent->pause);
	/* Kept over connections: to come again buys nothing. */
	budget_start(&agent->budget, AGENT_SAYS_AT_ONCE, AGENT_SAYS_PER_SECOND,
		     clock_monotonic_ms());
	return agent;
}

struct agent *agent_new(struct loop *loop, const char *name, const char *socket_path,
			const struct agent_handler *handler, void *arg)
{
	struct agent *agent = make_agent(loop, name, handler, arg);

	agent->path = xstrdup(socket_path);
	return agent;
}

struct agent *agent_new_fd(struct loop *loop, const char *name, int fd,
			   const struct agent_handler *handler, void *arg)
{
	struct agent *agent = make_agent(loop, name, handler, arg);
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	agent->fd = fd;
	greet(agent);
	return agent;
}

enum agent_state agent_get_state(const struct agent *agent)
{
	return agent->state;
}

bool agent_takes_holds(const struct agent *agent)
{
	return agent->takes_holds;
}

bool agent_is_up(const struct agent *agent)
{
	return agent->state == AGENT_UP;
}

void agent_get_counters(const struct agent *agent, struct agent_counters *ret)
{
	*ret = agent->counters;
	ret->streams = agent->guest_stream_count;
	for (size_t i = 0; i < AGENT_MAX_STREAMS; i++)
		ret->streams += agent->streams[i] != NULL ? 1 : 0;
}

void agent_set_log_position(struct agent *agent, uint64_t sequence)
{
	agent->log_position = sequence;
}

unsigned agent_ping(struct agent *agent)
{
	if (agent->state != AGENT_UP || !agent->answers_pings)
		return 0;
	/* One that does not read gets no more of them. */
	if (agent_queued(agent) <= SMALL_QUEUE_BYTES)
		agent_send_small(agent, WIRE_PING, 0, "", 0);
	return agent->unanswered++;
}

bool agent_send_release(struct agent *agent, const char *json, struct error *err)
{
	return agent_send(agent, WIRE_RELEASE, 0, json, strlen(json), err);
}

bool agent_send_hosts(struct agent *agent, const char *json, struct error *err)
{
	return agent_send(agent, WIRE_HOSTS, 0, json, strlen(json), err);
}

bool agent_send_time(struct agent *agent, int64_t wall_ns, struct error *err)
{
	uint8_t bytes[8];

	bytes_put_u64(bytes, (uint64_t)wall_ns);
	return agent_send(agent, WIRE_TIME, 0, bytes, sizeof(bytes), err);
}

bool agent_send_template(struct agent *agent, struct error *err)
{
	if (agent->state == AGENT_UP && !agent->takes_templates)
		return error_set(err, ERROR_UNSUPPORTED,
				 "its base is of a release from before there were templates");
	return agent_send(agent, WIRE_TEMPLATE, 0, "", 0, err);
}

bool agent_request_stats(struct agent *agent, uint32_t interval_ms, struct error *err)
{
	uint8_t bytes[4];

	bytes_put_u32(bytes, interval_ms);
	return agent_send(agent, WIRE_STATS_REQUEST, 0, bytes, sizeof(bytes), err);
}

bool agent_send_shutdown(struct agent *agent, int64_t grace_s, struct error *err)
{
	AUTO_FREE char *json = shutdown_write(grace_s);

	return agent_send(agent, WIRE_SHUTDOWN, 0, json, strlen(json), err);
}

bool agent_touch_file(struct agent *agent, const char *volume, const char *path, struct error *err)
{
	AUTO(file_push_clear)
	struct file_push touch = {.volume = xstrdup(volume), .path = xstrdup(path)};
	AUTO_FREE char *text = file_push_write(&touch);

	return !agent->takes_touches ||
	       agent_send(agent, WIRE_FILE_TOUCH, 0, text, strlen(text), err);
}

bool agent_push_file(struct agent *agent, const struct agent_file *file, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf message = STRBUF_INIT;
	AUTO(file_push_clear)
	struct file_push push = {.volume = xstrdup(file->volume),
				 .path = xstrdup(file->path),
				 .mode = file->mode,
				 .is_deleted = file->bytes == NULL,
				 .size_bytes = file->size};
	AUTO_FREE char *header = file_push_write(&push);

	if (file->size > MAX_FILE_BYTES)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s: %zu bytes; files over %zu are not pushed into a pod",
				 file->path, file->size, MAX_FILE_BYTES);
	strbuf_append_bytes(&message, header, strlen(header) + 1);
	if (file->bytes != NULL)
		strbuf_append_bytes(&message, file->bytes, file->size);
	return agent_send(agent, WIRE_FILE_PUSH, 0, message.data, message.size, err);
}
