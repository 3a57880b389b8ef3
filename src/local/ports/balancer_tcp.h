/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_BALANCER_TCP_H
#define I2KIT_LOCAL_PORTS_BALANCER_TCP_H

/* Connections of a balanced port that come by other ways than its listener. */

struct agent_stream;
struct balancer_port;

/*
 * As balancer_port_serve(), for a tunnel that the guest `client` opened to this service
 * (agent_handler.tunnel).
 */
void balancer_port_serve_stream(struct balancer_port *port, struct agent_stream *stream,
				const char *client);

#endif
