/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_JSON_PATH_H
#define I2KIT_CLI_JSON_PATH_H

/*
 * kubectl's templates over a JSON document, as far as one picks values with them:
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 *
 *	{.instances[*].name}			a field, an element, all of them
 *	{.ports[0]['hostPort']}			also [-1], [1:3]
 *	{.instances[?(@.state=="Ready")].name}	those that have, or compare (== != < <= > >=)
 *	{range .ports[*]}{.host}:{.hostPort}{"\n"}{end}
 *
 * Braces around the whole may be left out: .project. What is not there prints nothing. `..`, unions
 * ([0,1]) and scripts are refused by name.
 */

#include "base/cleanup.h"
#include "base/error.h"

struct json_path;
/* NULL and ERROR_USAGE with the character where it is wrong, counted from 1. */
MUST_CHECK struct json_path *json_path_parse(const char *text, struct error *err);
void json_path_free(struct json_path *path);
DEFINE_AUTO_PTR(json_path, json_path_free)

#endif
