/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_IGNORE_PATTERNS_H
#define I2KIT_IMAGE_BUILD_IGNORE_PATTERNS_H

/*
 * .dockerignore as Docker and BuildKit have it (https://docs.docker.com/build/concepts/context/,
 * github.com/moby/patternmatcher): one pattern a line, the last one that matches decides, `!` takes
 * back; * and ? stop at slashes, ** does not. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"

struct ignore_patterns;

/* The lines of a file, cleaned as Docker cleans them; what names it in messages, "NAME:LINE". */
MUST_CHECK struct ignore_patterns *ignore_patterns_read(const char *what, const char *text,
							size_t size, struct error *err);
void ignore_patterns_free(struct ignore_patterns *patterns); /* NULL is fine */

/* path: relative, without "." and ".."; itself or a folder that it is in. NULL matches nothing. */
bool ignore_patterns_match(const struct ignore_patterns *patterns, const char *path);
/* Whether something below a folder that matches may not match: there is a `!`. */
bool ignore_patterns_take_back(const struct ignore_patterns *patterns);

#endif
