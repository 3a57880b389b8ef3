/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/network_filter.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process_run.h"
#include "local/vm/filter_policy.h"
#include "local/vm/network.h"
#include "local/vm/starter.h"

#define NFT_MS 20000

/* RFC 1918, 6598, 3927, 1122, multicast and what is reserved: not the internet. */
#define PRIVATE                                                                                    \
	"{ 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "     \
	"192.168.0.0/16, 224.0.0.0/3 }"

/* What tells projects apart in names: the bridge's own digits. */
static const char *digits_of(const char *bridge)
{
	return strlen(bridge) > 4 ? bridge + 4 : bridge;
}

void network_filter_tap(const char *bridge, const char *address, char out[TAP_NAME_SIZE])
{
	const char *dot = strrchr(address, '.');

	(void)snprintf(out, TAP_NAME_SIZE, "i2t%.8s-%.3s", digits_of(bridge),
		       dot != NULL ? dot + 1 : "0");
}

static void put_replaced(struct strbuf *out, const char *family, const char *bridge)
{
	/* Added first, so that there is one to delete. */
	strbuf_appendf(out, "add table %s i2kit_%s\ndelete table %s i2kit_%s\n", family,
		       digits_of(bridge), family, digits_of(bridge));
}

static void put_set(struct strbuf *out, const struct filter_plan *plan, bool is_arp)
{
	strbuf_appendf(out, "\tset %s {\n\t\ttype ifname . ether_addr%s . ipv4_addr\n",
		       is_arp ? "speakers" : "senders", is_arp ? " . ether_addr" : "");
	for (size_t i = 0; i < plan->guest_count; i++) {
		const struct filter_guest *guest = &plan->guests[i];
		strbuf_appendf(out, "%s\"%s\" . %s",
			       i == 0 ? "\t\telements = {\n\t\t\t" : ",\n\t\t\t", guest->tap,
			       guest->mac);
		if (is_arp)
			strbuf_appendf(out, " . %s", guest->mac);
		strbuf_appendf(out, " . %s", guest->address);
	}
	strbuf_append(out, plan->guest_count > 0 ? "\n\t\t}\n\t}\n" : "\t}\n");
}

static void put_list(struct strbuf *out, const char *first, const struct string_list *more)
{
	strbuf_appendf(out, "{ %s", first);
	for (size_t i = 0; more != NULL && i < more->count; i++)
		strbuf_appendf(out, ", %s", more->items[i]);
	strbuf_append(out, " }");
}

static void put_bridge_table(const struct filter_plan *plan, struct strbuf *out)
{
	const char *digits = digits_of(plan->bridge);

	put_replaced(out, "bridge", plan->bridge);
	strbuf_appendf(out, "table bridge i2kit_%s {\n", digits);
	put_set(out, plan, false);
	put_set(out, plan, true);
	strbuf_appendf(out,
		       "\tchain prerouting {\n"
		       "\t\ttype filter hook prerouting priority -300; policy accept;\n"
		       "\t\tiifname != \"i2t%s-*\" accept\n"
		       "\t\tether type arp iifname . ether saddr . arp saddr ether . arp saddr ip "
		       "@speakers accept\n"
		       "\t\tether type ip iifname . ether saddr . ip saddr @senders goto checked\n"
		       "\t\tdrop\n\t}\n"
		       "\tchain egress {\n",
		       digits);
	for (size_t i = 0; i < plan->guest_count; i++) {
		const struct filter_guest *guest = &plan->guests[i];
		AUTO_FREE char *gateway = xasprintf("10.77.%u.1", plan->subnet);
		if (!filter_guest_is_restricted(guest))
			continue;
		/*
		 * Between instances nobody puts pieces together, and a small first one has no flags
		 * to look at.
		 */
		strbuf_appendf(out,
			       "\t\tip saddr %s ip daddr 10.77.%u.%d-10.77.%u.%d ip frag-off & "
			       "0x3fff != 0 drop\n",
			       guest->address, plan->subnet, NETWORK_FIRST_INSTANCE, plan->subnet,
			       NETWORK_LAST_INSTANCE);
		strbuf_appendf(out, "\t\tip saddr %s ip daddr ", guest->address);
		put_list(out, gateway, guest->is_restricted ? guest->neighbours : NULL);
		strbuf_append(out, " return\n");
		filter_policy_put_outgoing(plan, guest, out);
		strbuf_appendf(out,
			       "\t\tip saddr %s ip daddr 10.77.%u.0/24 tcp flags & (syn | ack) == "
			       "syn drop\n"
			       "\t\tip saddr %s ip daddr 10.77.%u.0/24 meta l4proto != tcp drop\n",
			       guest->address, plan->subnet, guest->address, plan->subnet);
	}
	strbuf_append(out, "\t}\n\tchain ingress {\n");
	for (size_t i = 0; i < plan->guest_count; i++)
		filter_policy_put_incoming(plan, &plan->guests[i], out);
	strbuf_append(out, "\t}\n\tchain checked {\n\t\tjump egress\n\t\tjump ingress\n"
			   "\t\taccept\n\t}\n}\n");
}

