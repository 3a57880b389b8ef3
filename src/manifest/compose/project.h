/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_PROJECT_H
#define I2KIT_MANIFEST_COMPOSE_PROJECT_H

/*
 * A Compose project as one tree: its files merged, included and extended, variables filled in, short
 * forms written out, paths absolute, profiles chosen, names given
 * (https://github.com/compose-spec/compose-spec). tests/oracle/compose.py compares it with what the
 * specification's own loader makes of the same files.
 */

#include "manifest/compose/context.h"

struct compose_options {
	const struct string_list *paths; /* one over the other; "-" is stdin */
	const char *text;   /* of "-", or of the only one, when it was read already; or NULL */
	const char *folder; /* absolute: relative paths start here, and .env lies here */
	const char *name;   /* of the project, when nobody in a file says it */
	bool is_named;	    /* that name goes before what a file says */
	const char *const *environment;	     /* as environ; or NULL */
	const struct string_list *env_files; /* --env-file; empty: .env, if it is there */
	const struct string_list *profiles;  /* --profile, also of COMPOSE_PROFILES */
	const struct string_list *named;     /* services whose profiles are chosen, too; or NULL */
};

/* The tree's nodes belong to the context. NULL: what is wrong was reported. */
MUST_CHECK struct yaml_node *compose_load(struct compose_context *context,
					  const struct compose_options *options,
					  struct compose_variables *ret_variables);

#endif
