/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_LOG_SELECTORS_H
#define I2KIT_CLI_LOG_SELECTORS_H

#include "base/error.h"
#include "base/string_list.h"

struct log_choice {
	const char *container; /* --container, or NULL */
	const char *labels;    /* --selector, or NULL: "app=web,tier!=db,canary,!old" */
};

/*
 * Makes TYPE/NAME ("deployment/web") a NAME, adds the pods of the plan that have the labels, and
 * "/container" to each selector that has none. Then: whether each of them names a pod or container
 * of the project, one that has logs or one that is up. *ret_crons: log_filter's.
 */
MUST_CHECK bool log_selectors_check(const char *project, const struct log_choice *choice,
				    struct string_list *selectors, struct string_list *ret_crons,
				    struct error *err);

/* Whether labels (a JSON object's text with "labels") match. ERROR_USAGE: no such selector. */
MUST_CHECK bool log_labels_match(const char *config_json, const char *selector, bool *ret_match,
				 struct error *err);

#endif
