/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_DOCUMENT_H
#define I2KIT_MANIFEST_COMPOSE_DOCUMENT_H

/*
 * One document after the other becomes one model: variables, include, !reset, extends, merge, schema,
 * short forms, in this order, which is the specification's.
 */

#include "manifest/compose/context.h"

/* What documents are read with. */
struct compose_scope {
	const char *folder; /* relative paths start here */
	const struct compose_variables *variables;
	const char *file;		   /* being read */
	const struct compose_scope *outer; /* whose include or extends reads this one; or NULL */
	bool is_extended; /* read for an extends: not validated, without includes */
};

/*
 * A file's documents upon *model, a map. False: what is wrong was reported. trees: of the file, when
 * they were read already; or NULL.
 */
MUST_CHECK bool compose_add_file(struct compose_context *context, const struct compose_scope *scope,
				 const struct yaml_node *named_by, struct yaml_node *const *trees,
				 size_t tree_count, struct yaml_node **model);
/* Once all files of a model are read: paths, and what the environment says. */
void compose_settle_model(struct compose_context *context, const struct compose_scope *scope,
			  struct yaml_node *model);

#endif
