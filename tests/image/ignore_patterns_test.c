/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/ignore_patterns.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "test.h"

static bool matches(const char *file, const char *path)
{
	struct ignore_patterns *patterns =
		ignore_patterns_read(".dockerignore", file, strlen(file), NULL);

	assert_non_null(patterns);
	bool is_match = ignore_patterns_match(patterns, path);
	ignore_patterns_free(patterns);
	return is_match;
}

static void patterns_match_as_docker_has_them(void **state)
{
	static const struct {
		const char *file;
		const char *path;
		bool is_match;
	} cases[] = {
		{"a", "a", true},
		{"a", "a/b/c", true},
		{"a", "b/a", false},
		{"**/a", "a", true},
		{"**/a", "b/c/a/d", true},
		{"*.md", "x.md", true},
		{"*.md", "d/x.md", false},
		{"**/*.md", "d/e/x.md", true},
		{"*\n!keep", "keep", false},
		{"*\n!keep", "other/keep", true},
		{"a/**", "a/b", true},
		{"a/**", "a", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/xb", false},
		{"?", "x", true},
		{"?", "é", true},
		{"a?c", "a/c", false},
		{"[a-c]x", "bx", true},
		{"[^a-c]x", "bx", false},
		{"a\\*b", "a*b", true},
		{"a\\*b", "axb", false},
		{"/rooted", "rooted", true},
		{"./x/../y/", "y", true},
		{"# no\n#a\n\n  b  ", "b", true},
		{"!a\na", "a", true},
		{"dir\n!dir/in\n**/in", "dir/in", true},
		{"\xef\xbb\xbf"
		 "x",
		 "x", true},
		{"a.b", "axb", false},
		{"a.b*", "axbc", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (matches(cases[i].file, cases[i].path) != cases[i].is_match)
			fail_msg("'%s' and '%s'", cases[i].file, cases[i].path);
	}
}

static void what_is_no_pattern_is_named_with_its_line(void **state)
{
	static const char *const bad[] = {"x\n[a",    "x\n!",		"x\n[]", "x\na\\",
					  "x\n[b-a]", "x\n[[:alpha:]]", "x\n\\d"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_null(
			ignore_patterns_read("api/.dockerignore", bad[i], strlen(bad[i]), &err));
		assert_non_null(strstr(err.message, "api/.dockerignore:2: "));
	}
}

/* Backtracking would take longer than the sun has. */
static void hostile_patterns_take_no_time(void **state)
{
	AUTO_FREE char *path = xasprintf("%0300d", 0);

	(void)state;
	assert_false(matches("*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*1", path));
	assert_true(matches("**/*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_docker_has_them),
		cmocka_unit_test(what_is_no_pattern_is_named_with_its_line),
		cmocka_unit_test(hostile_patterns_take_no_time),
	};
	return cmocka_run_group_tests_name("ignore_patterns", tests, NULL, NULL);
}
