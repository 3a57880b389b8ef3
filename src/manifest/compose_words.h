/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_WORDS_H
#define I2KIT_MANIFEST_COMPOSE_WORDS_H

/* What does here what a key of a Compose service does there, as a hint; NULL: it is none. */
const char *compose_word_hint(const char *key);

#endif
