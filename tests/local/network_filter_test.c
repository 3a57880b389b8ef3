/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "base/process_run.h"
#include "local/vm/network_filter.h"

#include "test.h"

static struct string_list neighbours;
static struct string_list cidrs;

static void write_plan(const struct filter_guest *guests, size_t count, struct strbuf *out)
{
	const struct filter_plan plan = {
		.bridge = "i2k-0123abcd", .subnet = 7, .guests = guests, .guest_count = count};

	network_filter_write(&plan, out);
}

static void assert_has(const struct strbuf *rules, const char *part)
{
	if (strstr(rules->data, part) == NULL)
		fail_msg("no '%s' in %s", part, rules->data);
}

/* nft reads the rules without loading them; where it may not, there is nothing to show. */
static void assert_nft_takes(const struct strbuf *rules)
{
	AUTO_FREE char *nft = process_find_program("nft");
	const char *const argv[] = {"nft", "-c", "-f", "-", NULL};
	const struct process_run run = {.argv = argv,
					.input = rules->data,
					.input_size = rules->size,
					.timeout_ms = 20000,
					.accept_failure = true};
	AUTO(process_output_clear) struct process_output output = {0};

	if (nft == NULL || !process_run(&run, &output, NULL))
		return;
	if (output.status != 0 && strstr(output.stderr_tail, "syntax error") != NULL)
		fail_msg("%s in %s", output.stderr_tail, rules->data);
}

static void a_tap_is_named_after_bridge_and_address(void **state)
{
	char tap[TAP_NAME_SIZE];
	(void)state;

	network_filter_tap("i2k-0123abcd", "10.77.7.199", tap);
	assert_string_equal(tap, "i2t0123abcd-199");
}

static void a_guest_speaks_with_its_own_addresses_alone(void **state)
{
	const struct filter_guest guest = {
		.tap = "i2t0123abcd-10", .mac = "52:54:00:00:00:01", .address = "10.77.7.10"};
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	(void)state;

	write_plan(&guest, 1, &rules);
	assert_has(&rules, "\"i2t0123abcd-10\" . 52:54:00:00:00:01 . 10.77.7.10\n");
	assert_has(&rules,
		   "\"i2t0123abcd-10\" . 52:54:00:00:00:01 . 52:54:00:00:00:01 . 10.77.7.10\n");
	assert_has(&rules, "goto checked\n\t\tdrop\n");
	assert_nft_takes(&rules);
}

static void this_machine_answers_names_and_nothing_else(void **state)
{
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	(void)state;

	write_plan(NULL, 0, &rules);
	assert_has(&rules, "ip daddr 10.77.7.1 meta l4proto { tcp, udp } th dport 53 accept\n");
	assert_has(&rules, "ip daddr 10.77.0.0/16 reject");
	assert_null(strstr(rules.data, "elements"));
	assert_null(strstr(rules.data, "10.77.7.1 accept"));
	assert_nft_takes(&rules);
}

static void a_pod_that_may_reaches_this_machine(void **state)
{
	const struct filter_guest guest = {.tap = "t",
					   .mac = "52:54:00:00:00:01",
					   .address = "10.77.7.10",
					   .may_reach_host = true};
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	(void)state;

	write_plan(&guest, 1, &rules);
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.77.7.1 accept\n");
	assert_nft_takes(&rules);
}

static void a_policy_names_all_that_is_reached(void **state)
{
	const struct filter_guest guests[] = {{.tap = "t",
					       .mac = "52:54:00:00:00:01",
					       .address = "10.77.7.10",
					       .is_restricted = true,
					       .neighbours = &neighbours,
					       .cidrs = &cidrs},
					      {.tap = "u",
					       .mac = "52:54:00:00:00:02",
					       .address = "10.77.7.11",
					       .is_restricted = true,
					       .may_reach_internet = true},
					      {.tap = "v",
					       .mac = "52:54:00:00:00:03",
					       .address = "10.77.7.12",
					       .is_restricted = true}};
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	(void)state;

	string_list_add(&neighbours, "10.77.7.254");
	string_list_add(&cidrs, "192.0.2.0/24");
	write_plan(guests, 3, &rules);
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr { 10.77.7.1, 10.77.7.254 } return\n");
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 192.0.2.0/24 accept\n"
			   "\t\tip saddr 10.77.7.10 reject");
	assert_has(&rules, "ip saddr 10.77.7.11 ip daddr != { 0.0.0.0/8, 10.0.0.0/8");
	/* Names are asked for by those alone that reach something out there. */
	assert_has(&rules, "ip saddr 10.77.7.12 reject with icmpx admin-prohibited\n\t\tip daddr "
			   "10.77.7.1 meta l4proto");
	assert_nft_takes(&rules);
	string_list_clear(&neighbours);
	string_list_clear(&cidrs);
}

