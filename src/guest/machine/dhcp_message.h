/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DHCP_MESSAGE_H
#define I2KIT_GUEST_MACHINE_DHCP_MESSAGE_H

/* DHCP (RFC 2131, 2132, 3442) as bytes: the IPv4 and UDP headers with it, as a packet socket carries
 * them. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_MAX_PACKET 600
#define DHCP_MAX_DNS	4
#define DHCP_MAX_ROUTES 51 /* five bytes at least, and an option has 255 */

enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5, DHCP_NAK = 6 };

/* Addresses are numbers in host order, here and below. */
struct dhcp_route {
	uint32_t network;
	unsigned prefix;  /* bits; 0: the default route */
	uint32_t gateway; /* 0: on the link */
};

struct dhcp_lease {
	enum dhcp_type type;
	uint32_t address;
	uint32_t server;
	unsigned prefix;  /* bits; 0: not said */
	uint32_t gateway; /* 0: none */
	struct dhcp_route
		routes[DHCP_MAX_ROUTES]; /* where there are any, the gateway is none of them */
	size_t route_count;
	uint32_t dns[DHCP_MAX_DNS];
	size_t dns_count;
	uint32_t seconds; /* of the lease; 0: not said */
	unsigned mtu;	  /* 0: not said */
	char domain[256];
};

/* A DISCOVER, or (offer not NULL) the REQUEST of what was offered. Returns the packet's size. */
size_t dhcp_message_make(const uint8_t mac[6], uint32_t transaction,
			 const struct dhcp_lease *offer_or_null, uint8_t out[DHCP_MAX_PACKET]);
/* False: no answer to this transaction. */
bool dhcp_message_parse(const uint8_t *packet, size_t size, uint32_t transaction,
			struct dhcp_lease *ret);

#endif
