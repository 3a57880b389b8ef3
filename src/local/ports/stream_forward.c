/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/stream_forward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "local/agent/agent_stream.h"
#include "local/ports/relay.h"
#include "local/ports/stream_relay.h"

struct forward {
	struct forward *next;
	struct stream_forwards *owner;
	struct stream_relay *relay;
};

struct stream_forwards {
	struct loop *loop;
	struct forward *first;
	size_t count;
};

struct stream_forwards *stream_forwards_new(struct loop *loop)
{
	struct stream_forwards *forwards = xcalloc(1, sizeof(*forwards));

	forwards->loop = loop;
	return forwards;
}

static void forget(struct forward *forward)
{
	struct forward **link = &forward->owner->first;

	while (*link != forward)
		link = &(*link)->next;
	*link = forward->next;
	forward->owner->count--;
	free(forward);
}

void stream_forwards_free(struct stream_forwards *forwards)
{
	if (forwards == NULL)
		return;
	while (forwards->first != NULL) {
		stream_relay_cut(forwards->first->relay);
		forget(forwards->first);
	}
	free(forwards);
}

size_t stream_forwards_count(const struct stream_forwards *forwards)
{
	return forwards->count;
}

static void on_done(enum relay_end how, void *arg)
{
	(void)how;
	forget(arg);
}

bool stream_forward_start(struct stream_forwards *forwards, int fd,
			  const struct stream_forward_to *to, const char *answer, struct error *err)
{
	struct forward *forward;
	struct agent_stream *stream;
	struct relay_options options = {.loop = forwards->loop, .done = on_done};

	if (to->agent == NULL)
		return error_set(err, ERROR_NETWORK, "the guest's agent is not connected");
	forward = xcalloc(1, sizeof(*forward));
	forward->owner = forwards;
	options.arg = forward;
	forward->relay = stream_relay_start(&options, fd);
	stream = agent_tunnel(to->agent, to->port, false, &stream_relay_handler, forward->relay,
			      err);
	if (stream == NULL) {
		stream_relay_forget(forward->relay);
		free(forward);
		return false;
	}
	/* The socket is fresh: a line fits. A client that has gone shows in the relay. */
	(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	forward->next = forwards->first;
	forwards->first = forward;
	forwards->count++;
	stream_relay_attach(forward->relay, stream);
	return true;
}
