/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

const char *const problem_code_words[PROBLEM_CODES] = {
	[PROBLEM_SYNTAX] = "syntax",
	[PROBLEM_FILE] = "file",
	[PROBLEM_NOT_A_MANIFEST] = "not-a-manifest",
	[PROBLEM_KUSTOMIZATION] = "kustomization",
	[PROBLEM_UNKNOWN_FIELD] = "unknown-field",
	[PROBLEM_MISSING] = "missing",
	[PROBLEM_WRONG_TYPE] = "wrong-type",
	[PROBLEM_INVALID] = "invalid",
	[PROBLEM_UNSUPPORTED] = "unsupported",
	[PROBLEM_DUPLICATE] = "duplicate",
	[PROBLEM_UNRESOLVED] = "unresolved",
	[PROBLEM_LIMIT] = "limit",
	[PROBLEM_SUPPLIED] = "supplied",
	[PROBLEM_NO_EFFECT] = "no-effect",
	[PROBLEM_LEFT_OUT] = "left-out",
	[PROBLEM_ADVICE] = "advice",
};

static struct problem *PRINTF_LIKE(4, 0)
	add_va(struct problem_list *list, enum problem_severity severity, struct source_mark mark,
	       const char *fmt, va_list args)
{
	if (severity == PROBLEM_ERROR)
		list->error_count++;
	if (list->count >= PROBLEM_MAX) {
		list->dropped_count++;
		return NULL;
	}
	AUTO_FREE char *message = xvasprintf(fmt, args);
	for (size_t i = 0; severity != PROBLEM_ERROR && i < list->count; i++) {
		if (strcmp(list->items[i].message, message) == 0)
			return NULL;
	}
	struct problem *problem = ARRAY_APPEND(list->items, list->count);
	problem->severity = severity;
	problem->code = severity == PROBLEM_ERROR ? PROBLEM_INVALID : PROBLEM_ADVICE;
	problem->file = xstrdup(mark.file == NULL ? "" : mark.file);
	problem->line = mark.line;
	problem->column = mark.column;
	problem->message = TAKE_PTR(message);
	return problem;
}

struct problem *problem_add(struct problem_list *list, enum problem_severity severity,
			    struct source_mark mark, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct problem *problem = add_va(list, severity, mark, fmt, args);
	va_end(args);
	return problem;
}

struct problem *problem_error(struct problem_list *list, struct source_mark mark, const char *fmt,
			      ...)
{
	va_list args;
	va_start(args, fmt);
	struct problem *problem = add_va(list, PROBLEM_ERROR, mark, fmt, args);
	problem_set_code(problem, PROBLEM_SYNTAX);
	va_end(args);
	return problem;
}

void problem_set_code(struct problem *problem, enum problem_code code)
{
	if (problem != NULL)
		problem->code = code;
}

void problem_hint(struct problem *problem, const char *fmt, ...)
{
	va_list args;
	if (problem == NULL)
		return;
	free(problem->hint);
	va_start(args, fmt);
	problem->hint = xvasprintf(fmt, args);
	va_end(args);
}

void problem_list_clear(struct problem_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].file);
		free(list->items[i].message);
		free(list->items[i].hint);
		free(list->items[i].path);
	}
	free(list->items);
	*list = (struct problem_list){0};
}

static size_t file_rank(const struct string_list *files, const char *file)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i], file) == 0)
			return i;
	}
	return files->count;
}

static bool is_before(const struct problem *a, const struct problem *b,
		      const struct string_list *files)
{
	size_t a_rank = file_rank(files, a->file);
	size_t b_rank = file_rank(files, b->file);
	if (a_rank != b_rank)
		return a_rank < b_rank;
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

void problem_list_sort(struct problem_list *list, const struct string_list *files)
{
	/* By insertion: few, nearly sorted, and equal ones must keep their order. */
	for (size_t i = 1; i < list->count; i++) {
		struct problem moved = list->items[i];
		size_t at = i;
		while (at > 0 && is_before(&moved, &list->items[at - 1], files)) {
			list->items[at] = list->items[at - 1];
			at--;
		}
		list->items[at] = moved;
	}
}
