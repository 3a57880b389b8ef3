/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROBLEM_PATH_H
#define I2KIT_MANIFEST_PROBLEM_PATH_H

/*
 * Paths of problems that were found when their documents were gone: by reading the files again.
 * For programs only; people have the line.
 */

#include <stddef.h>

struct problem_list;

/* The list is sorted. stdin_text: what "-" was, or NULL. Where no path is found there is none. */
void problem_paths_find(struct problem_list *problems, const char *stdin_text, size_t stdin_size);

#endif
