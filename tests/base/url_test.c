/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "test.h"

static void urls_are_taken_apart_as_curl_takes_them(void **state)
{
	static const struct {
		const char *text;
		bool is_tls;
		const char *authority;
		const char *path;
		const char *query;
	} good[] = {
		{"https://auth.docker.io/token", true, "auth.docker.io", "/token", NULL},
		{"http://Host:8080", false, "host:8080", "/", NULL},
		{"https://h:443/a?b=c", true, "h", "/a", "b=c"},
		{"https://h:80/", true, "h:80", "/", NULL},
		{"HTTP://[::1]:5000/x", false, "[::1]:5000", "/x", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		AUTO(url_clear) struct url url = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (!url_parse(good[i].text, &url, &err))
			fail_msg("%s: %s", good[i].text, err.message);
		assert_int_equal(url.is_tls, good[i].is_tls);
		assert_string_equal(url.authority, good[i].authority);
		assert_string_equal(url.path, good[i].path);
		if (good[i].query != NULL)
			assert_string_equal(url.query, good[i].query);
		else
			assert_null(url.query);
	}
}

static void what_hides_a_host_is_refused(void **state)
{
	static const char *const bad[] = {
		"http://localhost:x@evil/",
		"http://localhost@evil/",
		"https://a:b@c/",
		"http://localhost\\@evil/",
		"http://127.0.0.1:80@e/",
		"http://h/#@localhost",
		"http://local host/",
		"http://h/a\r\nX: y",
		"ftp://h/",
		"file:///etc/passwd",
		"h/token",
		"//h/",
		"http://",
		"http://h:99999/",
		"http://h:12x/",
		"http://[::1/",
		"http://[::1]evil/",
		"",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(url_clear) struct url url = {0};
		if (url_parse(bad[i], &url, NULL))
			fail_msg("accepted: %s as host %s", bad[i], url.host);
		assert_null(url.host);
	}
}

static void messages_show_no_secret(void **state)
{
	static const char *const texts[] = {
		"http://user:SECRET@h/p", "https://h/p?X-Amz-Signature=SECRET", "http://h/p#SECRET",
		"SECRETLESS/http://u:SECRET@[::", "http://u:SECRET@[bad/p"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO_FREE char *shown = url_public(texts[i]);
		if (strstr(shown, "SECRET") != NULL && strstr(shown, "SECRETLESS") == NULL)
			fail_msg("%s is shown as %s", texts[i], shown);
	}
	AUTO_FREE char *plain = url_public("https://h:5000/v2/a");
	assert_string_equal(plain, "https://h:5000/v2/a");
}

static void only_loopback_is_loopback(void **state)
{
	static const char *const yes[] = {"localhost", "localhost:5000", "127.3.2.1:80", "[::1]",
					  "[::1]:80"};
	static const char *const no[] = {"127.evil.example", "10.0.0.1",   "[::1]evil",	 "[::1",
					 "[::2]:80",	     "localhost.", "localhosts", ""};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(url_host_is_loopback(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (url_host_is_loopback(no[i]))
			fail_msg("%s is no loopback", no[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart_as_curl_takes_them),
		cmocka_unit_test(what_hides_a_host_is_refused),
		cmocka_unit_test(messages_show_no_secret),
		cmocka_unit_test(only_loopback_is_loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
