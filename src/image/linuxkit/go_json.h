/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_GO_JSON_H
#define I2KIT_IMAGE_LINUXKIT_GO_JSON_H

/*
 * JSON text as Go's encoding/json indents it by four spaces: LinuxKit's config.json and
 * runtime.json are compared byte by byte. key is NULL inside arrays.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct go_json {
	struct strbuf text;
	unsigned depth;
	bool has_items; /* in the innermost object or array */
};
void go_json_clear(struct go_json *json);

void go_json_begin(struct go_json *json, const char *key, char bracket); /* '{' or '[' */
void go_json_end(struct go_json *json, char bracket);			 /* '}' or ']' */
void go_json_text(struct go_json *json, const char *key, const char *value);
/* Nothing for NULL and "": Go's omitempty. */
void go_json_text_if(struct go_json *json, const char *key, const char *value);
void go_json_number(struct go_json *json, const char *key, int64_t value);
void go_json_unsigned(struct go_json *json, const char *key, uint64_t value);
void go_json_bool(struct go_json *json, const char *key, bool value);

#endif
