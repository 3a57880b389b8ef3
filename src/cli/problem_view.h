/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROBLEM_VIEW_H
#define I2KIT_CLI_PROBLEM_VIEW_H

/* Problems of manifests for programs: the same list in every verb's -o json (doc/problems.md). */

struct error;
struct json_writer;
struct problem_list;

/*
 * [{file, line, column, severity, code, path, message, hint?} …]; what concerns no place has nulls.
 * failure: of the whole, such as that no manifest is here; or NULL.
 */
void problem_view_write(struct json_writer *json, const char *key,
			const struct problem_list *problems, const struct error *failure);

#endif
