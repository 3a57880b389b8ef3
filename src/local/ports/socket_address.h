/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_SOCKET_ADDRESS_H
#define I2KIT_LOCAL_PORTS_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

/* An IPv4 or IPv6 address with a port. */
struct socket_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t size;
};

/* Numeric addresses only: nothing here asks a name server. */
MUST_CHECK bool socket_address_make(const char *address, uint16_t port, struct socket_address *ret,
				    struct error *err);
uint16_t socket_address_port(const struct socket_address *address);
void socket_address_set_port(struct socket_address *address, uint16_t port);
bool socket_address_is_any(const struct socket_address *address); /* 0.0.0.0, :: */
bool socket_address_equals(const struct socket_address *a, const struct socket_address *b);
/* Of the address alone, without the port. */
uint32_t socket_address_hash_host(const struct socket_address *address);
/* "127.0.0.1:80", "[::1]:80" */
#define SOCKET_ADDRESS_TEXT_SIZE 64
void socket_address_format(char out[SOCKET_ADDRESS_TEXT_SIZE],
			   const struct socket_address *address);

#endif
