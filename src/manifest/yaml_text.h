/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_TEXT_H
#define I2KIT_MANIFEST_YAML_TEXT_H

/* What is done with the bytes of a manifest before and beside the YAML parser. */

#include "manifest/load.h"

/* The start of a line (from 0), or NULL. */
const char *yaml_text_line(const char *text, size_t line);
/*
 * The next line that begins a document, from `line` but not 0 on, or NULL; *ret_line is its number.
 */
const char *yaml_text_next_document(const char *text, unsigned line, unsigned *ret_line);
/* The place, from 0, of a byte of the text; columns are characters. */
void yaml_text_place(const char *text, size_t offset, size_t *ret_line, size_t *ret_column);
/* Size, NUL bytes, UTF-8, and whether it is another kind of file altogether. */
bool yaml_text_check(const char *file, const char *text, size_t size,
		     struct problem_list *problems);
/* In JSON, a pair of escaped surrogates is one character; YAML spells that \U. Same line breaks. */
void yaml_text_join_surrogates(char *text);

#endif
