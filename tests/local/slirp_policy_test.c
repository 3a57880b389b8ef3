/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/slirp_policy.h"

#include <arpa/inet.h>
#include <string.h>

#include "test.h"

/* A machine with 192.168.1.5 and fd00::5, whose resolver is its own 127.0.0.53 and the router's. */
static struct slirp_machine machine;

static struct in6_addr address(const char *text)
{
	struct in6_addr v6 = {0};
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return slirp_address_of_v4(v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6), 1);
	return v6;
}

static int start(void **state)
{
	(void)state;
	machine.own[0] = address("192.168.1.5");
	machine.own[1] = address("fd00::5");
	machine.own_count = 2;
	machine.name_servers[0] = address("127.0.0.53");
	machine.name_servers[1] = address("192.168.1.1");
	machine.name_server_count = 2;
	return 0;
}

static bool may(const char *policy, const char *target, uint16_t port)
{
	const struct in6_addr to = address(target);

	return slirp_policy_allows(policy, &machine, &to, port);
}

static void this_machine_is_off_unless_asked_for(void **state)
{
	static const char *const own[] = {
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "192.168.1.5",	"::1",
		"::",	     "fd00::5",	  "0.1.2.3", "::ffff:127.0.0.1"};
	(void)state;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		assert_false(may("any", own[i], 80));
		assert_false(may("internet 127.0.0.0/8 192.168.0.0/16", own[i], 80));
		assert_true(may("any host", own[i], 80));
		assert_true(may("host", own[i], 80));
	}
	assert_true(may("any", "192.168.1.6", 80));
}

static void names_can_be_asked_for_by_who_reaches_something(void **state)
{
	(void)state;
	assert_true(may("any", "127.0.0.53", 53));
	assert_true(may("internet", "192.168.1.1", 53));
	assert_true(may("none 192.0.2.0/24", "127.0.0.53", 53));
	assert_false(may("none", "127.0.0.53", 53));
	assert_false(may("", "127.0.0.53", 53));
	assert_false(may("any", "127.0.0.1", 53));
	assert_false(may("any", "127.0.0.53", 80));
}

static void the_internet_is_what_is_not_private(void **state)
{
	(void)state;
	assert_true(may("internet", "198.51.100.7", 443));
	assert_true(may("internet", "2001:db8::1", 443));
	assert_false(may("internet", "10.0.0.1", 443));
	assert_false(may("internet", "172.31.0.1", 443));
	assert_false(may("internet", "192.168.7.7", 443));
	assert_false(may("internet", "169.254.169.254", 80));
	assert_false(may("internet", "239.1.1.1", 80));
	assert_false(may("internet", "fd00::9", 80));
}

static void a_range_is_exactly_that(void **state)
{
	(void)state;
	assert_true(may("none 192.0.2.0/24 10.1.0.7", "192.0.2.255", 80));
	assert_false(may("none 192.0.2.0/24 10.1.0.7", "192.0.3.0", 80));
	assert_true(may("none 192.0.2.0/24 10.1.0.7", "10.1.0.7", 80));
	assert_false(may("none 192.0.2.0/24 10.1.0.7", "10.1.0.8", 80));
	assert_false(may("none", "198.51.100.7", 80));
	assert_false(may("192.0.2.0/99", "192.0.2.1", 80));
	assert_true(may("0.0.0.0/0", "198.51.100.7", 80));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(this_machine_is_off_unless_asked_for, start),
		cmocka_unit_test_setup(names_can_be_asked_for_by_who_reaches_something, start),
		cmocka_unit_test_setup(the_internet_is_what_is_not_private, start),
		cmocka_unit_test_setup(a_range_is_exactly_that, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
