/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_BASE_NOTE_H
#define I2KIT_CLI_BASE_NOTE_H

#include "cli/verb.h"

/* Whether its guests take `run`; the error says how to get one that does. */
MUST_CHECK bool base_note_can_run(const struct invocation *invocation, struct error *err);
/* Warns when the base of --base, or the default one, is of an older or a newer i2kit. */
void base_note_age(const struct invocation *invocation);

#endif
