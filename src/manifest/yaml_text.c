/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_text.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/utf8.h"
#include "manifest/problem.h"
#include "manifest/yaml_reader.h"

const char *yaml_text_line(const char *text, size_t line)
{
	while (line > 0 && (text = strchr(text, '\n')) != NULL) {
		text++;
		line--;
	}
	return text;
}

const char *yaml_text_next_document(const char *text, unsigned line, unsigned *ret_line)
{
	/*
	 * The line itself may begin one: where quotes or brackets are left open, it is found there.
	 */
	line = line > 0 ? line - 1 : 0;
	const char *at = yaml_text_line(text, line);
	while (at != NULL && (at = strchr(at, '\n')) != NULL) {
		at++;
		line++;
		if (strncmp(at, "---", 3) == 0 && strchr(" \t\r\n", at[3]) != NULL) {
			*ret_line = line;
			return at;
		}
	}
	return NULL;
}

void yaml_text_place(const char *text, size_t offset, size_t *ret_line, size_t *ret_column)
{
	*ret_line = 0;
	*ret_column = 0;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			(*ret_line)++;
			*ret_column = 0;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			(*ret_column)++;
		}
	}
}

static struct source_mark mark_at(const char *file, const char *text, size_t offset)
{
	size_t line = 0;
	size_t column = 0;
	yaml_text_place(text, offset, &line, &column);
	return (struct source_mark){
		.file = file, .line = (unsigned)line + 1, .column = (unsigned)column + 1};
}

/* Whole files of another kind: one word is better than what YAML makes of them. */
static bool check_kind_of_file(const char *file, const char *text, size_t size,
			       struct problem_list *problems)
{
	struct source_mark start = {.file = file, .line = 1, .column = 1};
	bool is_utf16 =
		size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
	size_t blanks = 0;
	while (blanks < size && strchr(" \t\r\n", text[blanks]) != NULL && text[blanks] != '\0')
		blanks++;
	if (is_utf16)
		problem_hint(problem_error(problems, start, "this is UTF-16"),
			     "save the file as UTF-8");
	else if (blanks < size && text[blanks] == '<' && size - blanks > 1 &&
		 strchr("!?abcdefghijklmnopqrstuvwxyz", text[blanks + 1]) != NULL)
		problem_hint(problem_error(problems, start, "this is HTML or XML, not YAML"),
			     "a download may have brought an error page");
	else
		return true;
	return false;
}

bool yaml_text_check(const char *file, const char *text, size_t size, struct problem_list *problems)
{
	size_t offset = 0;
	if (size > YAML_MAX_BYTES) {
		problem_error(problems, (struct source_mark){.file = file}, "larger than 16 MiB");
		return false;
	}
	if (!check_kind_of_file(file, text, size, problems))
		return false;
	const char *nul = memchr(text, '\0', size);
	if (nul != NULL) {
		offset = (size_t)(nul - text);
		problem_hint(problem_error(problems, mark_at(file, text, offset), "a NUL byte"),
			     "manifests are UTF-8 text");
		return false;
	}
	if (!utf8_is_valid(text, size, &offset)) {
		problem_hint(problem_error(problems, mark_at(file, text, offset),
					   "the byte 0x%02x is not UTF-8",
					   (unsigned)(unsigned char)text[offset]),
			     "save the file as UTF-8");
		return false;
	}
	return true;
}

/* The unit of a \uXXXX escape at text, or 0. */
static unsigned escaped_unit(const char *text)
{
	char digits[5] = "";
	uint64_t unit = 0;
	if (strncmp(text, "\\u", 2) != 0 || strlen(text) < 6)
		return 0;
	memcpy(digits, text + 2, 4);
	return parse_hex_u64(digits, 0xffff, &unit) ? (unsigned)unit : 0;
}

void yaml_text_join_surrogates(char *text)
{
	char *to = text;
	for (const char *at = text; *at != '\0';) {
		unsigned high = escaped_unit(at);
		bool is_high = high >= 0xd800 && high < 0xdc00;
		unsigned low = is_high ? escaped_unit(at + 6) : 0;
		if (low >= 0xdc00 && low < 0xe000) {
			unsigned point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
			char escape[16];
			(void)snprintf(escape, sizeof(escape), "\\U%08x", point);
			memcpy(to, escape, 10);
			to += 10;
			at += 12;
			continue;
		}
		if (at[0] == '\\' && at[1] != '\0')
			*to++ = *at++;
		*to++ = *at++;
	}
	*to = '\0';
}
