/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_DOCUMENT_H
#define I2KIT_TUI_KEYS_DOCUMENT_H

/* The table of keys for the man page, as a section of scdoc text; owned. */
char *tui_keys_document(void);

#endif
