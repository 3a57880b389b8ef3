/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "guest/channel/say.h"

#define QUEUE_BYTES ((size_t)128 << 10) /* bulk data waits above this */
#define READ_BYTES  ((size_t)32 << 10)	/* QEMU's buffers are smaller */

/*
 * The port is readable for ever (end of file) while no host is connected, and its hangup cannot be
 * masked: a level-triggered watch would spin. So the loop watches an epoll of its own, in which the
 * port is edge-triggered.
 */
struct channel {
	struct loop *loop;
	int fd;	   /* owned */
	int edges; /* owned; the inner epoll */
	struct loop_fd *watch;
	struct loop_idle *soon; /* a flush is coming */
	struct channel_handler handler;
	void *arg;
	struct wire_decoder *decoder;
	struct strbuf out;
	size_t out_start;
	bool is_up;
	bool has_greeted; /* in this round of reading */
};

/* Nothing more to this host. */
static void hang_up(struct channel *channel)
{
	strbuf_clear(&channel->out);
	channel->out_start = 0;
	if (!channel->is_up)
		return;
	channel->is_up = false;
	channel->handler.down(channel->arg);
}

static void go_down(struct channel *channel)
{
	wire_decoder_expect_hello(channel->decoder, NULL);
	hang_up(channel);
}

static void greet(struct channel *channel, const struct wire_message *hello)
{
	hang_up(channel);
	AUTO_FREE char *json =
		channel->handler.greeting(hello->bytes + WIRE_MAGIC_SIZE, channel->arg);
	wire_append_hello(&channel->out, hello->bytes + WIRE_MAGIC_SIZE, json);
	channel->is_up = true;
	channel->has_greeted = true;
	channel->handler.up(channel->arg);
}

/* Whether the host's very first bytes are here: a new connection, whatever the old one left. */
static bool begins_hello(const uint8_t *bytes, size_t size)
{
	return size >= WIRE_HEADER_SIZE + WIRE_GREETING_SIZE &&
	       bytes_get_u32(bytes) == WIRE_GREETING_SIZE && bytes[4] == WIRE_HELLO &&
	       memcmp(bytes + WIRE_HEADER_SIZE, WIRE_MAGIC, WIRE_MAGIC_SIZE) == 0;
}

static void take_bytes(struct channel *channel, const uint8_t *bytes, size_t size)
{
	/* What the host before left half said is not its successor's beginning. */
	if (begins_hello(bytes, size))
		go_down(channel);
	wire_decoder_feed(channel->decoder, bytes, size);
	for (;;) {
		struct wire_message message;
		AUTO(error_clear) struct error err = ERROR_INIT;
		enum wire_result result = wire_decoder_next(channel->decoder, &message, &err);
		if (result == WIRE_NEED_MORE)
			return;
		if (result == WIRE_BROKEN) {
			say("%s", err.message);
			go_down(channel);
			return;
		}
		if (message.type != WIRE_HELLO)
			channel->handler.message(&message, channel->arg);
		else if (message.size == WIRE_GREETING_SIZE)
			greet(channel, &message);
	}
}

/*
 * A host's first bytes may be here before the kernel knows that it has come: the port then reads as
 * ended right behind its HELLO. The answer stays queued; a host that has gone in truth ends the
 * next round, or is followed by another HELLO.
 */
static void take_end(struct channel *channel)
{
	if (!channel->has_greeted)
		go_down(channel);
}

static void read_all(struct channel *channel)
{
	static uint8_t buffer[READ_BYTES];
	channel->has_greeted = false;
	for (;;) {
		ssize_t size = read(channel->fd, buffer, sizeof(buffer));
		if (size > 0)
			take_bytes(channel, buffer, (size_t)size);
		else if (size < 0 && errno == EINTR)
			continue;
		else if (size < 0 && errno == EAGAIN)
			return;
		else {
			take_end(channel);
			return;
		}
	}
}

bool channel_flush(struct channel *channel)
{
	while (channel->out_start < channel->out.size) {
		ssize_t size = write(channel->fd, channel->out.data + channel->out_start,
				     channel->out.size - channel->out_start);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		channel->out_start += (size_t)size;
	}
	if (channel->out_start == channel->out.size) {
		strbuf_reset(&channel->out);
		channel->out_start = 0;
		return true;
	}
	if (channel->out_start > QUEUE_BYTES) {
		strbuf_consume(&channel->out, channel->out_start);
		channel->out_start = 0;
	}
	return false;
}

/* Flushes, and lets the owner queue more for as long as it goes out at once. */
static void pump(struct channel *channel)
{
	for (int round = 0; round < 16; round++) {
		if (!channel_flush(channel) || !channel->is_up)
			return;
		channel->handler.drained(channel->arg);
		if (channel->out.size == 0)
			return;
	}
}

static void on_edge(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)events;
	struct channel *channel = arg;
	struct epoll_event event;
	(void)epoll_wait(fd, &event, 1, 0); /* takes the edge */
	read_all(channel);
	pump(channel);
}

static void on_soon(void *arg)
{
	struct channel *channel = arg;
	channel->soon = NULL;
	pump(channel);
}

struct channel *channel_new(struct loop *loop, int fd, const struct channel_handler *handler,
			    void *arg)
{
	struct channel *channel = xcalloc(1, sizeof(*channel));
	channel->loop = loop;
	channel->fd = fd;
	channel->handler = *handler;
	channel->arg = arg;
	channel->decoder = wire_decoder_new(WIRE_MAX_TO_GUEST);
	channel->edges = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	if (channel->edges < 0 || epoll_ctl(channel->edges, EPOLL_CTL_ADD, fd, &event) < 0)
		say("agent channel: epoll: %s", strerror(errno));
	else
		channel->watch = loop_add_fd(loop, channel->edges, LOOP_READ, on_edge, channel);
	return channel;
}

void channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	loop_fd_remove(channel->watch);
	if (channel->soon != NULL)
		loop_idle_remove(channel->soon);
	(void)close(channel->edges);
	(void)close(channel->fd);
	wire_decoder_free(channel->decoder);
	strbuf_clear(&channel->out);
	free(channel);
}

bool channel_is_up(const struct channel *channel)
{
	return channel != NULL && channel->is_up;
}

void channel_send(struct channel *channel, enum wire_type type, uint16_t stream, const void *bytes,
		  size_t size)
{
	if (!channel_is_up(channel))
		return;
	wire_append(&channel->out, type, stream, bytes, size);
	if (channel->soon == NULL)
		channel->soon = loop_add_idle(channel->loop, on_soon, channel);
}

void channel_send_text(struct channel *channel, enum wire_type type, uint16_t stream,
		       const char *text)
{
	channel_send(channel, type, stream, text, strlen(text));
}

bool channel_is_full(const struct channel *channel)
{
	return channel->out.size - channel->out_start >= QUEUE_BYTES;
}

void channel_drain(struct channel *channel, unsigned timeout_ms)
{
	uint64_t deadline = clock_monotonic_ms() + timeout_ms;
	while (channel_is_up(channel) && !channel_flush(channel)) {
		uint64_t now = clock_monotonic_ms();
		struct pollfd wait = {.fd = channel->fd, .events = POLLOUT};
		if (now >= deadline || poll(&wait, 1, (int)(deadline - now)) < 0)
			return;
		if ((wait.revents & POLLHUP) != 0)
			return;
	}
}
