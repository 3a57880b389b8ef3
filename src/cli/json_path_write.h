/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_JSON_PATH_WRITE_H
#define I2KIT_CLI_JSON_PATH_WRITE_H

/* What a jsonpath finds in a document, as text. */

#include "base/json.h"
#include "base/strbuf.h"

struct json_path;

/* Several values of one {} are joined by `separator`; texts without quotes, all else as JSON. */
void json_path_write(const struct json_path *path, struct json_view root, const char *separator,
		     struct strbuf *out);

#endif
