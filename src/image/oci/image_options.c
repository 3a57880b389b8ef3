/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/image_options.h"

#include <string.h>

#include "base/alloc.h"

bool image_options_take_pull(struct image_options *options, const char *word, struct error *err)
{
	static const char *const words[] = {[PULL_IF_NOT_PRESENT] = "missing",
					    [PULL_ALWAYS] = "always",
					    [PULL_NEVER] = "never"};

	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		options->has_pull = true;
		options->pull = (enum pull_policy)i;
		return true;
	}
	return word == NULL ||
	       error_set(err, ERROR_USAGE, "--pull is always, missing or never, not '%s'", word);
}
