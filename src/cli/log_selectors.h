/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_LOG_SELECTORS_H
#define I2KIT_CLI_LOG_SELECTORS_H

#include "base/error.h"
#include "base/string_list.h"

/*
 * Adds "/container" to each selector that has none, unless container is NULL. Then: whether each of
 * them names a pod or container of the project, one that has logs or one that is up.
 */
MUST_CHECK bool log_selectors_check(const char *project, const char *container_or_null,
				    struct string_list *selectors, struct error *err);

#endif
