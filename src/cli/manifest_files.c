/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manifest_files.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/output.h"
#include "manifest/load.h"

static void append_line(struct strbuf *text, const struct problem *problem, bool is_colored)
{
	static const char *const names[] = {
		[PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};
	static const enum text_style styles[] = {[PROBLEM_ERROR] = STYLE_RED,
						 [PROBLEM_WARNING] = STYLE_YELLOW,
						 [PROBLEM_NOTE] = STYLE_DIM};
	if (problem->file != NULL) {
		strbuf_append_printable(text, problem->file, strlen(problem->file));
		strbuf_appendf(text, ":%u:%u: ", problem->line, problem->column);
	}
	strbuf_appendf(text, "%s%s:%s ", style_begin(styles[problem->severity], is_colored),
		       names[problem->severity], style_begin(STYLE_NONE, is_colored));
	strbuf_append_printable(text, problem->message, strlen(problem->message));
	strbuf_append_char(text, '\n');
	if (problem->hint != NULL) {
		strbuf_append(text, "  hint: ");
		strbuf_append_printable(text, problem->hint, strlen(problem->hint));
		strbuf_append_char(text, '\n');
	}
}

bool manifest_files_load(const struct invocation *invocation, struct app *ret, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct load_options options = {.folder = ".", .project = invocation->project};
	const struct string_list *files = arguments_values(invocation->args, "file");
	if (files != NULL)
		options.paths = *files; /* borrowed */
	bool is_good = app_load(&options, ret, &problems, err);
	for (size_t i = 0; i < problems.count; i++)
		append_line(&text, &problems.items[i], invocation->is_colored_stderr);
	(void)fputs(strbuf_text(&text), stderr);
	return is_good;
}
