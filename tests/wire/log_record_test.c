/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "test.h"
#include "wire/log_record.h"

static const struct wire_log_record sample = {
	.sequence = 0x1122334455667788,
	.wall_ns = -5,
	.source = WIRE_LOG_STDERR,
	.is_partial = true,
	.container = "web",
	.container_size = 3,
	.text = "a\0b",
	.text_size = 3,
};

static void records_come_out_as_they_went_in(void **state)
{
	(void)state;
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_log_append(&bytes, &sample);
	wire_log_append(&bytes, &(struct wire_log_record){.sequence = 2, .source = WIRE_LOG_INIT});
	size_t offset = 0;
	struct wire_log_record record;
	assert_true(wire_log_next(bytes.data, bytes.size, &offset, &record, NULL));
	assert_true(record.sequence == sample.sequence);
	assert_int_equal(record.wall_ns, -5);
	assert_int_equal(record.source, WIRE_LOG_STDERR);
	assert_true(record.is_partial);
	assert_int_equal(record.container_size, 3);
	assert_memory_equal(record.container, "web", 3);
	assert_int_equal(record.text_size, 3);
	assert_memory_equal(record.text, "a\0b", 3);
	assert_true(wire_log_next(bytes.data, bytes.size, &offset, &record, NULL));
	assert_int_equal(record.sequence, 2);
	assert_int_equal(record.text_size, 0);
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(wire_log_next(bytes.data, bytes.size, &offset, &record, &err));
	assert_int_equal(err.kind, ERROR_NONE);
}

static void a_record_cut_anywhere_is_an_error(void **state)
{
	(void)state;
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_log_append(&bytes, &sample);
	for (size_t size = 1; size < bytes.size; size++) {
		size_t offset = 0;
		struct wire_log_record record;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(wire_log_next(bytes.data, size, &offset, &record, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void lengths_that_lie_are_errors(void **state)
{
	(void)state;
	static const size_t places[] = {0, 20, 22};
	for (size_t i = 0; i < 3; i++) {
		AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
		wire_log_append(&bytes, &sample);
		bytes.data[places[i]] = (char)0xff;
		size_t offset = 0;
		struct wire_log_record record;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(wire_log_next(bytes.data, bytes.size, &offset, &record, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_as_they_went_in),
		cmocka_unit_test(a_record_cut_anywhere_is_an_error),
		cmocka_unit_test(lengths_that_lie_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
