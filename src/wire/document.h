/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_DOCUMENT_H
#define I2KIT_WIRE_DOCUMENT_H

/* What all documents have in common. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/json_writer.h"

/* Complains when "version" is there and is none from 1 to `known`: a newer program wrote it. */
void document_check_version(struct json_view root, int64_t known);

/* Whether it is a DNS label, as names of containers are: they become folders and cgroups. */
bool name_is_label(const char *name, size_t size);

/* {"key":"value",…} ⇄ "key=value" texts. Keys have no '='. */
void read_pairs(struct json_view object, size_t max, struct string_list *ret);
void write_pairs(struct json_writer *json, const char *key, const struct string_list *pairs);

#endif
