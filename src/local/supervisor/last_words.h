/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_LAST_WORDS_H
#define I2KIT_LOCAL_SUPERVISOR_LAST_WORDS_H

/*
 * Why a guest ended, as far as its kernel said: a panic reaches the console and nothing else (QEMU
 * sees a reboot). The console's file grows over all boots of an instance.
 */

#include <stddef.h>
#include <stdint.h>

/* How much of the console there is: what comes is of the boot that begins. */
uint64_t last_words_size(const char *project, const char *instance);
/* "the guest's kernel panicked: …" of what was said since; owned; NULL: it did not. */
char *last_words_read(const char *project, const char *instance, uint64_t since);
/* Pure: the same of a text; a guest wrote it. */
char *last_words_find(const char *text, size_t size);

#endif
