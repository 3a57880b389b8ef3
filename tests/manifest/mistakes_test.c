/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people get wrong, and what they are told: mistakes.txt is a list of cases "=== NAME", the
 * manifest, "--- said" and the problems as `i2kit validate` has them. After a change that is meant:
 * I2KIT_UPDATE_GOLDEN=1 meson test manifest-mistakes, and read the difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

static const char begin[] = "=== ";
static const char said[] = "--- said\n";

static void append_said(struct strbuf *out, const char *text, size_t size)
{
	static const char *const names[] = {
		[PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.folder = "/", .project = "x", .may_have_no_pod = true};

	if (app_load_text(&options, "-", text, size, &app, &problems, &err))
		strbuf_append(out, "valid\n");
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *problem = &problems.items[i];
		strbuf_appendf(out, "%u:%u: %s: %s\n", problem->line, problem->column,
			       names[problem->severity], problem->message);
		if (problem->hint != NULL)
			strbuf_appendf(out, "  hint: %s\n", problem->hint);
	}
}

/* The file as it should be, made from its manifests. */
static char *made_from(const char *text, size_t *ret_cases)
{
	struct strbuf out = STRBUF_INIT;
	const char *at = strstr(text, begin);

	*ret_cases = 0;
	strbuf_append_bytes(&out, text, at != NULL ? (size_t)(at - text) : strlen(text));
	while (at != NULL) {
		const char *manifest = strchr(at, '\n') + 1;
		const char *end = strstr(manifest, said);
		assert_non_null(end);
		strbuf_append_bytes(&out, at, (size_t)(end - at) + sizeof(said) - 1);
		append_said(&out, manifest, (size_t)(end - manifest));
		at = strstr(end, begin);
		(*ret_cases)++;
	}
	return strbuf_take(&out);
}

static void each_mistake_is_answered_as_written_down(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	size_t cases = 0;
	(void)state;
	if (!file_read(MISTAKES, 1 << 20, &text, &size, &err))
		fail_msg("%s", err.message);
	AUTO_FREE char *made = made_from(text, &cases);
	if (getenv("I2KIT_UPDATE_GOLDEN") != NULL)
		assert_true(file_write_atomic(MISTAKES, made, strlen(made), 0644, &err));
	else
		assert_string_equal(text, made);
	assert_true(cases >= 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_answered_as_written_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
