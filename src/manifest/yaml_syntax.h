/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_SYNTAX_H
#define I2KIT_MANIFEST_YAML_SYNTAX_H

/*
 * What libyaml stumbles over, in words and at the place where people have to look: that is often
 * the line before, where a quote was left open or a blank left out.
 */

#include <stdbool.h>
#include <stddef.h>

/* Where and why the parser gave up; lines and columns from 0, in text. */
struct yaml_failure {
	const char *text;
	const char *what;    /* libyaml's words */
	const char *context; /* or NULL */
	size_t line;
	size_t column;
	size_t context_line;
	size_t context_column;
};

struct yaml_diagnosis {
	char *message; /* owned */
	char *hint;    /* owned, or NULL */
	size_t line;
	size_t column;
};

void yaml_syntax_diagnose(const struct yaml_failure *failure, struct yaml_diagnosis *ret);
void yaml_diagnosis_clear(struct yaml_diagnosis *diagnosis);

#endif
