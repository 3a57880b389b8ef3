/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "guest/machine/dhcp_message.h"

#define NUMBER	0x12345678U
#define OPTIONS (20 + 8 + 236 + 4)

/* An ACK with these options, behind its IPv4 and UDP headers. */
static struct dhcp_lease lease_of(const uint8_t *options, size_t size)
{
	uint8_t packet[OPTIONS + 256] = {0x45};
	struct dhcp_lease lease;
	size_t udp = 8 + 236 + 4 + size;
	packet[9] = 17;
	packet[21] = 67;
	packet[23] = 68;
	packet[24] = (uint8_t)(udp >> 8);
	packet[25] = (uint8_t)udp;
	packet[28] = 2;
	memcpy(packet + 32, "\x12\x34\x56\x78", 4);
	memcpy(packet + 28 + 236, "\x63\x82\x53\x63", 4);
	memcpy(packet + OPTIONS, options, size);
	assert_true(dhcp_message_parse(packet, OPTIONS + size, NUMBER, &lease));
	return lease;
}

/* What OVN answers with: the way to the metadata service stands nowhere else. */
static void routes_are_read_with_their_networks_and_gateways(void **state)
{
	static const uint8_t options[] = {53,  1,   5,	3, 4, 10, 0,  0,  1, 121, 29, 32, 169, 254,
					  169, 254, 10, 0, 0, 2,  0,  10, 0, 0,	  1,  22, 192, 168,
					  7,   0,   0,	0, 0, 9,  10, 10, 0, 0,	  7,  255};
	(void)state;
	struct dhcp_lease lease = lease_of(options, sizeof(options));
	assert_int_equal(lease.gateway, 0x0a000001);
	assert_int_equal(lease.route_count, 4);
	assert_int_equal(lease.routes[0].network, 0xa9fea9fe);
	assert_int_equal(lease.routes[0].prefix, 32);
	assert_int_equal(lease.routes[0].gateway, 0x0a000002);
	assert_int_equal(lease.routes[1].prefix, 0);
	assert_int_equal(lease.routes[1].gateway, 0x0a000001);
	/* What is beyond the prefix is no part of the network: the kernel would refuse it. */
	assert_int_equal(lease.routes[2].network, 0xc0a80400);
	assert_int_equal(lease.routes[2].gateway, 0);
	assert_int_equal(lease.routes[3].network, 0x0a000000);
	assert_int_equal(lease.routes[3].prefix, 9);
}

static void broken_routes_count_for_nothing(void **state)
{
	static const uint8_t cut_off[] = {53,  1,  5, 121, 12, 32, 169, 254, 169,
					  254, 10, 0, 0,   2,  0,  10,	0,   255};
	static const uint8_t too_long[] = {53,	1,   5,	 121, 9, 33, 169, 254,
					   169, 254, 10, 0,   0, 2,  255};
	uint8_t many[3 + 2 + 40 * 5 + 1] = {53, 1, 5, 121, 40 * 5};
	(void)state;
	assert_int_equal(lease_of(cut_off, sizeof(cut_off)).route_count, 0);
	assert_int_equal(lease_of(too_long, sizeof(too_long)).route_count, 0);
	many[sizeof(many) - 1] = 255;
	assert_int_equal(lease_of(many, sizeof(many)).route_count, 40);
}

static void routes_are_asked_for_before_the_router(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	uint8_t packet[DHCP_MAX_PACKET];
	(void)state;
	size_t size = dhcp_message_make(mac, NUMBER, NULL, packet);
	/* 53 DISCOVER, then the parameter list: RFC 3442 wants 121 before 3. */
	assert_true(size > OPTIONS);
	assert_int_equal(packet[OPTIONS + 3], 55);
	assert_int_equal(packet[OPTIONS + 5], 121);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_read_with_their_networks_and_gateways),
		cmocka_unit_test(broken_routes_count_for_nothing),
		cmocka_unit_test(routes_are_asked_for_before_the_router),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
