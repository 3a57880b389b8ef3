/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_HELP_H
#define I2KIT_CLI_HELP_H

#include "base/strbuf.h"
#include "cli/verb.h"

/* Both at most 80 columns wide. */
void help_write_all(struct strbuf *text, bool is_colored);
void help_write_verb(struct strbuf *text, const struct verb *verb, bool is_colored);

/* "Run", "Watch" …: the heading of a group. */
const char *help_group_title(enum verb_group group);

#endif
