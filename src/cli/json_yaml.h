/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_JSON_YAML_H
#define I2KIT_CLI_JSON_YAML_H

#include "base/json.h"
#include "base/strbuf.h"

/* A JSON value as block-style YAML that is read back as the same value; ends with a newline. */
void json_yaml_write(struct json_view value, struct strbuf *out);

#endif
