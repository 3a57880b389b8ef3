/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_CONFIG_DIFF_H
#define I2KIT_CLOUD_CONFIG_DIFF_H

#include <stddef.h>

#include "base/error.h"

enum config_side { CONFIG_DIFFERS, CONFIG_ONLY_HERE, CONFIG_ONLY_THERE };

/* One place. No value is ever in it. */
struct config_difference {
	char *path; /* owned; "containers.nginx.env.GREETING" */
	enum config_side side;
};
struct config_difference_list {
	struct config_difference *items; /* owned */
	size_t count;
};
void config_difference_list_clear(struct config_difference_list *list);
const char *config_side_name(enum config_side side); /* "differs", "only here", "only there" */

/*
 * Where two CONFIG documents (doc/formats.md §4) differ. Secrets are equal when their SHA-256 is,
 * whether they stand there whole or by reference. Pure.
 */
MUST_CHECK bool config_diff_make(const char *here, const char *there,
				 struct config_difference_list *ret, struct error *err);

#endif
