/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include "test.h"

static void u64_takes_the_whole_string_or_nothing(void **state)
{
	uint64_t value = 7;
	(void)state;
	assert_true(parse_u64("18446744073709551615", 0, UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	value = 7;
	assert_false(parse_u64("18446744073709551616", 0, UINT64_MAX, &value));
	assert_false(parse_u64("", 0, UINT64_MAX, &value));
	assert_false(parse_u64(" 1", 0, UINT64_MAX, &value));
	assert_false(parse_u64("1 ", 0, UINT64_MAX, &value));
	assert_false(parse_u64("+1", 0, UINT64_MAX, &value));
	assert_false(parse_u64("-1", 0, UINT64_MAX, &value));
	assert_false(parse_u64("9", 0, 8, &value));
	assert_int_equal(value, 7);
}

static void i64_takes_a_minus(void **state)
{
	int64_t value = 0;
	(void)state;
	assert_true(parse_i64("-12", -20, 20, &value));
	assert_int_equal(value, -12);
	assert_false(parse_i64("-", -20, 20, &value));
	assert_false(parse_i64("--1", -20, 20, &value));
	assert_false(parse_i64("-21", -20, 20, &value));
}

static void sizes_have_binary_units(void **state)
{
	uint64_t value = 0;
	(void)state;
	assert_true(parse_size_bytes("64M", &value));
	assert_int_equal(value, 64 << 20);
	assert_true(parse_size_bytes("2GiB", &value));
	assert_true(value == UINT64_C(2) << 30);
	assert_true(parse_size_bytes("512", &value));
	assert_int_equal(value, 512);
	assert_false(parse_size_bytes("M", &value));
	assert_false(parse_size_bytes("1X", &value));
	assert_false(parse_size_bytes("99999999999T", &value));
}

static void durations_add_up(void **state)
{
	uint64_t value = 0;
	(void)state;
	assert_true(parse_duration_ms("1h30m", &value));
	assert_int_equal(value, 5400000);
	assert_true(parse_duration_ms("250ms", &value));
	assert_int_equal(value, 250);
	assert_true(parse_duration_ms("10", &value));
	assert_int_equal(value, 10000);
	assert_false(parse_duration_ms("", &value));
	assert_false(parse_duration_ms("5y", &value));
	assert_false(parse_duration_ms("99999999999999999999s", &value));
}

static void rfc3339_becomes_nanoseconds(void **state)
{
	int64_t value = 0;
	(void)state;
	assert_true(parse_rfc3339_ns("1970-01-01T00:00:01.5Z", &value));
	assert_int_equal(value, 1500000000);
	assert_true(parse_rfc3339_ns("1970-01-01T01:00:00+01:00", &value));
	assert_int_equal(value, 0);
	assert_false(parse_rfc3339_ns("1970-01-01", &value));
	assert_false(parse_rfc3339_ns("1970-13-01T00:00:00Z", &value));
	assert_false(parse_rfc3339_ns("1970-01-01T00:00:00Zx", &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64_takes_the_whole_string_or_nothing),
		cmocka_unit_test(i64_takes_a_minus),
		cmocka_unit_test(sizes_have_binary_units),
		cmocka_unit_test(durations_add_up),
		cmocka_unit_test(rfc3339_becomes_nanoseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
