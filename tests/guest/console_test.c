/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "guest/cloud/cloud_console.h"
#include "guest/cloud/cloud_sign.h"

#define KEY    "0123456789abcdef0123456789abcdef"
#define SERVER "3f0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"
#define SECOND INT64_C(1000000000)

/* The MACs are Python's: hmac.new(KEY, b"ready 1796074000 - SERVER", "sha256"). */
static void a_line_is_signed_with_its_event_time_value_and_instance(void **state)
{
	(void)state;
	const struct console_speaker server = {KEY, SERVER, cloud_hmac_hex};
	const struct console_speaker another = {KEY, "another", cloud_hmac_hex};
	AUTO_FREE char *ready = console_line_write(&server, CONSOLE_READY, 1796074000, NULL);
	AUTO_FREE char *booted =
		console_line_write(&server, CONSOLE_BOOTED, 1796074001, "sha256:ab");
	AUTO_FREE char *other = console_line_write(&another, CONSOLE_READY, 1796074000, NULL);
	assert_string_equal(ready,
			    "i2kit: signed ready 1796074000 - "
			    "a44970230bc878c21f70966d0b3366ea55cc6fa044d75ebd6049125304d478dd");
	assert_string_equal(booted,
			    "i2kit: signed booted 1796074001 sha256:ab "
			    "3e28c8022bb99a259f474f9f3cab835d325ce88daee75a670d71872c6c06d991");
	assert_string_not_equal(ready, other);
}

static size_t count_of(const char *path, const char *word)
{
	AUTO_FREE char *text = NULL;
	size_t count = 0;
	assert_true(file_read(path, 1 << 20, &text, NULL, NULL));
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		count++;
	return count;
}

static void what_is_so_is_said_again_and_what_was_is_not(void **state)
{
	(void)state;
	char path[] = "/tmp/i2kit-console.XXXXXX";
	AUTO_CLOSE int fd = mkstemp(path);
	AUTO_PTR(cloud_console) struct cloud_console *console = cloud_console_new(fd, KEY, SERVER);
	cloud_console_step(console, 1000, SECOND); /* nothing to say yet */
	assert_int_equal(count_of(path, CONSOLE_LINE_BEGIN), 0);
	cloud_console_say(console, CONSOLE_READY, NULL, SECOND);
	cloud_console_say(console, CONSOLE_BOOTED, "sha256:ab", 2 * SECOND);
	cloud_console_say(console, CONSOLE_UNREADY, NULL, 3 * SECOND);
	cloud_console_step(console, 500000, 4 * SECOND);
	assert_int_equal(count_of(path, CONSOLE_LINE_BEGIN), 3);
	cloud_console_step(console, 601001, 5 * SECOND);
	cloud_console_step(console, 601002, 5 * SECOND);
	assert_int_equal(count_of(path, CONSOLE_LINE_BEGIN), 5);
	assert_int_equal(count_of(path, "signed booted 5 sha256:ab "), 1);
	assert_int_equal(count_of(path, "signed unready "), 2);
	assert_int_equal(count_of(path, "signed ready "), 1);
	cloud_console_say(NULL, CONSOLE_READY, NULL, SECOND);
	cloud_console_step(NULL, 1, SECOND);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_signed_with_its_event_time_value_and_instance),
		cmocka_unit_test(what_is_so_is_said_again_and_what_was_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
