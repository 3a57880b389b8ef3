/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_VALUE_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_VALUE_H

/* From a YAML tree to JSON text, checked against linuxkit_schema.h on the way. */

#include "base/error.h"
#include "base/strbuf.h"
#include "image/linuxkit/linuxkit_schema.h"
#include "manifest/yaml_reader.h"

/*
 * The map `node` with these keys as one JSON object, in the order of the text. Plain scalars are
 * typed by YAML 1.2's core schema, as LinuxKit's reader does: yes and on are texts. The error
 * begins "line:column: ".
 */
MUST_CHECK bool linuxkit_value_write(const struct yaml_node *node, const struct linuxkit_key *keys,
				     struct strbuf *json, struct error *err);

#endif
