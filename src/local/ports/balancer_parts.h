/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_BALANCER_PARTS_H
#define I2KIT_LOCAL_PORTS_BALANCER_PARTS_H

/* What balancer.c, balancer_tcp.c and balancer_udp.c share. Nobody else includes this. */

#include "local/agent/agent.h"
#include "local/ports/balancer.h"
#include "local/ports/relay.h"
#include "local/ports/socket_address.h"

struct backend {
	char *name;
	struct socket_address address; /* where there is no agent */
	uint16_t port;
	struct agent *agent; /* borrowed, or NULL */
	bool is_draining;
	struct loop_timer *drain;  /* while draining */
	uint64_t suspect_until_ms; /* did not answer lately: asked last until then */
	size_t open;		   /* connections and flows it has */
	uint64_t last_pick;	   /* order of use, for round robin */
	struct balancer_port *port_of;
};

enum connection_state { CONNECTION_PARKED, CONNECTION_CONNECTING, CONNECTION_JOINED };

/*
 *	accepted ─▶ PARKED ⇄ CONNECTING ─▶ JOINED ─▶ gone
 *		      └─────────┴───▶ reset: time over, too many, client gone
 */
struct connection {
	struct connection *next;
	struct connection *previous;
	struct balancer_port *port;
	enum connection_state state;
	uint32_t client_hash; /* of its address, for affinity */
	char *client;	      /* owned; whom may_reach() is asked about; NULL: nobody asks */
	int client_fd;
	struct loop_fd *client_source; /* PARKED, CONNECTING: has the client gone? */
	uint64_t deadline_ms;
	uint64_t refused_since_ms; /* every ready backend has refused it since then; 0: not so */
	bool was_refused;	   /* by all that were asked since it was parked last */
	struct loop_timer *timer;  /* PARKED: retry or give up; CONNECTING: next backend */
	struct backend *backend;   /* CONNECTING, JOINED */
	int server_fd;		   /* CONNECTING */
	struct loop_fd *server_source;
	unsigned attempts;   /* since it was parked last */
	struct relay *relay; /* JOINED, one of the two */
	struct stream_relay *stream_relay;
};

struct flow;

#define CLIENT_BUCKETS 1024 /* clients of one bucket share what one may have */

struct balancer_port {
	struct balancer_port *next;
	struct balancer *balancer;
	char *service;
	uint16_t wanted;
	struct balancer_port_options options; /* texts are not kept */
	struct socket_address address;
	int fd;
	struct loop_fd *source;
	struct loop_timer *pause; /* TCP: no descriptors left; UDP: looks for idle flows */
	struct backend **backends;
	size_t backend_count;
	struct connection *connections; /* TCP */
	size_t connection_count;
	uint32_t *client_counts; /* TCP: of CLIENT_BUCKETS, by the hash of the client's address */
	struct flow *flows;	 /* UDP; newest used first */
	size_t flow_count;
	struct balancer_counters counters;
};

struct balancer {
	struct loop *loop;
	struct relay_pipes *pipes;
	struct balancer_port *ports;
	uint64_t picks;
};

/* The backend whose turn it is, or NULL; the first choice goes to those that answered lately. */
struct backend *balancer_pick(struct balancer_port *port, uint32_t client_hash,
			      const char *client_or_null);
bool balancer_may_reach(const struct balancer_port *port, const char *client_or_null,
			const struct backend *backend);
/* Of a socket's other end, owned; NULL where nobody will ask. */
char *balancer_client(const struct balancer_port *port, const struct socket_address *address);
void balancer_suspect(struct backend *backend);
/* A draining backend that has nothing left goes. Call after --backend->open. */
void balancer_backend_released(struct backend *backend);

void balancer_tcp_start(struct balancer_port *port);
/* client is taken over. */
void balancer_tcp_serve(struct balancer_port *port, int fd, uint32_t client_hash, char *client);
void balancer_tcp_recheck(struct balancer_port *port);
void balancer_udp_recheck(struct balancer_port *port);
void balancer_tcp_wake(struct balancer_port *port); /* a backend is there: joins parked ones */
void balancer_tcp_cut(struct balancer_port *port, const struct backend *backend_or_null);

void balancer_tcp_drop_client(struct balancer_port *port, uint32_t client_hash);

void balancer_udp_start(struct balancer_port *port);
void balancer_udp_cut(struct balancer_port *port, const struct backend *backend_or_null);

#endif
