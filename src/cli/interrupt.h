/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_INTERRUPT_H
#define I2KIT_CLI_INTERRUPT_H

#include <stdbool.h>

/*
 * The first SIGINT or SIGTERM asks the work to stop (interrupt_is_set() turns true); the second
 * one kills. A loop that attaches the signal itself sees it instead.
 */
void interrupt_install(void);
bool interrupt_is_set(void);
/* The interrupt was dealt with: the next one asks again, instead of killing. */
void interrupt_reset(void);

#endif
