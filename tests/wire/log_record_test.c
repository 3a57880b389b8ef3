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
	struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, bytes.size);
	struct wire_log_record record;
	assert_true(wire_log_next(&reader, &record, NULL));
	assert_true(record.sequence == sample.sequence);
	assert_int_equal(record.wall_ns, -5);
	assert_int_equal(record.source, WIRE_LOG_STDERR);
	assert_true(record.is_partial);
	assert_int_equal(record.container_size, 3);
	assert_memory_equal(record.container, "web", 3);
	assert_int_equal(record.text_size, 3);
	assert_memory_equal(record.text, "a\0b", 3);
	assert_true(wire_log_next(&reader, &record, NULL));
	assert_int_equal(record.sequence, 2);
	assert_int_equal(record.text_size, 0);
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(wire_log_next(&reader, &record, &err));
	assert_int_equal(err.kind, ERROR_NONE);
}

static void a_record_cut_anywhere_is_an_error(void **state)
{
	(void)state;
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_log_append(&bytes, &sample);
	for (size_t size = 1; size < bytes.size; size++) {
		struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, size);
		struct wire_log_record record;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(wire_log_next(&reader, &record, &err));
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
		struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, bytes.size);
		struct wire_log_record record;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(wire_log_next(&reader, &record, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void append_raw(struct strbuf *out, uint64_t sequence, bool is_partial, const char *text,
		       size_t size)
{
	wire_log_append(out, &(struct wire_log_record){.sequence = sequence,
						       .wall_ns = 7,
						       .is_partial = is_partial,
						       .is_raw = true,
						       .container = "web",
						       .container_size = 3,
						       .text = text,
						       .text_size = size});
}

static void assert_line(struct wire_log_reader *reader, uint64_t sequence, bool is_partial,
			const char *text, size_t size)
{
	struct wire_log_record line;
	assert_true(wire_log_next(reader, &line, NULL));
	assert_false(line.is_raw);
	assert_int_equal(line.sequence, sequence);
	assert_int_equal(line.wall_ns, 7);
	assert_int_equal(line.is_partial, is_partial);
	assert_int_equal(line.container_size, 3);
	assert_memory_equal(line.container, "web", 3);
	assert_int_equal(line.text_size, size);
	if (text != NULL)
		assert_memory_equal(line.text, text, size);
}

static void raw_output_is_cut_by_the_reader(void **state)
{
	(void)state;
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	append_raw(&bytes, 110, false, "one\n\nthree\n", 11);
	append_raw(&bytes, 111, false, "\n", 1);
	struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, bytes.size);
	struct wire_log_record line;
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_line(&reader, 103, false, "one", 3);
	assert_line(&reader, 104, false, "", 0);
	assert_line(&reader, 110, false, "three", 5);
	assert_line(&reader, 111, false, "", 0);
	assert_false(wire_log_next(&reader, &line, &err));
	assert_int_equal(err.kind, ERROR_NONE);
}

static void long_lines_of_raw_output_come_in_pieces(void **state)
{
	(void)state;
	static char text[40001];
	const size_t piece = WIRE_LOG_PIECE;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	append_raw(&bytes, 50000, false, text, sizeof(text));
	append_raw(&bytes, 50000 + piece, true, text, piece);
	/* A line of just one piece is whole. */
	append_raw(&bytes, 100000, false, text + sizeof(text) - 1 - piece, piece + 1);
	struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, bytes.size);
	const uint64_t start = 50000 - sizeof(text);
	assert_line(&reader, start + piece, true, NULL, piece);
	assert_line(&reader, start + 2 * piece, true, NULL, piece);
	assert_line(&reader, 50000, false, NULL, 40000 - 2 * piece);
	assert_line(&reader, 50000 + piece, true, NULL, piece);
	assert_line(&reader, 100000, false, NULL, piece);
}

static void raw_output_that_lies_is_an_error(void **state)
{
	(void)state;
	static const struct {
		uint64_t sequence;
		const char *text;
	} lies[] = {{9, "no end"}, {9, ""}, {3, "more than was counted\n"}};
	for (size_t i = 0; i < 3; i++) {
		AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
		append_raw(&bytes, lies[i].sequence, false, lies[i].text, strlen(lies[i].text));
		struct wire_log_reader reader = WIRE_LOG_READER(bytes.data, bytes.size);
		struct wire_log_record record;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(wire_log_next(&reader, &record, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_as_they_went_in),
		cmocka_unit_test(a_record_cut_anywhere_is_an_error),
		cmocka_unit_test(lengths_that_lie_are_errors),
		cmocka_unit_test(raw_output_is_cut_by_the_reader),
		cmocka_unit_test(long_lines_of_raw_output_come_in_pieces),
		cmocka_unit_test(raw_output_that_lies_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
