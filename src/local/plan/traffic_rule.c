/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/traffic_rule.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

static bool is_in(const char *cidr, const char *address)
{
	size_t size = strcspn(cidr, "/");
	AUTO_FREE char *plain = xstrndup(cidr, size);
	struct in_addr network;
	struct in_addr wanted;
	uint64_t bits = 32;

	return inet_pton(AF_INET, plain, &network) == 1 &&
	       inet_pton(AF_INET, address, &wanted) == 1 &&
	       (cidr[size] != '/' || parse_u64(cidr + size + 1, 0, 32, &bits)) &&
	       (bits == 0 || (ntohl(network.s_addr) ^ ntohl(wanted.s_addr)) >> (32 - bits) == 0);
}

static bool is_peer(const struct traffic_item *item, const struct traffic_peer *peer)
{
	if (item->pod != NULL)
		return peer->pod != NULL && strcmp(item->pod, peer->pod) == 0;
	return item->cidr == NULL || (peer->address != NULL && is_in(item->cidr, peer->address));
}

bool traffic_allows(const struct traffic_policy *policy, const struct traffic_peer *peer,
		    uint16_t port, bool is_udp)
{
	for (size_t i = 0; policy->is_isolated && i < policy->item_count; i++) {
		const struct traffic_item *item = &policy->items[i];
		bool is_port = item->first == 0 || ((item->protocol == PROTOCOL_UDP) == is_udp &&
						    port >= item->first && port <= item->last);
		if (is_port && is_peer(item, peer))
			return true;
	}
	return !policy->is_isolated;
}

bool traffic_check_session(const struct project_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		const struct traffic_policy *policy = &plan->pods[i].outgoing;
		for (size_t k = 0; k < policy->item_count; k++) {
			const struct traffic_item *item = &policy->items[k];
			if (item->pod != NULL || item->first == 0)
				continue;
			(void)error_set(err, ERROR_UNSUPPORTED,
					"pod '%s': a NetworkPolicy allows egress to %s at some "
					"ports alone, which session mode cannot enforce",
					plan->pods[i].name,
					item->cidr != NULL ? item->cidr : "anybody");
			return error_hint(err, "sudo i2kit up, or leave the rule's ports out");
		}
	}
	return true;
}
