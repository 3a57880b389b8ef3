/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_INI_H
#define I2KIT_CLOUD_AWS_CLIENT_INI_H

/*
 * ~/.aws/config and ~/.aws/credentials: sections of keys, one level of indented sub-keys below a
 * key without value ("s3 =" then "  addressing_style = path" is read as key "s3.addressing_style").
 * Bounded: 1 MiB, 10,000 entries.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ini_entry {
	char *section; /* owned; inner spaces as one: "profile dev" */
	char *key;     /* owned; NULL marks the section's own line */
	char *value;   /* owned */
};

struct ini {
	struct ini_entry *items; /* owned */
	size_t count;
};

void ini_clear(struct ini *ini);
/* `name` stands in messages, which are NAME:LINE: …; *ret is whole or untouched. */
MUST_CHECK bool ini_parse(const char *text, const char *name, struct ini *ret, struct error *err);
/* A file that is not there is an empty one. */
MUST_CHECK bool ini_load(const char *path, struct ini *ret, struct error *err);
/* The last value given, or NULL. */
const char *ini_get(const struct ini *ini, const char *section, const char *key);
bool ini_has_section(const struct ini *ini, const char *section);

#endif
