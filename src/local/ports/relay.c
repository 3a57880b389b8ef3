/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

#define PIPE_BYTES   (256 << 10) /* a whole socket buffer's worth; the kernel may give less */
#define UNSENT_BYTES (128 << 10)
/* As it is asked for; the kernel counts its own bookkeeping and gives twice that. */
#define RECEIVE_BYTES (256 << 10)
#define SPLICE_MAX    ((size_t)1 << 20)
/* Of one direction per call, so that one connection leaves time to others. */
#define MAX_ROUNDS  16
#define STOCK_COUNT 64

struct pipe_ends {
	int out; /* -1: none */
	int in;
};

struct relay_pipes {
	struct pipe_ends stock[STOCK_COUNT];
	size_t count;
};

struct side {
	int fd;
	struct loop_fd *source; /* NULL once the peer has hung up */
	unsigned events;	/* asked for */
};

/* Bytes on their way from sides[i] to sides[1 - i]. */
struct direction {
	struct pipe_ends pipe; /* only while it holds something */
	size_t held;
	bool is_at_eof;	  /* the source has ended */
	bool is_finished; /* and the sink was told */
	bool is_blocked;  /* the sink takes no more for now */
	uint64_t *count;
};

struct relay {
	struct loop *loop;
	struct relay_pipes *pipes;
	struct side sides[2];
	struct direction directions[2];
	struct loop_idle *ending;
	bool is_clean;
	relay_done_fn *done;
	void *arg;
};

struct relay_pipes *relay_pipes_new(void)
{
	return xcalloc(1, sizeof(struct relay_pipes));
}

static void close_pipe(struct pipe_ends *ends)
{
	if (ends->out >= 0) {
		(void)close(ends->out);
		(void)close(ends->in);
	}
	*ends = (struct pipe_ends){-1, -1};
}

void relay_pipes_free(struct relay_pipes *pipes)
{
	if (pipes == NULL)
		return;
	for (size_t i = 0; i < pipes->count; i++)
		close_pipe(&pipes->stock[i]);
	free(pipes);
}

static bool take_pipe(struct relay_pipes *pipes, struct pipe_ends *ret)
{
	int fds[2];

	if (pipes->count > 0) {
		*ret = pipes->stock[--pipes->count];
		return true;
	}
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	/* Not granted beyond a user's share: then it stays at 64 KiB and works the same. */
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	*ret = (struct pipe_ends){.out = fds[0], .in = fds[1]};
	return true;
}

static void give_pipe(struct relay_pipes *pipes, struct pipe_ends *ends)
{
	if (pipes->count < STOCK_COUNT && ends->out >= 0) {
		pipes->stock[pipes->count++] = *ends;
		*ends = (struct pipe_ends){-1, -1};
	} else {
		close_pipe(ends);
	}
}

void relay_reset_fd(int fd)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(fd);
}

static void release(struct relay *relay)
{
	for (size_t i = 0; i < 2; i++) {
		loop_fd_remove(relay->sides[i].source);
		if (relay->is_clean)
			(void)close(relay->sides[i].fd);
		else
			relay_reset_fd(relay->sides[i].fd);
		/* A pipe with something left in it is of no use to the next one. */
		if (relay->directions[i].held > 0)
			close_pipe(&relay->directions[i].pipe);
		else
			give_pipe(relay->pipes, &relay->directions[i].pipe);
	}
	free(relay);
}

void relay_cut(struct relay *relay)
{
	if (relay == NULL)
		return;
	if (relay->ending != NULL)
		loop_idle_remove(relay->ending);
	else
		relay->is_clean = false;
	release(relay);
}

static void end_now(void *arg)
{
	struct relay *relay = arg;
	relay_done_fn *done = relay->done;
	void *done_arg = relay->arg;
	bool is_clean = relay->is_clean;

	release(relay);
	done(is_clean ? RELAY_CLEAN : RELAY_CUT, done_arg);
}

static void end(struct relay *relay, bool is_clean)
{
	if (relay->ending != NULL)
		return;
	relay->is_clean = is_clean;
	for (size_t i = 0; i < 2; i++) {
		loop_fd_remove(relay->sides[i].source);
		relay->sides[i].source = NULL;
	}
	relay->ending = loop_add_idle(relay->loop, end_now, relay);
}

