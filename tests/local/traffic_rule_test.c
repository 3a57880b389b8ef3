/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/traffic_rule.h"

#include <string.h>

#include "base/cleanup.h"
#include "test.h"

static char db[] = "db", block[] = "192.0.2.0/24", one[] = "198.51.100.7/32";

static bool may(const struct traffic_policy *policy, const char *pod, const char *address,
		uint16_t port, bool is_udp)
{
	const struct traffic_peer peer = {.pod = pod, .address = address};
	return traffic_allows(policy, &peer, port, is_udp);
}

static void who_is_not_isolated_is_free(void **state)
{
	const struct traffic_policy policy = {0};
	const struct traffic_policy closed = {.is_isolated = true};
	(void)state;
	assert_true(may(&policy, "web", "10.77.1.10", 80, false));
	assert_false(may(&closed, "web", "10.77.1.10", 80, false));
}

static void peers_ports_and_protocols_must_all_fit(void **state)
{
	struct traffic_item items[] = {
		{.pod = db, .protocol = PROTOCOL_TCP, .first = 80, .last = 82},
		{.cidr = block},
		{.cidr = one, .protocol = PROTOCOL_UDP, .first = 53, .last = 53}};
	const struct traffic_policy policy = {.is_isolated = true, .items = items, .item_count = 3};
	(void)state;
	assert_true(may(&policy, "db", NULL, 80, false));
	assert_true(may(&policy, "db", "10.77.1.11", 82, false));
	assert_false(may(&policy, "db", NULL, 83, false));
	assert_false(may(&policy, "db", NULL, 80, true));
	assert_false(may(&policy, "web", NULL, 80, false));
	assert_true(may(&policy, NULL, "192.0.2.255", 1, true));
	assert_false(may(&policy, NULL, "192.0.3.0", 1, true));
	assert_true(may(&policy, NULL, "198.51.100.7", 53, true));
	assert_false(may(&policy, NULL, "198.51.100.7", 53, false));
	assert_false(may(&policy, NULL, "fd00::1", 53, true));
	assert_false(may(&policy, NULL, NULL, 53, true));
}

/* Neither a pod nor a network: anybody. */
static void anybody_is_anybody(void **state)
{
	struct traffic_item item = {.protocol = PROTOCOL_TCP, .first = 1, .last = 65535};
	const struct traffic_policy policy = {.is_isolated = true, .items = &item, .item_count = 1};
	(void)state;
	assert_true(may(&policy, NULL, "fd00::1", 443, false));
	assert_true(may(&policy, "web", NULL, 443, false));
	assert_false(may(&policy, "web", NULL, 443, true));
}

static void session_mode_refuses_what_it_cannot_do(void **state)
{
	char name[] = "web";
	struct traffic_item item = {.cidr = block};
	struct pod_plan pod = {.name = name,
			       .outgoing = {.is_isolated = true, .items = &item, .item_count = 1}};
	const struct project_plan plan = {.pods = &pod, .pod_count = 1};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(traffic_check_session(&plan, NULL));
	item.first = item.last = 443;
	assert_false(traffic_check_session(&plan, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err.message, "192.0.2.0/24"));
	/* Between pods the supervisor itself connects. */
	item.cidr = NULL;
	item.pod = db;
	assert_true(traffic_check_session(&plan, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_isolated_is_free),
		cmocka_unit_test(peers_ports_and_protocols_must_all_fit),
		cmocka_unit_test(anybody_is_anybody),
		cmocka_unit_test(session_mode_refuses_what_it_cannot_do),
	};
	return cmocka_run_group_tests_name("traffic rule", tests, NULL, NULL);
}
