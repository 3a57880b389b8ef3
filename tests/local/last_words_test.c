/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/last_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "test.h"

static void a_panic_is_told_with_its_reason(void **state)
{
	static const char text[] = "[    0.5] Run /init as init process\r\n"
				   "[    0.6] Kernel panic - not syncing: Attempted to kill init! "
				   "exitcode=0x00000100\r\n[    0.6] CPU: 0 PID: 1\r\n";
	AUTO_FREE char *words = last_words_find(text, strlen(text));
	(void)state;

	assert_string_equal(words, "the guest's kernel panicked: Attempted to kill init! "
				   "exitcode=0x00000100");
}

static void a_guest_that_powers_off_did_not_panic(void **state)
{
	static const char text[] = "reboot: Power down\n";
	(void)state;

	assert_null(last_words_find(text, strlen(text)));
	assert_null(last_words_find("", 0));
}

static void what_a_guest_writes_reaches_no_terminal_raw_and_has_an_end(void **state)
{
	char text[1000];
	AUTO_FREE char *words = NULL;
	(void)state;

	memset(text, 'x', sizeof(text));
	memcpy(text, "Kernel panic - not syncing: \x1b]0;owned\x07", 37);
	words = last_words_find(text, sizeof(text));
	assert_non_null(words);
	assert_null(strchr(words, 0x1b));
	assert_null(strchr(words, 0x07));
	assert_true(strlen(words) < 300);
}

static void a_console_that_is_not_there_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(last_words_size("no-such-project", "web-0"), 0);
	assert_null(last_words_read("no-such-project", "web-0", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_panic_is_told_with_its_reason),
		cmocka_unit_test(a_guest_that_powers_off_did_not_panic),
		cmocka_unit_test(what_a_guest_writes_reaches_no_terminal_raw_and_has_an_end),
		cmocka_unit_test(a_console_that_is_not_there_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
