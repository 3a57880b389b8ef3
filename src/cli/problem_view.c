/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/problem_view.h"

#include "base/json_writer.h"
#include "manifest/problem.h"

static void write_problem(struct json_writer *json, const struct problem *problem)
{
	static const char *const names[] = {
		[PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};
	json_open_object(json, NULL);
	json_write_text(json, "file", problem->file);
	json_write_unsigned(json, "line", problem->line);
	json_write_unsigned(json, "column", problem->column);
	json_write_text(json, "severity", names[problem->severity]);
	json_write_text(json, "code", problem_code_words[problem->code]);
	json_write_text(json, "path", problem->path);
	json_write_text(json, "message", problem->message);
	json_write_text_if(json, "hint", problem->hint);
	json_close(json);
}

static void write_failure(struct json_writer *json, const struct error *failure)
{
	json_open_object(json, NULL);
	json_write_null(json, "file");
	json_write_unsigned(json, "line", 0);
	json_write_unsigned(json, "column", 0);
	json_write_text(json, "severity", "error");
	json_write_text(json, "code", problem_code_words[PROBLEM_FILE]);
	json_write_null(json, "path");
	json_write_text(json, "message", failure->message);
	json_write_text_if(json, "hint", failure->hint);
	json_close(json);
}

void problem_view_write(struct json_writer *json, const char *key,
			const struct problem_list *problems, const struct error *failure)
{
	json_open_list(json, key);
	for (size_t i = 0; i < problems->count; i++)
		write_problem(json, &problems->items[i]);
	if (failure != NULL)
		write_failure(json, failure);
	json_close(json);
}
