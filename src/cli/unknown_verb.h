/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UNKNOWN_VERB_H
#define I2KIT_CLI_UNKNOWN_VERB_H

#include "base/error.h"

/*
 * ERROR_USAGE for a word that is no verb, with what to type instead: docker's and kubectl's words
 * by their meaning, others by their letters. Nobody is led to a verb that stops or deletes something
 * by more than one slip of the finger. Returns false.
 */
bool unknown_verb(const char *name, struct error *err);

#endif
