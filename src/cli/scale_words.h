/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_SCALE_WORDS_H
#define I2KIT_CLI_SCALE_WORDS_H

#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"

/* How many VMs pods shall have, as `scale` is told. */
struct scale_words {
	struct scale_word {
		char *pod;
		unsigned replicas;
	} * items;
	size_t count;
};
void scale_words_clear(struct scale_words *scales);

/*
 * "web=3", "web 3", and pods alone with --replicas (else NULL); mixed as one likes. All words are
 * read before anything is done: a slip in the last one changes nothing. ERROR_USAGE.
 */
MUST_CHECK bool scale_words_read(const struct string_list *words, const char *replicas_or_null,
				 struct scale_words *ret, struct error *err);

#endif
