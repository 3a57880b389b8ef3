/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/slirp_policy.h"

#include <arpa/inet.h>
#include <string.h>

#define DNS_PORT 53
#define MAX_WORD 63

struct in6_addr slirp_address_of_v4(struct in_addr address)
{
	struct in6_addr mapped = {0};

	mapped.s6_addr[10] = 0xff;
	mapped.s6_addr[11] = 0xff;
	memcpy(mapped.s6_addr + 12, &address, sizeof(address));
	return mapped;
}

static uint32_t v4_of(const struct in6_addr *address)
{
	uint32_t raw;

	memcpy(&raw, address->s6_addr + 12, sizeof(raw));
	return ntohl(raw);
}

static bool is_in(uint32_t address, uint32_t network, unsigned bits)
{
	return bits == 0 || (address ^ network) >> (32 - bits) == 0;
}

static bool is_one_of(const struct in6_addr *list, size_t count, const struct in6_addr *address)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&list[i], address, sizeof(*address)) == 0)
			return true;
	}
	return false;
}

static bool is_machine(const struct slirp_machine *machine, const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address) &&
	    (is_in(v4_of(address), 0x7f000000, 8) || is_in(v4_of(address), 0, 8)))
		return true;
	return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
	       is_one_of(machine->own, machine->own_count, address);
}

/* As network_filter.c has them. */
static bool is_public(const struct in6_addr *address)
{
	static const struct {
		uint32_t network;
		unsigned bits;
	} private[] = {{0x00000000, 8},	 {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
		       {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}, {0xe0000000, 3}};

	if (!IN6_IS_ADDR_V4MAPPED(address))
		return (address->s6_addr[0] & 0xe0) == 0x20; /* 2000::/3, global unicast */
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		if (is_in(v4_of(address), private[i].network, private[i].bits))
			return false;
	}
	return true;
}

/*
 * "192.0.2.0/24" or "192.0.2.7": checked when the manifest was read; what is wrong matches nothing.
 */
static bool is_in_cidr(char *word, const struct in6_addr *address)
{
	char *slash = strchr(word, '/');
	struct in_addr network;
	unsigned bits = 32;

	if (slash != NULL) {
		*slash = '\0';
		bits = 0;
		for (const char *digit = slash + 1; *digit >= '0' && *digit <= '9' && bits < 100;
		     digit++)
			bits = bits * 10 + (unsigned)(*digit - '0');
	}
	return bits <= 32 && IN6_IS_ADDR_V4MAPPED(address) &&
	       inet_pton(AF_INET, word, &network) == 1 &&
	       is_in(v4_of(address), ntohl(network.s_addr), bits);
}

struct words {
	bool is_any;
	bool has_internet;
	bool has_host;
	bool has_cidrs;
	bool is_in_cidr;
};

static struct words read_words(const char *policy, const struct in6_addr *address)
{
	struct words words = {0};

	while (*policy != '\0') {
		char word[MAX_WORD + 1];
		size_t size = strcspn(policy, " ");
		size_t kept = size < MAX_WORD ? size : MAX_WORD;
		memcpy(word, policy, kept);
		word[kept] = '\0';
		policy += size;
		policy += strspn(policy, " ");
		words.is_any = words.is_any || strcmp(word, "any") == 0;
		words.has_internet = words.has_internet || strcmp(word, "internet") == 0;
		words.has_host = words.has_host || strcmp(word, "host") == 0;
		words.has_cidrs = words.has_cidrs || (word[0] >= '0' && word[0] <= '9');
		words.is_in_cidr = words.is_in_cidr || is_in_cidr(word, address);
	}
	return words;
}

bool slirp_policy_allows(const char *policy, const struct slirp_machine *machine,
			 const struct in6_addr *address, uint16_t port)
{
	struct words words = read_words(policy, address);

	/* QEMU asks them for the guest; who reaches nothing outside needs no names of it. */
	if (port == DNS_PORT &&
	    is_one_of(machine->name_servers, machine->name_server_count, address))
		return words.is_any || words.has_internet || words.has_cidrs || words.has_host;
	if (is_machine(machine, address))
		return words.has_host;
	return words.is_any || words.is_in_cidr || (words.has_internet && is_public(address));
}
