/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/socket_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool socket_address_make(const char *address, uint16_t port, struct socket_address *ret,
			 struct error *err)
{
	struct socket_address made = {0};

	if (inet_pton(AF_INET, address, &made.u.v4.sin_addr) == 1) {
		made.u.v4.sin_family = AF_INET;
		made.u.v4.sin_port = htons(port);
		made.size = sizeof(made.u.v4);
	} else if (inet_pton(AF_INET6, address, &made.u.v6.sin6_addr) == 1) {
		made.u.v6.sin6_family = AF_INET6;
		made.u.v6.sin6_port = htons(port);
		made.size = sizeof(made.u.v6);
	} else {
		return error_set(err, ERROR_INVALID, "'%s' is no IPv4 or IPv6 address", address);
	}
	*ret = made;
	return true;
}

uint16_t socket_address_port(const struct socket_address *address)
{
	return ntohs(address->u.any.sa_family == AF_INET6 ? address->u.v6.sin6_port
							  : address->u.v4.sin_port);
}

void socket_address_set_port(struct socket_address *address, uint16_t port)
{
	if (address->u.any.sa_family == AF_INET6)
		address->u.v6.sin6_port = htons(port);
	else
		address->u.v4.sin_port = htons(port);
}

bool socket_address_is_any(const struct socket_address *address)
{
	if (address->u.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&address->u.v6.sin6_addr);
	return address->u.v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

static const void *host_bytes(const struct socket_address *address, size_t *ret_size)
{
	if (address->u.any.sa_family == AF_INET6) {
		*ret_size = sizeof(address->u.v6.sin6_addr);
		return &address->u.v6.sin6_addr;
	}
	*ret_size = sizeof(address->u.v4.sin_addr);
	return &address->u.v4.sin_addr;
}

bool socket_address_equals(const struct socket_address *a, const struct socket_address *b)
{
	size_t size;
	size_t other_size;
	const void *host = host_bytes(a, &size);
	const void *other = host_bytes(b, &other_size);

	return a->u.any.sa_family == b->u.any.sa_family &&
	       socket_address_port(a) == socket_address_port(b) && memcmp(host, other, size) == 0;
}

uint32_t socket_address_hash_host(const struct socket_address *address)
{
	size_t size;
	const unsigned char *host = host_bytes(address, &size);
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ host[i]) * 16777619U;
	return hash;
}

void socket_address_format(char out[SOCKET_ADDRESS_TEXT_SIZE], const struct socket_address *address)
{
	char host[INET6_ADDRSTRLEN] = "?";
	size_t size;
	const void *bytes = host_bytes(address, &size);

	(void)inet_ntop(address->u.any.sa_family, bytes, host, sizeof(host));
	(void)snprintf(out, SOCKET_ADDRESS_TEXT_SIZE,
		       address->u.any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		       (unsigned)socket_address_port(address));
}
