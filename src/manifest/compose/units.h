/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_UNITS_H
#define I2KIT_MANIFEST_COMPOSE_UNITS_H

/*
 * Amounts as Compose writes them
 * (https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-byte-values):
 * 1.5 of processors; 512, "64m", "1gb", "2GiB" of bytes, each step 1024; "1m30s" of time; and the
 * words of a command line.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "manifest/yaml_reader.h"

/* Each is false where the scalar is not one; *ret is untouched then. */
bool compose_number(const struct yaml_node *node, double *ret);
bool compose_bytes(const struct yaml_node *node, uint64_t *ret);
bool compose_duration_ms(const char *text, uint64_t *ret);
/*
 * A line as a shell splits it: quotes, \ and blanks; nothing is filled in. It ends where a shell would
 * begin another command or a file: *ret_rest is what is left then, else NULL. False: a quote is open.
 */
MUST_CHECK bool compose_split_words(const char *line, struct string_list *ret,
				    const char **ret_rest, struct error *err);

#endif
