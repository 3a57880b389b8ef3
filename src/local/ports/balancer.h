/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_BALANCER_H
#define I2KIT_LOCAL_PORTS_BALANCER_H

/*
 * Published ports. One listener per port that stays while pods come and go, in front of every ready
 * backend. While nobody is ready, connections are parked: accepted, left unread, and joined to the
 * first backend that becomes ready, up to a number and a time. Where all that are ready refuse,
 * waiting ends after a moment: nothing listens there. A backend that leaves gets no new
 * connections and keeps its old ones for a while. TCP bytes go through splice(2) and never enter
 * this process where both ends are sockets; half-closed stays half-closed. A backend that does not
 * take a connection is passed over for the next one.
 *
 * Used for ports on the host and, listening on a service's address, inside the project's network.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "local/ports/listen_socket.h"

struct agent;
struct balancer;
struct balancer_port;

struct balancer *balancer_new(struct loop *loop);
void balancer_free(struct balancer *balancer); /* cuts every connection; NULL is fine */

struct balancer_port_options {
	const char *service;  /* for messages and balancer_port_find() */
	const char *address;  /* IPv4 or IPv6 to listen on; NULL: 127.0.0.1 */
	uint16_t port;	      /* 0: any free one */
	uint16_t target_port; /* for the hint when it is taken */
	bool is_udp;
	bool has_client_affinity; /* one client address, one backend, while that is ready */
	enum listen_move move;	  /* when another port will do; else it is an error */
	/* Connections come by balancer_port_serve…() alone: nobody else on this machine gets in. */
	bool has_no_listener;
	const int *namespace_fd; /* of the network namespace to listen in; NULL: ours */
	/*
	 * Connections at a time, and of them those of one client address: more are reset. 0: what
	 * the descriptors are good for, and of that a client leaves a sixteenth to others.
	 */
	unsigned max_open;
	unsigned max_per_client;
	unsigned max_parked; /* 0: 4096; more are reset at once */
	unsigned park_ms;    /* 0: 60 s; then reset */
	unsigned refused_ms; /* 0: 2 s; likewise, while every ready backend refuses */
	/*
	 * Whether a client may have a backend: `client` is an address or, of a tunnel, the name that
	 * balancer_port_serve_stream() was given. NULL: all may. One that may have none of those
	 * that are ready is reset. Not asked for balancer_port_serve().
	 */
	bool (*may_reach)(const char *client, const char *backend, uint16_t port, bool is_udp,
			  void *arg);
	/* The first time that nothing listened where ready backends should; or NULL. */
	void (*refused)(struct balancer_port *port, void *arg);
	void *arg;
	unsigned connect_timeout_ms; /* 0: 1 s; then the next backend is tried */
	unsigned udp_idle_ms;	     /* 0: 60 s without a datagram ends a flow */
};

/*
 * Listens. A port somebody else holds is ERROR_EXISTS with that process's name and what to type.
 * NULL on failure.
 */
MUST_CHECK struct balancer_port *balancer_open_port(struct balancer *balancer,
						    const struct balancer_port_options *options,
						    struct error *err);
void balancer_close_port(struct balancer_port *port);		 /* cuts its connections */
uint16_t balancer_port_number(const struct balancer_port *port); /* where it really listens */

/* A ready pod. With agent, connections go through a tunnel to `port` inside the pod. */
struct balancer_backend {
	const char *name; /* the instance: "web-0"; one backend per name and port */
	const char *address;
	uint16_t port;
	struct agent *agent; /* must outlive the backend; or NULL */
};
/* Adds it, or changes its address and ends its draining; parked connections go to it at once. */
MUST_CHECK bool balancer_port_add(struct balancer_port *port,
				  const struct balancer_backend *backend, struct error *err);
/*
 * No new connections for it; open ones go on for drain_ms, then they are cut. 0: at once (its VM
 * is dead or its agent is about to be freed). Not there: nothing happens.
 */
void balancer_port_remove(struct balancer_port *port, const char *name, unsigned drain_ms);
/* The same on every port. Returns how many connections it still has. */
size_t balancer_remove(struct balancer *balancer, const char *name, unsigned drain_ms);
size_t balancer_connections(const struct balancer *balancer, const char *name);
/*
 * Resets every connection that comes from this address: a VM that died cannot do it, and a server
 * would go on answering nobody.
 */
void balancer_drop_client(struct balancer *balancer, const char *address);

/*
 * One more connection for a port's backends, which did not come through its listener: fd is a
 * connected stream socket that the balancer owns from here on (port-forward), parked if need be.
 */
void balancer_port_serve(struct balancer_port *port, int fd);
/* Who may reach whom has changed: connections that may not be any more are reset. */
void balancer_recheck(struct balancer *balancer);

struct balancer_counters {
	unsigned backends; /* ready ones */
	uint64_t open;	   /* joined connections or UDP flows now */
	uint64_t parked;   /* now */
	uint64_t total;	   /* accepted ever */
	uint64_t failed;   /* reset: nobody took them in time, or there were too many */
	uint64_t refused;  /* of them: every ready backend refused */
	uint64_t retried;  /* passed over a backend that did not answer */
	uint64_t cut;	   /* ended because their backend left */
	uint64_t bytes_in; /* towards the pods */
	uint64_t bytes_out;
	uint64_t dropped;    /* datagrams nobody could take */
	bool is_refused_now; /* the last that came to a ready backend was refused by it */
};
void balancer_port_get_counters(const struct balancer_port *port, struct balancer_counters *ret);

#endif
