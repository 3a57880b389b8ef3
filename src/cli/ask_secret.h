/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_ASK_SECRET_H
#define I2KIT_CLI_ASK_SECRET_H

#include "base/error.h"

/*
 * One line from the person at the terminal, whatever the streams lead to; it is not shown. Owned;
 * NULL: ERROR_USAGE without a terminal, ERROR_CANCELLED after ^C or ^D.
 */
char *ask_secret(const char *question, struct error *err);

#endif
