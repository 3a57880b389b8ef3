/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/filter_policy.h"

#include <string.h>

#include "local/vm/network.h"

bool filter_guest_is_restricted(const struct filter_guest *guest)
{
	return guest->is_restricted || (guest->outgoing != NULL && guest->outgoing->is_isolated);
}

bool filter_guest_may_ask(const struct filter_guest *guest)
{
	bool has_cidrs = guest->cidrs != NULL && guest->cidrs->count > 0;

	if (!filter_guest_is_restricted(guest))
		return true;
	return (guest->is_restricted && (guest->may_reach_internet || has_cidrs)) ||
	       (guest->outgoing != NULL && guest->outgoing->is_isolated &&
		guest->outgoing->may_ask_names);
}

/* The ports of an item at the side that listens; in answers that is where they come from. */
static void put_ports(struct strbuf *out, const struct traffic_item *item, const char *side)
{
	const char *protocol = item->protocol == PROTOCOL_UDP ? "udp" : "tcp";

	if (item->first == 0)
		return;
	if (item->first == item->last)
		strbuf_appendf(out, " %s %s %u", protocol, side, (unsigned)item->first);
	else
		strbuf_appendf(out, " %s %s %u-%u", protocol, side, (unsigned)item->first,
			       (unsigned)item->last);
}

struct rule {
	const char *own_side;  /* "ip saddr": where this guest stands */
	const char *peer_side; /* "ip daddr" */
	const char *port_side; /* "dport" */
	const char *verdict;
};

static void put_rule(struct strbuf *out, const struct rule *rule, const char *own, const char *peer,
		     const struct traffic_item *item)
{
	strbuf_appendf(out, "\t\t%s %s", rule->own_side, own);
	if (peer != NULL)
		strbuf_appendf(out, " %s %s", rule->peer_side, peer);
	put_ports(out, item, rule->port_side);
	strbuf_appendf(out, " %s\n", rule->verdict);
}

static void put_items(struct strbuf *out, const struct rule *rule, const struct filter_plan *plan,
		      const struct filter_guest *guest, const struct traffic_policy *policy,
		      bool of_datagrams)
{
	for (size_t i = 0; policy != NULL && policy->is_isolated && i < policy->item_count; i++) {
		const struct traffic_item *item = &policy->items[i];
		if (of_datagrams && (item->first == 0 || item->protocol != PROTOCOL_UDP))
			continue;
		if (item->pod == NULL)
			put_rule(out, rule, guest->address, item->cidr, item);
		for (size_t k = 0; item->pod != NULL && k < plan->guest_count; k++) {
			const struct filter_guest *other = &plan->guests[k];
			if (other->pod != NULL && strcmp(other->pod, item->pod) == 0)
				put_rule(out, rule, guest->address, other->address, item);
		}
	}
}

void filter_policy_put_outgoing(const struct filter_plan *plan, const struct filter_guest *guest,
				struct strbuf *out)
{
	static const struct rule asks = {"ip saddr", "ip daddr", "dport", "return"};
	static const struct rule answers = {"ip saddr", "ip daddr", "sport", "return"};

	if (guest->outgoing == NULL || !guest->outgoing->is_isolated)
		return;
	strbuf_appendf(out, "\t\tip saddr %s ip daddr 10.77.%u.%d-10.77.%u.%d return\n",
		       guest->address, plan->subnet, NETWORK_FIRST_SERVICE, plan->subnet,
		       NETWORK_LAST_SERVICE);
	put_items(out, &asks, plan, guest, guest->outgoing, false);
	/* Nobody tracks datagrams: an answer is what comes from a port that may be asked. */
	put_items(out, &answers, plan, guest, guest->incoming, true);
}

void filter_policy_put_incoming(const struct filter_plan *plan, const struct filter_guest *guest,
				struct strbuf *out)
{
	static const struct rule asks = {"ip daddr", "ip saddr", "dport", "return"};
	static const struct rule answers = {"ip daddr", "ip saddr", "sport", "return"};

	if (guest->incoming == NULL || !guest->incoming->is_isolated)
		return;
	/* As in network_filter.c. */
	strbuf_appendf(out, "\t\tip daddr %s ip frag-off & 0x3fff != 0 drop\n", guest->address);
	put_items(out, &asks, plan, guest, guest->incoming, false);
	put_items(out, &answers, plan, guest, guest->outgoing, true);
	strbuf_appendf(out,
		       "\t\tip daddr %s tcp flags & (syn | ack) == syn drop\n"
		       "\t\tip daddr %s meta l4proto != tcp drop\n",
		       guest->address, guest->address);
}

void filter_policy_put_leave(const struct filter_guest *guest, struct strbuf *out)
{
	static const struct rule asks = {"ip saddr", "ip daddr", "dport", "accept"};
	const struct filter_plan nobody = {.guest_count = 0};

	put_items(out, &asks, &nobody, guest, guest->outgoing, false);
}
