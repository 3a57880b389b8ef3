/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/dhcp_message.h"

#include <string.h>

#define IP_HEADER   20
#define UDP_HEADER  8
#define BOOTP	    236 /* up to the magic number */
#define SERVER_PORT 67
#define CLIENT_PORT 68
#define PROTO_UDP   17

enum {
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_DNS = 6,
	OPTION_DOMAIN = 15,
	OPTION_MTU = 26,
	OPTION_ADDRESS = 50,
	OPTION_SECONDS = 51,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_WANTED = 55,
	OPTION_ROUTES = 121,
	OPTION_END = 255,
};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static unsigned checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static size_t put_options(uint8_t *at, const struct dhcp_lease *offer)
{
	static const uint8_t wanted[] = {OPTION_WANTED, 7,	    OPTION_ROUTES, OPTION_MASK,
					 OPTION_ROUTER, OPTION_DNS, OPTION_DOMAIN, OPTION_MTU,
					 OPTION_SECONDS};
	uint8_t *start = at;
	put32(at, 0x63825363);
	at += 4;
	*at++ = OPTION_TYPE;
	*at++ = 1;
	*at++ = offer != NULL ? DHCP_REQUEST : DHCP_DISCOVER;
	if (offer != NULL) {
		*at++ = OPTION_ADDRESS;
		*at++ = 4;
		put32(at, offer->address);
		at += 4;
		*at++ = OPTION_SERVER;
		*at++ = 4;
		put32(at, offer->server);
		at += 4;
	}
	memcpy(at, wanted, sizeof(wanted));
	at += sizeof(wanted);
	*at++ = OPTION_END;
	return (size_t)(at - start);
}

size_t dhcp_message_make(const uint8_t mac[6], uint32_t transaction,
			 const struct dhcp_lease *offer_or_null, uint8_t out[DHCP_MAX_PACKET])
{
	memset(out, 0, DHCP_MAX_PACKET);
	uint8_t *bootp = out + IP_HEADER + UDP_HEADER;
	bootp[0] = 1; /* request */
	bootp[1] = 1; /* Ethernet */
	bootp[2] = 6;
	put32(bootp + 4, transaction);
	put16(bootp + 10, 0x8000); /* answer by broadcast: we have no address */
	memcpy(bootp + 28, mac, 6);
	size_t size = BOOTP + put_options(bootp + BOOTP, offer_or_null);
	if (size < 300)
		size = 300; /* what old servers want at least */
	size_t total = IP_HEADER + UDP_HEADER + size;
	put16(out + IP_HEADER, CLIENT_PORT);
	put16(out + IP_HEADER + 2, SERVER_PORT);
	put16(out + IP_HEADER + 4, (unsigned)(UDP_HEADER + size));
	out[0] = 0x45;
	put16(out + 2, (unsigned)total);
	out[8] = 64;
	out[9] = PROTO_UDP;
	put32(out + 16, UINT32_MAX);
	put16(out + 10, checksum(out, IP_HEADER));
	return total;
}

static unsigned prefix_of(uint32_t mask)
{
	unsigned bits = 0;
	for (; bits < 32 && (mask & 0x80000000U) != 0; bits++)
		mask <<= 1;
	return bits;
}

/*
 * Prefix length, as many bytes of the network as that needs, gateway; and so on. A list that is broken
 * counts for nothing: half of the routes may be worse than the router alone.
 */
static void take_routes(const uint8_t *at, size_t size, struct dhcp_lease *ret)
{
	size_t count = 0;

	while (size > 0 && count < DHCP_MAX_ROUTES) {
		unsigned prefix = at[0];
		size_t octets = (prefix + 7) / 8;
		if (prefix > 32 || size < 1 + octets + 4)
			return;
		struct dhcp_route *route = &ret->routes[count++];
		*route = (struct dhcp_route){.prefix = prefix, .gateway = get32(at + 1 + octets)};
		for (size_t i = 0; i < octets; i++)
			route->network |= (uint32_t)at[1 + i] << (24 - 8 * i);
		if (prefix < 32)
			route->network &= ~(UINT32_MAX >> prefix);
		at += 1 + octets + 4;
		size -= 1 + octets + 4;
	}
	ret->route_count = count;
}

static void take_option(uint8_t code, const uint8_t *value, size_t size, struct dhcp_lease *ret)
{
	if (code == OPTION_TYPE && size == 1)
		ret->type = (enum dhcp_type)value[0];
	else if (code == OPTION_MASK && size == 4)
		ret->prefix = prefix_of(get32(value));
	else if (code == OPTION_ROUTER && size >= 4)
		ret->gateway = get32(value);
	else if (code == OPTION_ROUTES)
		take_routes(value, size, ret);
	else if (code == OPTION_SERVER && size == 4)
		ret->server = get32(value);
	else if (code == OPTION_SECONDS && size == 4)
		ret->seconds = get32(value);
	else if (code == OPTION_MTU && size == 2)
		ret->mtu = get16(value);
	else if (code == OPTION_DOMAIN && size < sizeof(ret->domain))
		memcpy(ret->domain, value, size);
	for (size_t i = 0; code == OPTION_DNS && i + 4 <= size && ret->dns_count < DHCP_MAX_DNS;
	     i += 4)
		ret->dns[ret->dns_count++] = get32(value + i);
}

static void take_options(const uint8_t *at, const uint8_t *end, struct dhcp_lease *ret)
{
	while (at < end && *at != OPTION_END) {
		uint8_t code = *at++;
		if (code == 0)
			continue;
		if (at == end || (size_t)(end - at - 1) < *at)
			return;
		take_option(code, at + 1, *at, ret);
		at += 1 + *at;
	}
}

bool dhcp_message_parse(const uint8_t *packet, size_t size, uint32_t transaction,
			struct dhcp_lease *ret)
{
	*ret = (struct dhcp_lease){0};
	if (size < IP_HEADER || packet[0] >> 4 != 4 || packet[9] != PROTO_UDP)
		return false;
	size_t header = (size_t)(packet[0] & 15) * 4;
	if (header < IP_HEADER || size < header + UDP_HEADER + BOOTP + 4)
		return false;
	const uint8_t *udp = packet + header;
	size_t udp_size = get16(udp + 4);
	if (get16(udp) != SERVER_PORT || get16(udp + 2) != CLIENT_PORT ||
	    udp_size > size - header || udp_size < UDP_HEADER + BOOTP + 4)
		return false;
	const uint8_t *bootp = udp + UDP_HEADER;
	if (bootp[0] != 2 || get32(bootp + 4) != transaction || get32(bootp + BOOTP) != 0x63825363)
		return false;
	ret->address = get32(bootp + 16);
	take_options(bootp + BOOTP + 4, udp + udp_size, ret);
	return ret->type != 0;
}
