/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_HELP_PAGE_H
#define I2KIT_CLI_HELP_PAGE_H

/* The help of all verbs as one page of Markdown. */

struct strbuf;

/* All verbs as a page: doc/verbs.md. */
void help_write_page(struct strbuf *text);

#endif
