/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/outside_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "base/parse.h"

#define MAX_PAIRS    512
#define CONNECT_MS   5000 /* for each target */
#define BUFFER_BYTES ((size_t)32 << 10)

/* What came from one end and goes to the other. */
struct way {
	uint8_t *bytes;
	size_t first;
	size_t size;
	bool is_ended; /* its source sends no more */
	bool is_shut;  /* and the other end was told */
};

enum { CLIENT, TARGET, ENDS };

struct pair {
	struct pair *next;
	struct outside_proxy *proxy;
	int fds[ENDS]; /* owned */
	struct loop_fd *sources[ENDS];
	struct way ways[ENDS]; /* from that end */
	struct loop_timer *timer;
	bool is_connecting;
	size_t first; /* target to be tried */
	size_t tries;
};

struct outside_proxy {
	struct loop *loop;
	struct loop_fd *source;
	struct string_list targets;
	bool is_sticky;
	size_t next_target;
	struct pair *pairs;
	size_t pair_count;
};

static void forget_pair(struct pair *pair)
{
	struct pair **link = &pair->proxy->pairs;

	while (*link != pair)
		link = &(*link)->next;
	*link = pair->next;
	pair->proxy->pair_count--;
	for (int end = 0; end < ENDS; end++) {
		loop_fd_remove(pair->sources[end]);
		auto_close(&pair->fds[end]);
		free(pair->ways[end].bytes);
	}
	loop_timer_remove(pair->timer);
	free(pair);
}

/* The client sees a reset, as of a Service that nobody is behind. */
static void refuse_client(struct pair *pair)
{
	const struct linger now = {.l_onoff = 1};

	(void)setsockopt(pair->fds[CLIENT], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	forget_pair(pair);
}

/* False: the other end takes no more, and never will. */
static bool push(struct way *way, int to)
{
	while (way->size > 0) {
		ssize_t sent =
			send(to, way->bytes + way->first, way->size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		way->first += (size_t)sent;
		way->size -= (size_t)sent;
	}
	if (way->is_ended && !way->is_shut) {
		way->is_shut = true;
		(void)shutdown(to, SHUT_WR);
	}
	return true;
}

static bool pull(struct way *way, int from)
{
	if (way->size > 0 || way->is_ended)
		return true;
	ssize_t got = recv(from, way->bytes, BUFFER_BYTES, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	way->first = 0;
	way->size = (size_t)got;
	way->is_ended = got == 0;
	return true;
}

static void relay(struct pair *pair)
{
	for (int end = 0; end < ENDS; end++) {
		struct way *way = &pair->ways[end];
		if (!push(way, pair->fds[!end]) || !pull(way, pair->fds[end]) ||
		    !push(way, pair->fds[!end])) {
			refuse_client(pair);
			return;
		}
	}
	if (pair->ways[CLIENT].is_shut && pair->ways[TARGET].is_shut) {
		forget_pair(pair);
		return;
	}
	for (int end = 0; end < ENDS; end++) {
		const struct way *from = &pair->ways[end];
		bool wants_read = from->size == 0 && !from->is_ended;
		bool wants_write = pair->ways[!end].size > 0;
		loop_fd_set_events(pair->sources[end],
				   (wants_read ? LOOP_READ : 0) | (wants_write ? LOOP_WRITE : 0));
	}
}

static void try_next(struct pair *pair);

static void on_client(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct pair *pair = arg;
	(void)source;
	(void)fd;
	/* Before there is a target, only that the client has gone is of interest. */
	if (!pair->is_connecting)
		relay(pair);
	else if ((events & LOOP_HANGUP) != 0)
		forget_pair(pair);
}

static void on_target(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct pair *pair = arg;
	int failed = 0;
	socklen_t size = sizeof(failed);
	(void)source;
	(void)events;

	if (!pair->is_connecting) {
		relay(pair);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) < 0 || failed != 0) {
		try_next(pair);
		return;
	}
	pair->is_connecting = false;
	if (pair->proxy->is_sticky)
		pair->proxy->next_target = pair->first + pair->tries - 1;
	loop_timer_cancel(pair->timer);
	relay(pair);
}

static bool parse_target(const char *text, struct sockaddr_in *ret)
{
	const char *colon = strrchr(text, ':');
	uint16_t port;

	if (colon == NULL || !parse_port(colon + 1, &port))
		return false;
	AUTO_FREE char *ip = xstrndup(text, (size_t)(colon - text));
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	return inet_pton(AF_INET, ip, &ret->sin_addr) == 1;
}

static bool start_connect(struct pair *pair, const char *target)
{
	struct sockaddr_in address;

	if (!parse_target(target, &address))
		return false;
	pair->fds[TARGET] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (pair->fds[TARGET] < 0 ||
	    (connect(pair->fds[TARGET], (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	     errno != EINPROGRESS))
		return false;
	pair->sources[TARGET] =
		loop_add_fd(pair->proxy->loop, pair->fds[TARGET], LOOP_WRITE, on_target, pair);
	loop_timer_set(pair->timer, CONNECT_MS);
	return true;
}

/* May free it. */
static void try_next(struct pair *pair)
{
	const struct outside_proxy *proxy = pair->proxy;

	for (;;) {
		loop_fd_remove(pair->sources[TARGET]);
		pair->sources[TARGET] = NULL;
		auto_close(&pair->fds[TARGET]);
		if (pair->tries >= proxy->targets.count) {
			refuse_client(pair);
			return;
		}
		size_t target = (pair->first + pair->tries++) % proxy->targets.count;
		if (start_connect(pair, proxy->targets.items[target]))
			return;
	}
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	(void)timer;
	try_next(arg);
}

static void on_connection(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct outside_proxy *proxy = arg;
	AUTO_CLOSE int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	(void)source;
	(void)events;

	if (accepted < 0 || proxy->pair_count >= MAX_PAIRS)
		return;
	struct pair *pair = xcalloc(1, sizeof(*pair));
	pair->proxy = proxy;
	pair->is_connecting = true;
	pair->first = proxy->is_sticky ? proxy->next_target : proxy->next_target++;
	pair->fds[CLIENT] = take_fd(&accepted);
	pair->fds[TARGET] = -1;
	pair->ways[CLIENT].bytes = xcalloc(1, BUFFER_BYTES);
	pair->ways[TARGET].bytes = xcalloc(1, BUFFER_BYTES);
	pair->timer = loop_add_timer(proxy->loop, CONNECT_MS, on_timer, pair);
	pair->sources[CLIENT] = loop_add_fd(proxy->loop, pair->fds[CLIENT], 0, on_client, pair);
	pair->next = proxy->pairs;
	proxy->pairs = pair;
	proxy->pair_count++;
	try_next(pair);
}

struct outside_proxy *outside_proxy_new(struct loop *loop, int listen_fd)
{
	struct outside_proxy *proxy = xcalloc(1, sizeof(*proxy));

	proxy->loop = loop;
	proxy->source = loop_add_fd(loop, listen_fd, LOOP_READ, on_connection, proxy);
	return proxy;
}

void outside_proxy_free(struct outside_proxy *proxy)
{
	if (proxy == NULL)
		return;
	while (proxy->pairs != NULL)
		forget_pair(proxy->pairs);
	loop_fd_remove(proxy->source);
	string_list_clear(&proxy->targets);
	free(proxy);
}

void outside_proxy_use(struct outside_proxy *proxy, const struct service_proxy *service)
{
	string_list_clear(&proxy->targets);
	string_list_copy(&proxy->targets, &service->targets);
	proxy->is_sticky = service->is_sticky;
}
