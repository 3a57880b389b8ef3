/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "local/agent/agent.h"
#include "local/agent/agent_stream.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t sum;

/* Reads what handlers are given, so that a pointer that is wrong shows. */
static void touch(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
}

static void touch_text(const char *text)
{
	if (text != NULL)
		touch(text, strlen(text));
}

static void on_data(struct agent_stream *stream, bool is_stderr, const void *bytes, size_t size,
		    void *arg)
{
	(void)is_stderr;
	(void)arg;
	touch(bytes, size);
	agent_stream_consumed(stream, size);
}

static void on_closed(struct agent_stream *stream, const struct agent_stream_end *end, void *arg)
{
	(void)stream;
	(void)arg;
	touch_text(end->error);
}

static const struct agent_stream_handler stream_handler = {.data = on_data, .closed = on_closed};

static void on_tunnel(struct agent *agent, struct agent_stream *stream, const char *service,
		      uint16_t port, void *arg)
{
	(void)agent;
	(void)arg;
	touch_text(service);
	if (port % 2 == 0)
		agent_stream_accept(stream, &stream_handler, NULL);
	else if (port % 3 == 0)
		agent_stream_abort(stream, "no");
}

static void on_event(struct agent *agent, const struct guest_event *event, void *arg)
{
	(void)agent;
	(void)arg;
	touch_text(event->container);
	touch_text(event->message);
	touch_text(event->reason);
	touch_text(event->stage);
	touch_text(event->phase);
}

static void on_stats(struct agent *agent, const struct guest_stats *stats, void *arg)
{
	(void)agent;
	(void)arg;
	for (size_t i = 0; i < stats->container_count; i++)
		touch_text(stats->containers[i].name);
}

static bool on_log(struct agent *agent, const struct log_entry *records, size_t count, void *arg)
{
	(void)agent;
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		touch_text(records[i].container);
		touch(records[i].text, records[i].size);
	}
	return true;
}

static const struct agent_handler handler = {
	.event = on_event, .stats = on_stats, .log = on_log, .tunnel = on_tunnel};

static void start_streams(struct agent *agent)
{
	AUTO(exec_start_clear) struct exec_start exec = {0};

	string_list_add(&exec.argv, "sh");
	(void)!agent_exec(agent, &exec, &stream_handler, NULL, NULL);
	(void)!agent_tunnel(agent, 80, false, &stream_handler, NULL, NULL);
}

/* Reads the host's greeting and echoes it: from then on the input speaks. */
static bool greet(struct loop *loop, int fd)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	uint8_t hello[WIRE_HEADER_SIZE + WIRE_GREETING_SIZE];

	if (recv(fd, hello, sizeof(hello), 0) != (ssize_t)sizeof(hello))
		return false;
	wire_append_hello(&out, hello + WIRE_HEADER_SIZE + WIRE_MAGIC_SIZE, "{\"version\":1}");
	if (send(fd, out.data, out.size, 0) != (ssize_t)out.size)
		return false;
	loop_step(loop, 0);
	return true;
}

/* What a guest sends after its greeting, with an exec and a tunnel open as streams 1 and 2. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct loop *loop = loop_new(NULL);
	struct agent *agent;
	int fds[2];

	if (loop == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	agent = agent_new_fd(loop, "fuzz", fds[0], &handler, NULL);
	if (!greet(loop, fds[1]) || !agent_is_up(agent))
		abort();
	start_streams(agent);
	while (size > 0 && agent_is_up(agent)) {
		ssize_t put = send(fds[1], bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put > 0) {
			bytes += put;
			size -= (size_t)put;
		}
		loop_step(loop, 0);
	}
	loop_step(loop, 0);
	agent_free(agent);
	(void)close(fds[1]);
	loop_free(loop);
	return 0;
}