static void put_input(const struct filter_plan *plan, struct strbuf *out)
{
	strbuf_appendf(out,
		       "\tchain input {\n"
		       "\t\ttype filter hook input priority -10; policy accept;\n"
		       "\t\tiifname != \"%s\" accept\n"
		       "\t\tct state established,related accept\n",
		       plan->bridge);
	for (size_t i = 0; i < plan->guest_count; i++) {
		const struct filter_guest *guest = &plan->guests[i];
		if (guest->may_reach_host)
			strbuf_appendf(out, "\t\tip saddr %s ip daddr 10.77.%u.1 accept\n",
				       guest->address, plan->subnet);
		/* Questions carry data out as well as anything. */
		else if (!filter_guest_may_ask(guest))
			strbuf_appendf(out, "\t\tip saddr %s reject with icmpx admin-prohibited\n",
				       guest->address);
	}
	strbuf_appendf(out,
		       "\t\tip daddr 10.77.%u.1 meta l4proto { tcp, udp } th dport 53 accept\n"
		       "\t\tip daddr 10.77.%u.1 icmp type echo-request accept\n"
		       "\t\treject with icmpx admin-prohibited\n\t}\n",
		       plan->subnet, plan->subnet);
}

static void put_leave(const struct filter_plan *plan, struct strbuf *out)
{
	strbuf_append(out, "\tchain leave {\n"
			   "\t\tct state established,related accept\n"
			   "\t\tip daddr 10.77.0.0/16 reject with icmpx admin-prohibited\n");
	for (size_t i = 0; i < plan->guest_count; i++) {
		const struct filter_guest *guest = &plan->guests[i];
		if (!filter_guest_is_restricted(guest))
			continue;
		filter_policy_put_leave(guest, out);
		for (size_t k = 0;
		     guest->is_restricted && guest->cidrs != NULL && k < guest->cidrs->count; k++)
			strbuf_appendf(out, "\t\tip saddr %s ip daddr %s accept\n", guest->address,
				       guest->cidrs->items[k]);
		if (guest->is_restricted && guest->may_reach_internet)
			strbuf_appendf(out, "\t\tip saddr %s ip daddr != " PRIVATE " accept\n",
				       guest->address);
		strbuf_appendf(out, "\t\tip saddr %s reject with icmpx admin-prohibited\n",
			       guest->address);
	}
	strbuf_append(out, "\t}\n");
}

void network_filter_write(const struct filter_plan *plan, struct strbuf *out)
{
	put_bridge_table(plan, out);
	put_replaced(out, "inet", plan->bridge);
	strbuf_appendf(out, "table inet i2kit_%s {\n", digits_of(plan->bridge));
	put_input(plan, out);
	put_leave(plan, out);
	strbuf_appendf(out,
		       "\tchain enter {\n\t\tct state established,related accept\n\t\tdrop\n\t}\n"
		       "\tchain forward {\n"
		       "\t\ttype filter hook forward priority -10; policy accept;\n"
		       "\t\tiifname \"%s\" oifname \"%s\" accept\n"
		       "\t\tiifname \"%s\" jump leave\n"
		       "\t\toifname \"%s\" jump enter\n\t}\n}\n",
		       plan->bridge, plan->bridge, plan->bridge, plan->bridge);
}

/* "i2kit_" and the digits of a bridge, then a blank or the end of the line. */
static bool is_own_table(const char *text, const char *line_end)
{
	size_t digits;

	if (strncmp(text, "i2kit_", 6) != 0)
		return false;
	digits = strspn(text + 6, "0123456789abcdef");
	text += 6 + digits;
	return digits > 0 && (text == line_end || (text[0] == ' ' && text[1] == '{'));
}

static bool is_own_line(const char *line, const char *end)
{
	static const char *const begins[] = {"add table bridge ", "delete table bridge ",
					     "add table inet ",	  "delete table inet ",
					     "table bridge ",	  "table inet "};

	/* What is in a table; it ends where it began, at the margin. */
	if (line == end || line[0] == '\t' || (line[0] == '}' && line + 1 == end))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		size_t length = strlen(begins[i]);
		if ((size_t)(end - line) > length && strncmp(line, begins[i], length) == 0)
			return is_own_table(line + length, end);
	}
	return false;
}

/* Braces of what is in a table are its own: none leaves it. */
static bool stays_inside(const char *line, const char *end, int *depth)
{
	for (const char *at = line; at < end; at++) {
		if (*at == '{')
			(*depth)++;
		else if (*at == '}' && --*depth < (line[0] == '\t' ? 1 : 0))
			return false;
	}
	return true;
}

bool network_filter_is_own(const char *rules)
{
	int depth = 0;

	if (strstr(rules, "include") != NULL || strstr(rules, "define") != NULL)
		return false;
	for (const char *line = rules; line[0] != '\0';) {
		const char *end = line + strcspn(line, "\n");
		if (!is_own_line(line, end) || !stays_inside(line, end, &depth))
			return false;
		line = end + (end[0] == '\n');
	}
	return depth == 0;
}

static bool ask(const char *rules, struct error *err)
{
	AUTO(starter_request_clear)
	struct starter_request request = {.kind = STARTER_FILTER, .text = xstrdup(rules)};

	return starter_ask(&request, err);
}

bool network_filter_load(const char *rules, struct error *err)
{
	if (starter_is_there())
		return ask(rules, err);
	const char *const argv[] = {"nft", "-f", "-", NULL};
	const struct process_run run = {
		.argv = argv, .input = rules, .input_size = strlen(rules), .timeout_ms = NFT_MS};
	AUTO(process_output_clear) struct process_output output = {0};

	if (process_run(&run, &output, err))
		return true;
	(void)error_prefix(err, "the rules that keep projects apart");
	return error_hint(err, "nft (package nftables) and a kernel with nf_tables are needed; "
			       "i2kit doctor says more");
}

void network_filter_remove(const char *bridge)
{
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;

	put_replaced(&rules, "bridge", bridge);
	put_replaced(&rules, "inet", bridge);
	/* Rules of a network that is gone match nothing. */
	(void)!network_filter_load(strbuf_text(&rules), NULL);
}
