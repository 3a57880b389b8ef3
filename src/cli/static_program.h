/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_STATIC_PROGRAM_H
#define I2KIT_CLI_STATIC_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whether bytes begin an x86-64 ELF program that asks for no interpreter: it runs in any image. */
bool static_program_is(const void *bytes, size_t size);
/* ERROR_INVALID says what is wrong with the file. */
MUST_CHECK bool static_program_check(const char *path, struct error *err);

#endif
