/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_CANONICAL_H
#define I2KIT_MANIFEST_COMPOSE_CANONICAL_H

/*
 * Short forms written out, so that those who read a document meet one form alone: ports, mounts,
 * configs and secrets are maps, networks and depends_on are maps by name, env_file is a list of
 * {path, required}. Of documents that the schema has let pass.
 */

#include "manifest/compose/context.h"

MUST_CHECK bool compose_make_canonical(struct compose_context *context, struct yaml_node *root);
/*
 * What is left when all files are one: maps of texts where lists of NAME=VALUE may stand, and words
 * where a line may.
 */
MUST_CHECK bool compose_make_maps(struct compose_context *context, struct yaml_node *root);
/* Paths that start at the file's folder become absolute ones. */
void compose_resolve_paths(struct compose_context *context, struct yaml_node *root,
			   const char *folder, const struct compose_variables *variables);

#endif