/* Of "web": from "db" at one port, datagrams from a network; to "db", and to a network at some. */
static void network_policies_are_rules_of_both_directions(void **state)
{
	char db[] = "db", inner[] = "10.0.0.0/8", outer[] = "192.0.2.0/24";
	struct traffic_item in[] = {
		{.pod = db, .protocol = PROTOCOL_TCP, .first = 80, .last = 80},
		{.cidr = inner, .protocol = PROTOCOL_UDP, .first = 53, .last = 54}};
	struct traffic_item out[] = {
		{.pod = db},
		{.cidr = outer, .protocol = PROTOCOL_TCP, .first = 1000, .last = 2000}};
	const struct traffic_policy incoming = {.is_isolated = true, .items = in, .item_count = 2};
	const struct traffic_policy outgoing = {.is_isolated = true, .items = out, .item_count = 2};
	const struct filter_guest guests[] = {
		{.tap = "t",
		 .mac = "52:54:00:00:00:01",
		 .address = "10.77.7.10",
		 .pod = "web",
		 .incoming = &incoming,
		 .outgoing = &outgoing},
		{.tap = "u", .mac = "52:54:00:00:00:02", .address = "10.77.7.11", .pod = "db"}};
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	(void)state;

	write_plan(guests, 2, &rules);
	/* A first piece of eight bytes would have no flags. */
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.77.7.10-10.77.7.199 ip frag-off & "
			   "0x3fff != 0 drop\n");
	assert_has(&rules, "ip daddr 10.77.7.10 ip frag-off & 0x3fff != 0 drop\n");
	/* Services are passed on, what is behind them is the supervisor's matter. */
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.77.7.200-10.77.7.254 return\n");
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.77.7.11 return\n");
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.0.0.0/8 udp sport 53-54 return\n");
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 10.77.7.0/24 meta l4proto != tcp drop\n");
	assert_has(&rules, "ip daddr 10.77.7.10 ip saddr 10.77.7.11 tcp dport 80 return\n"
			   "\t\tip daddr 10.77.7.10 ip saddr 10.0.0.0/8 udp dport 53-54 return\n"
			   "\t\tip daddr 10.77.7.10 tcp flags & (syn | ack) == syn drop\n"
			   "\t\tip daddr 10.77.7.10 meta l4proto != tcp drop\n");
	assert_has(&rules, "ip saddr 10.77.7.10 ip daddr 192.0.2.0/24 tcp dport 1000-2000 accept\n"
			   "\t\tip saddr 10.77.7.10 reject");
	/* It may ask for no names of outside. */
	assert_has(&rules, "ip saddr 10.77.7.10 reject with icmpx admin-prohibited\n\t\tip daddr");
	/* The other one is free. */
	assert_null(strstr(rules.data, "ip saddr 10.77.7.11 ip daddr"));
	assert_null(strstr(rules.data, "ip daddr 10.77.7.11 tcp flags"));
	assert_nft_takes(&rules);
	assert_true(network_filter_is_own(rules.data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_is_named_after_bridge_and_address),
		cmocka_unit_test(a_guest_speaks_with_its_own_addresses_alone),
		cmocka_unit_test(this_machine_answers_names_and_nothing_else),
		cmocka_unit_test(a_pod_that_may_reaches_this_machine),
		cmocka_unit_test(a_policy_names_all_that_is_reached),
		cmocka_unit_test(network_policies_are_rules_of_both_directions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
