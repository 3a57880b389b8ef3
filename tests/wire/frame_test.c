/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "test.h"
#include "wire/frame.h"

DEFINE_AUTO_PTR(wire_decoder, wire_decoder_free)

static const uint8_t nonce[WIRE_NONCE_SIZE] = "0123456789abcdef";

static void expect_message(struct wire_decoder *decoder, enum wire_type type, uint16_t stream,
			   const char *text)
{
	struct wire_message message;
	assert_int_equal(wire_decoder_next(decoder, &message, NULL), WIRE_MESSAGE);
	assert_int_equal(message.type, type);
	assert_int_equal(message.stream, stream);
	assert_int_equal(message.size, strlen(text));
	assert_memory_equal(message.bytes, text, message.size);
}

static void expect_hello(struct wire_decoder *decoder)
{
	struct wire_message message;
	assert_int_equal(wire_decoder_next(decoder, &message, NULL), WIRE_MESSAGE);
	assert_int_equal(message.type, WIRE_HELLO);
	assert_memory_equal(message.bytes, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	assert_memory_equal(message.bytes + WIRE_MAGIC_SIZE, nonce, WIRE_NONCE_SIZE);
}

static void expect_nothing(struct wire_decoder *decoder)
{
	struct wire_message message;
	assert_int_equal(wire_decoder_next(decoder, &message, NULL), WIRE_NEED_MORE);
}

static void expect_broken(struct wire_decoder *decoder, const char *part_of_message)
{
	struct wire_message message;
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_int_equal(wire_decoder_next(decoder, &message, &err), WIRE_BROKEN);
	assert_non_null(strstr(err.message, part_of_message));
}

static struct wire_decoder *greeted_decoder(size_t max_message)
{
	struct wire_decoder *decoder = wire_decoder_new(max_message);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_hello(&bytes, nonce, NULL);
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_hello(decoder);
	return decoder;
}

static void messages_come_out_as_they_went_in(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(WIRE_MAX_TO_HOST);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_text(&bytes, WIRE_EVENT, 0, "{\"seq\":1}");
	wire_append(&bytes, WIRE_EXEC_STDOUT, 7, NULL, 0);
	wire_append_text(&bytes, WIRE_EXEC_STDERR, 0xffff, "x");
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_message(decoder, WIRE_EVENT, 0, "{\"seq\":1}");
	expect_message(decoder, WIRE_EXEC_STDOUT, 7, "");
	expect_message(decoder, WIRE_EXEC_STDERR, 0xffff, "x");
	expect_nothing(decoder);
}

static void a_message_may_come_byte_by_byte(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(WIRE_MAX_TO_HOST);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_text(&bytes, WIRE_SHUTDOWN, 0, "{\"container\":\"web\"}");
	for (size_t i = 0; i < bytes.size; i++) {
		expect_nothing(decoder);
		wire_decoder_feed(decoder, bytes.data + i, 1);
	}
	expect_message(decoder, WIRE_SHUTDOWN, 0, "{\"container\":\"web\"}");
}

static void a_long_message_is_put_together_again(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(WIRE_MAX_TO_GUEST);
	size_t size = 3 * WIRE_MAX_PAYLOAD + 5;
	AUTO_FREE uint8_t *sent = xmalloc(size);
	for (size_t i = 0; i < size; i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append(&bytes, WIRE_RELEASE, 0, sent, size);
	assert_int_equal(bytes.size, wire_encoded_size(size));
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	struct wire_message message;
	assert_int_equal(wire_decoder_next(decoder, &message, NULL), WIRE_MESSAGE);
	assert_int_equal(message.size, size);
	assert_memory_equal(message.bytes, sent, size);
	assert_int_equal(message.bytes[size], 0);
}

/* A frame by hand: for what wire_append() never makes. */
static void feed_frame(struct wire_decoder *decoder, uint8_t type, uint8_t flags, uint16_t stream,
		       const char *text)
{
	uint8_t header[8] = {(uint8_t)strlen(text), 0, 0, 0, type, flags, (uint8_t)(stream & 0xff),
			     (uint8_t)(stream >> 8)};
	wire_decoder_feed(decoder, header, sizeof(header));
	wire_decoder_feed(decoder, text, strlen(text));
}

static void pieces_of_two_streams_do_not_mix(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(100);
	feed_frame(decoder, WIRE_TUNNEL_DATA, 1, 1, "one ");
	feed_frame(decoder, WIRE_TUNNEL_DATA, 1, 2, "two ");
	feed_frame(decoder, WIRE_TUNNEL_DATA, 0, 1, "first");
	feed_frame(decoder, WIRE_TUNNEL_DATA, 0, 3, "whole");
	feed_frame(decoder, WIRE_TUNNEL_DATA, 0, 2, "second");
	expect_message(decoder, WIRE_TUNNEL_DATA, 1, "one first");
	expect_message(decoder, WIRE_TUNNEL_DATA, 3, "whole");
	expect_message(decoder, WIRE_TUNNEL_DATA, 2, "two second");
	expect_nothing(decoder);
}

static void the_sum_of_all_pieces_is_bounded(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(30);
	feed_frame(decoder, WIRE_TUNNEL_DATA, 1, 1, "12345678901234567890");
	feed_frame(decoder, WIRE_TUNNEL_DATA, 1, 2, "12345678901");
	expect_broken(decoder, "more than 30 bytes");
}

static void the_number_of_pieces_is_bounded(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(1000);
	for (uint16_t stream = 0; stream <= WIRE_MAX_PARTIAL; stream++)
		feed_frame(decoder, WIRE_TUNNEL_DATA, 1, stream, "");
	expect_broken(decoder, "at once");
}

static void a_frame_that_is_too_long_is_refused_before_it_is_waited_for(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(WIRE_MAX_TO_HOST);
	static const uint8_t header[8] = {1, 0, 1, 0, WIRE_LOG, 0, 0, 0};
	wire_decoder_feed(decoder, header, sizeof(header));
	expect_broken(decoder, "65537 bytes");
}

static void unknown_types_and_flags_are_refused(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(100);
	feed_frame(decoder, WIRE_TYPE_LAST + 1, 0, 0, "");
	expect_broken(decoder, "unknown type 29");
	AUTO_PTR(wire_decoder) struct wire_decoder *other = greeted_decoder(100);
	feed_frame(other, WIRE_LOG, 2, 0, "");
	expect_broken(other, "unknown flags 0x2 in LOG");
}

static void before_the_hello_everything_is_thrown_away(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_text(&bytes, WIRE_EVENT, 0, "the rest of an older message");
	size_t rest = bytes.size;
	wire_append_hello(&bytes, nonce, NULL);
	wire_append_text(&bytes, WIRE_HOSTS, 0, "[]");
	wire_decoder_feed(decoder, bytes.data + 3, bytes.size - 3);
	expect_hello(decoder);
	assert_int_equal(wire_decoder_skipped(decoder), rest - 3);
	expect_message(decoder, WIRE_HOSTS, 0, "[]");
}

static void the_host_waits_for_its_own_nonce(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	wire_decoder_expect_hello(decoder, nonce);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_hello(&bytes, (const uint8_t *)"an older process", "{\"version\":1}");
	wire_append_hello(&bytes, nonce, "{\"version\":1}");
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_hello(decoder);
	expect_nothing(decoder);
}

static void a_broken_decoder_hears_again_after_a_hello(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(100);
	feed_frame(decoder, 99, 0, 0, "");
	expect_broken(decoder, "unknown type 99");
	feed_frame(decoder, WIRE_HOSTS, 0, 0, "[]");
	expect_nothing(decoder);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_hello(&bytes, nonce, NULL);
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_hello(decoder);
}

static void a_half_frame_is_forgotten_when_a_hello_is_expected(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(100);
	static const uint8_t half[10] = {50, 0, 0, 0, WIRE_HOSTS, 1, 0, 0, 'a', 'b'};
	wire_decoder_feed(decoder, half, sizeof(half));
	expect_nothing(decoder);
	wire_decoder_expect_hello(decoder, NULL);
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_hello(&bytes, nonce, NULL);
	wire_append_text(&bytes, WIRE_HOSTS, 0, "[]");
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_hello(decoder);
	expect_message(decoder, WIRE_HOSTS, 0, "[]");
}

/* Of a host that was killed between two frames of a release. */
static void a_message_in_pieces_ends_with_the_next_hello(void **state)
{
	(void)state;
	AUTO_PTR(wire_decoder) struct wire_decoder *decoder = greeted_decoder(100);
	feed_frame(decoder, WIRE_RELEASE, 1, 0, "old ");
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	wire_append_hello(&bytes, nonce, NULL);
	wire_append_text(&bytes, WIRE_RELEASE, 0, "new");
	wire_decoder_feed(decoder, bytes.data, bytes.size);
	expect_hello(decoder);
	expect_message(decoder, WIRE_RELEASE, 0, "new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_as_they_went_in),
		cmocka_unit_test(a_message_may_come_byte_by_byte),
		cmocka_unit_test(a_long_message_is_put_together_again),
		cmocka_unit_test(pieces_of_two_streams_do_not_mix),
		cmocka_unit_test(the_sum_of_all_pieces_is_bounded),
		cmocka_unit_test(the_number_of_pieces_is_bounded),
		cmocka_unit_test(a_frame_that_is_too_long_is_refused_before_it_is_waited_for),
		cmocka_unit_test(unknown_types_and_flags_are_refused),
		cmocka_unit_test(before_the_hello_everything_is_thrown_away),
		cmocka_unit_test(the_host_waits_for_its_own_nonce),
		cmocka_unit_test(a_broken_decoder_hears_again_after_a_hello),
		cmocka_unit_test(a_half_frame_is_forgotten_when_a_hello_is_expected),
		cmocka_unit_test(a_message_in_pieces_ends_with_the_next_hello),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
