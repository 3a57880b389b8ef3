/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_SCALAR_H
#define I2KIT_MANIFEST_YAML_SCALAR_H

#include "manifest/yaml_reader.h"

/*
 * Fills kind, type and integer of a plain (unquoted) scalar from its text, as kubectl reads it:
 * YAML 1.1 booleans, 0644 is octal, 0x, 0o and 0b, underscores in numbers.
 */
void yaml_scalar_resolve(struct yaml_node *node);
/* Whether plain text is read back as text, and as the same text. */
bool yaml_scalar_is_text(const char *text);

#endif
