/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <string.h>

#include "base/cleanup.h"
#include "test.h"

static void a_ceiling_cuts_and_says_so(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_MAX(4);
	(void)state;
	strbuf_append(&buf, "abcdef");
	assert_string_equal(strbuf_text(&buf), "abcd");
	assert_true(buf.is_cut);
	assert_null(strbuf_reserve(&buf, 1));
}

static void json_escapes_quotes_controls_and_bad_utf8(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	(void)state;
	strbuf_append_json(&buf, "a\"\\\n\x01\xff\xc3\xa9");
	assert_string_equal(strbuf_text(&buf), "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa9\"");
}

static void xml_escapes_markup(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	(void)state;
	strbuf_append_xml(&buf, "<a b=\"c\">'&\x1b");
	assert_string_equal(strbuf_text(&buf), "&lt;a b=&quot;c&quot;&gt;&apos;&amp;\xEF\xBF\xBD");
}

static void printable_shows_escapes_instead_of_sending_them(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	static const char hostile[] = "\x1b]0;x\x07\tok\xc2\x9b\xff";
	(void)state;
	strbuf_append_printable(&buf, hostile, sizeof(hostile) - 1);
	assert_string_equal(strbuf_text(&buf), "\\x1b]0;x\\x07\tok\\xc2\\x9b\\xff");
}

static void printable_lets_no_text_turn_around(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	static const char text[] = "\u202eevil \u2066x\u2069 \u20ac";
	(void)state;
	strbuf_append_printable(&buf, text, sizeof(text) - 1);
	assert_string_equal(strbuf_text(&buf), "\\xe2\\x80\\xaeevil \\xe2\\x81\\xa6x"
					       "\\xe2\\x81\\xa9 \u20ac");
}

static void shell_quotes_only_what_needs_it(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	(void)state;
	strbuf_append_shell(&buf, "a-b.c");
	strbuf_append_char(&buf, ' ');
	strbuf_append_shell(&buf, "it's");
	assert_string_equal(strbuf_text(&buf), "a-b.c 'it'\\''s'");
}

static void consume_drops_from_the_front(void **state)
{
	AUTO(strbuf_clear) struct strbuf buf = STRBUF_INIT;
	(void)state;
	strbuf_append(&buf, "hello");
	strbuf_consume(&buf, 2);
	assert_string_equal(strbuf_text(&buf), "llo");
	strbuf_consume(&buf, 99);
	assert_int_equal(buf.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ceiling_cuts_and_says_so),
		cmocka_unit_test(json_escapes_quotes_controls_and_bad_utf8),
		cmocka_unit_test(xml_escapes_markup),
		cmocka_unit_test(printable_shows_escapes_instead_of_sending_them),
		cmocka_unit_test(printable_lets_no_text_turn_around),
		cmocka_unit_test(shell_quotes_only_what_needs_it),
		cmocka_unit_test(consume_drops_from_the_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