/* Returns false for an error that ends the relay. */
static bool fill(struct relay *relay, struct direction *way, int from)
{
	ssize_t got;

	if (way->pipe.out < 0 && !take_pipe(relay->pipes, &way->pipe))
		return false;
	got = splice(from, NULL, way->pipe.in, NULL, SPLICE_MAX, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (got > 0)
		way->held += (size_t)got;
	else if (got == 0)
		way->is_at_eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		return false;
	return true;
}

static bool drain(struct direction *way, int to)
{
	ssize_t put =
		splice(way->pipe.out, NULL, to, NULL, way->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (put > 0) {
		way->held -= (size_t)put;
		if (way->count != NULL)
			*way->count += (uint64_t)put;
		return true;
	}
	if (put < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	way->is_blocked = true;
	return true;
}

/* Moves what can be moved from sides[i] to the other side. */
static bool pump(struct relay *relay, size_t i)
{
	struct direction *way = &relay->directions[i];
	int from = relay->sides[i].fd;
	int to = relay->sides[1 - i].fd;

	way->is_blocked = false;
	for (int round = 0; round < MAX_ROUNDS && !way->is_finished && !way->is_blocked; round++) {
		if (way->held == 0 && !way->is_at_eof && !fill(relay, way, from))
			return false;
		if (way->held == 0 && !way->is_at_eof)
			break;
		if (way->held > 0 && !drain(way, to))
			return false;
		if (way->held == 0 && way->is_at_eof) {
			(void)shutdown(to, SHUT_WR);
			way->is_finished = true;
		}
	}
	if (way->held == 0)
		give_pipe(relay->pipes, &way->pipe);
	return true;
}

static void ask(struct relay *relay, size_t i)
{
	struct side *side = &relay->sides[i];
	const struct direction *out = &relay->directions[i];
	const struct direction *in = &relay->directions[1 - i];
	unsigned events = 0;

	if (!out->is_at_eof && out->held == 0)
		events |= LOOP_READ;
	/* A side that hung up has no source to tell us of more: its sink's readiness drives it. */
	if (in->held > 0 || (relay->sides[1 - i].source == NULL && !in->is_finished))
		events |= LOOP_WRITE;
	if (side->source == NULL || side->events == events)
		return;
	side->events = events;
	loop_fd_set_events(side->source, events);
}

static void advance(struct relay *relay, size_t i)
{
	if (!pump(relay, i)) {
		end(relay, false);
		return;
	}
	ask(relay, 0);
	ask(relay, 1);
	if (relay->directions[0].is_finished && relay->directions[1].is_finished)
		end(relay, true);
}

/* The peer closed both ways: what it sent can still be read, and nothing can be sent to it. */
static void hang_up(struct relay *relay, size_t i)
{
	int problem = 0;
	socklen_t size = sizeof(problem);
	struct direction *in = &relay->directions[1 - i];

	(void)getsockopt(relay->sides[i].fd, SOL_SOCKET, SO_ERROR, &problem, &size);
	if (problem != 0 || in->held > 0) {
		end(relay, false);
		return;
	}
	loop_fd_remove(relay->sides[i].source);
	relay->sides[i].source = NULL;
	in->is_at_eof = true;
	in->is_finished = true;
	advance(relay, i);
}

static void on_event(struct relay *relay, size_t i, unsigned events)
{
	if ((events & LOOP_WRITE) != 0)
		advance(relay, 1 - i);
	if (relay->ending == NULL && (events & LOOP_READ) != 0)
		advance(relay, i);
	if (relay->ending == NULL && (events & LOOP_HANGUP) != 0)
		hang_up(relay, i);
}

static void on_first(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	on_event(arg, 0, events);
}

static void on_second(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	on_event(arg, 1, events);
}

void relay_bound_buffer(int fd)
{
	const int bytes = RECEIVE_BYTES;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static void prepare_socket(int fd)
{
	const int on = 1;
	const int unsent = UNSENT_BYTES;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	/* Fails for a unix socket, which does not wait anyway. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* What is under way may be much; what waits for a peer that does not read is little. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

struct relay *relay_sockets(const struct relay_options *options, int first_fd, int second_fd)
{
	struct relay *relay = xcalloc(1, sizeof(*relay));

	relay->loop = options->loop;
	relay->pipes = options->pipes;
	relay->done = options->done;
	relay->arg = options->arg;
	relay->sides[0].fd = first_fd;
	relay->sides[1].fd = second_fd;
	relay->directions[0].count = options->count_in;
	relay->directions[1].count = options->count_out;
	for (size_t i = 0; i < 2; i++) {
		struct side *side = &relay->sides[i];
		relay->directions[i].pipe = (struct pipe_ends){-1, -1};
		prepare_socket(side->fd);
		side->events = LOOP_READ;
		side->source = loop_add_fd(relay->loop, side->fd, side->events,
					   i == 0 ? on_first : on_second, relay);
	}
	return relay;
}
