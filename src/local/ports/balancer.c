/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/balancer.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "local/ports/balancer_parts.h"
#include "local/ports/listen_socket.h"

#define DEFAULT_MAX_PARKED	   4096
#define DEFAULT_REFUSED_MS	   2000
#define OWN_DESCRIPTORS		   512 /* what everything else in this process may need */
#define DEFAULT_PARK_MS		   60000
#define DEFAULT_CONNECT_TIMEOUT_MS 1000
#define DEFAULT_UDP_IDLE_MS	   60000
#define SUSPECT_MS		   2000

/* A connection takes two descriptors and, while bytes are under way, up to four more. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct balancer *balancer_new(struct loop *loop)
{
	struct balancer *balancer = xcalloc(1, sizeof(*balancer));

	raise_descriptor_limit();
	balancer->loop = loop;
	balancer->pipes = relay_pipes_new();
	return balancer;
}

void balancer_free(struct balancer *balancer)
{
	if (balancer == NULL)
		return;
	while (balancer->ports != NULL)
		balancer_close_port(balancer->ports);
	relay_pipes_free(balancer->pipes);
	free(balancer);
}

static void backend_free(struct backend *backend)
{
	if (backend->drain != NULL)
		loop_timer_remove(backend->drain);
	free(backend->name);
	free(backend);
}

/* A connection has two ends. */
static unsigned most_connections(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > UINT_MAX)
		return UINT_MAX / 2;
	return limit.rlim_cur > 2 * OWN_DESCRIPTORS
		       ? (unsigned)(limit.rlim_cur - OWN_DESCRIPTORS) / 2
		       : OWN_DESCRIPTORS / 4;
}

static void set_defaults(struct balancer_port_options *options)
{
	if (options->max_open == 0)
		options->max_open = most_connections();
	if (options->max_per_client == 0)
		options->max_per_client = options->max_open - options->max_open / 16;
	if (options->refused_ms == 0)
		options->refused_ms = DEFAULT_REFUSED_MS;
	if (options->max_parked == 0)
		options->max_parked = DEFAULT_MAX_PARKED;
	if (options->park_ms == 0)
		options->park_ms = DEFAULT_PARK_MS;
	if (options->connect_timeout_ms == 0)
		options->connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
	if (options->udp_idle_ms == 0)
		options->udp_idle_ms = DEFAULT_UDP_IDLE_MS;
}

struct balancer_port *balancer_open_port(struct balancer *balancer,
					 const struct balancer_port_options *options,
					 struct error *err)
{
	struct socket_address address;
	struct balancer_port *port;
	int fd = -1;

	if (!socket_address_make(options->address != NULL ? options->address : "127.0.0.1",
				 options->port, &address, err))
		return NULL;
	if (!options->has_no_listener)
		fd = listen_socket_open(
			&(struct listen_options){
				.service = options->service,
				.is_udp = options->is_udp,
				.move = options->move,
				.target_port = options->target_port,
				.namespace_fd =
					options->namespace_fd != NULL ? *options->namespace_fd : -1,
			},
			&address, err);
	if (fd < 0 && !options->has_no_listener)
		return NULL;
	port = xcalloc(1, sizeof(*port));
	port->balancer = balancer;
	port->service = xstrdup(options->service);
	port->wanted = options->port;
	port->options = *options;
	port->options.service = NULL;
	port->options.address = NULL;
	port->options.namespace_fd = NULL;
	set_defaults(&port->options);
	port->address = address;
	port->client_counts = xcalloc(CLIENT_BUCKETS, sizeof(*port->client_counts));
	port->fd = fd;
	port->next = balancer->ports;
	balancer->ports = port;
	if (options->is_udp)
		balancer_udp_start(port);
	else if (fd >= 0)
		balancer_tcp_start(port);
	return port;
}

void balancer_close_port(struct balancer_port *port)
{
	struct balancer_port **link = &port->balancer->ports;

	while (*link != port)
		link = &(*link)->next;
	*link = port->next;
	if (port->options.is_udp)
		balancer_udp_cut(port, NULL);
	else
		balancer_tcp_cut(port, NULL);
	loop_fd_remove(port->source);
	if (port->pause != NULL)
		loop_timer_remove(port->pause);
	auto_close(&port->fd);
	for (size_t i = 0; i < port->backend_count; i++)
		backend_free(port->backends[i]);
	free(port->backends);
	free(port->client_counts);
	free(port->service);
	free(port);
}

uint16_t balancer_port_number(const struct balancer_port *port)
{
	return socket_address_port(&port->address);
}

static size_t find_backend(const struct balancer_port *port, const char *name)
{
	size_t i = 0;

	while (i < port->backend_count && strcmp(port->backends[i]->name, name) != 0)
		i++;
	return i;
}

static void remove_backend(struct balancer_port *port, size_t i)
{
	struct backend *backend = port->backends[i];

	port->backend_count--;
	memmove(port->backends + i, port->backends + i + 1,
		(port->backend_count - i) * sizeof(struct backend *));
	backend_free(backend);
}

bool balancer_port_add(struct balancer_port *port, const struct balancer_backend *wanted,
		       struct error *err)
{
	size_t i = find_backend(port, wanted->name);
	struct socket_address address = {0};
	struct backend *backend;

	if (wanted->agent == NULL &&
	    !socket_address_make(wanted->address, wanted->port, &address, err))
		return error_prefix(err, "%s", wanted->name);
	if (i < port->backend_count) {
		backend = port->backends[i];
	} else {
		backend = xcalloc(1, sizeof(*backend));
		backend->name = xstrdup(wanted->name);
		backend->port_of = port;
		*ARRAY_APPEND(port->backends, port->backend_count) = backend;
	}
	backend->address = address;
	backend->port = wanted->port;
	backend->agent = wanted->agent;
	backend->is_draining = false;
	backend->suspect_until_ms = 0;
	if (backend->drain != NULL)
		loop_timer_cancel(backend->drain);
	if (!port->options.is_udp)
		balancer_tcp_wake(port);
	return true;
}

