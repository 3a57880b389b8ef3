/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_SCHEMA_H
#define I2KIT_MANIFEST_COMPOSE_SCHEMA_H

/*
 * What a Compose file may hold, by the specification's own JSON Schema: names of keys and kinds of
 * values, whatever becomes of them here. The table is made by scripts/compose-schema.
 */

#include "manifest/compose/context.h"

struct compose_type {
	const char *name;
	/*
	 * Of a map: "KEY:CODE KEY:CODE …"; of alternatives with a name (required NULL): a code.
	 * Codes: s text, i whole number, n number, b boolean, 0 nothing, a anything, =A|B one of these
	 * words, @TYPE a map, |TYPE alternatives, [CODE a list, !CODE a list in which nothing is there
	 * twice, {CODE a map of any names, <CODE a map of names of letters, digits and . _ -; several
	 * with / between.
	 */
	const char *fields;
	const char *required; /* "KEY KEY" */
	bool is_open;	      /* x-… may stand there, too */
};
extern const struct compose_type compose_types[]; /* sorted by name */
extern const size_t compose_type_count;

/* A whole document. False: what is wrong was reported. */
MUST_CHECK bool compose_check_schema(struct compose_context *context, const struct yaml_node *root);

#endif
