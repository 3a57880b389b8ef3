/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_STREAM_RELAY_H
#define I2KIT_LOCAL_PORTS_STREAM_RELAY_H

/* A relay between a socket and one end of a tunnel. */

struct agent_stream;
struct agent_stream_handler;
struct relay_options;
struct stream_relay;

struct stream_relay *stream_relay_start(const struct relay_options *options, int fd);
/* What the tunnel is made with: agent_tunnel(…, &stream_relay_handler, relay) or accept. */
extern const struct agent_stream_handler stream_relay_handler;
/* The stream, once it is known. */
void stream_relay_attach(struct stream_relay *relay, struct agent_stream *stream);
void stream_relay_cut(struct stream_relay *relay);
/* Before it is attached: frees it and leaves the socket with the caller. */
void stream_relay_forget(struct stream_relay *relay);

#endif