static void cut_backend(struct balancer_port *port, struct backend *backend)
{
	backend->is_draining = true;
	if (port->options.is_udp)
		balancer_udp_cut(port, backend);
	else
		balancer_tcp_cut(port, backend);
	remove_backend(port, find_backend(port, backend->name));
}

static void on_drain_over(struct loop_timer *timer, void *arg)
{
	struct backend *backend = arg;
	(void)timer;

	cut_backend(backend->port_of, backend);
}

void balancer_port_remove(struct balancer_port *port, const char *name, unsigned drain_ms)
{
	size_t i = find_backend(port, name);
	struct backend *backend;

	if (i >= port->backend_count)
		return;
	backend = port->backends[i];
	if (drain_ms == 0 || backend->open == 0) {
		cut_backend(port, backend);
		return;
	}
	backend->is_draining = true;
	if (backend->drain == NULL)
		backend->drain =
			loop_add_timer(port->balancer->loop, drain_ms, on_drain_over, backend);
	else
		loop_timer_set(backend->drain, drain_ms);
}

void balancer_backend_released(struct backend *backend)
{
	struct balancer_port *port = backend->port_of;

	if (backend->is_draining && backend->open == 0)
		remove_backend(port, find_backend(port, backend->name));
}

size_t balancer_remove(struct balancer *balancer, const char *name, unsigned drain_ms)
{
	for (struct balancer_port *port = balancer->ports; port != NULL; port = port->next)
		balancer_port_remove(port, name, drain_ms);
	return balancer_connections(balancer, name);
}

void balancer_drop_client(struct balancer *balancer, const char *address)
{
	struct socket_address client;

	if (!socket_address_make(address, 0, &client, NULL))
		return;
	for (struct balancer_port *port = balancer->ports; port != NULL; port = port->next)
		balancer_tcp_drop_client(port, socket_address_hash_host(&client));
}

size_t balancer_connections(const struct balancer *balancer, const char *name)
{
	size_t open = 0;

	for (const struct balancer_port *port = balancer->ports; port != NULL; port = port->next) {
		size_t i = find_backend(port, name);
		if (i < port->backend_count)
			open += port->backends[i]->open;
	}
	return open;
}

void balancer_suspect(struct backend *backend)
{
	backend->suspect_until_ms = clock_monotonic_ms() + SUSPECT_MS;
}

/* Rendezvous hashing: a client keeps its backend as long as that one is ready. */
static uint32_t affinity_score(const struct backend *backend, uint32_t client_hash)
{
	uint32_t score = client_hash;

	for (const char *c = backend->name; *c != '\0'; c++)
		score = (score ^ (unsigned char)*c) * 16777619U;
	score ^= score >> 15;
	return score * 2246822519U;
}

static bool is_better(const struct balancer_port *port, const struct backend *a,
		      const struct backend *b, uint32_t client_hash)
{
	uint64_t now_ms = clock_monotonic_ms();
	bool a_is_suspect = a->suspect_until_ms > now_ms;
	bool b_is_suspect = b->suspect_until_ms > now_ms;

	if (a_is_suspect != b_is_suspect)
		return b_is_suspect;
	if (port->options.has_client_affinity && !a_is_suspect)
		return affinity_score(a, client_hash) > affinity_score(b, client_hash);
	return a->last_pick < b->last_pick;
}

bool balancer_may_reach(const struct balancer_port *port, const char *client,
			const struct backend *backend)
{
	const struct balancer_port_options *options = &port->options;

	return client == NULL || options->may_reach == NULL ||
	       options->may_reach(client, backend->name, backend->port, options->is_udp,
				  options->arg);
}

char *balancer_client(const struct balancer_port *port, const struct socket_address *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *raw = address->u.any.sa_family == AF_INET
				  ? (const void *)&address->u.v4.sin_addr
				  : (const void *)&address->u.v6.sin6_addr;

	if (port->options.may_reach == NULL ||
	    inet_ntop(address->u.any.sa_family, raw, text, sizeof(text)) == NULL)
		return NULL;
	return xstrdup(strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text);
}

void balancer_recheck(struct balancer *balancer)
{
	for (struct balancer_port *port = balancer->ports; port != NULL; port = port->next) {
		if (port->options.may_reach == NULL)
			continue;
		if (port->options.is_udp)
			balancer_udp_recheck(port);
		else
			balancer_tcp_recheck(port);
	}
}

struct backend *balancer_pick(struct balancer_port *port, uint32_t client_hash, const char *client)
{
	struct backend *best = NULL;

	for (size_t i = 0; i < port->backend_count; i++) {
		struct backend *backend = port->backends[i];
		if (!backend->is_draining && balancer_may_reach(port, client, backend) &&
		    (best == NULL || is_better(port, backend, best, client_hash)))
			best = backend;
	}
	if (best != NULL)
		best->last_pick = ++port->balancer->picks;
	return best;
}

void balancer_port_serve(struct balancer_port *port, int fd)
{
	if (port->options.is_udp)
		relay_reset_fd(fd);
	else
		balancer_tcp_serve(port, fd, 0, NULL);
}

void balancer_port_get_counters(const struct balancer_port *port, struct balancer_counters *ret)
{
	*ret = port->counters;
	ret->backends = 0;
	for (size_t i = 0; i < port->backend_count; i++)
		ret->backends += port->backends[i]->is_draining ? 0 : 1;
}
