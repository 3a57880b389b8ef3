/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_READ_WORDS_H
#define I2KIT_MANIFEST_COMPOSE_READ_WORDS_H

#include "manifest/loader.h"

/* A command: one line is split as a shell does; a list is its words. */
void compose_read_words(struct loader *loader, const struct yaml_node *node,
			struct string_list *ret);

#endif
