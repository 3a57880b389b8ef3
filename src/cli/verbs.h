/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_VERBS_H
#define I2KIT_CLI_VERBS_H

/* The list of all verbs. */

#include <stddef.h>

struct verb;

extern const struct verb *const verbs[]; /* sorted by name */
extern const size_t verb_count;
const struct verb *verb_find(const char *name); /* or NULL */

#endif
