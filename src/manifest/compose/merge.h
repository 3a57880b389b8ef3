/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_MERGE_H
#define I2KIT_MANIFEST_COMPOSE_MERGE_H

/*
 * One Compose document over another
 * (https://github.com/compose-spec/compose-spec/blob/main/13-merge.md): maps by key, lists one behind
 * the other, and what the specification says for single keys. A value tagged !reset takes away what
 * was there, !override puts itself in its place.
 */

#include "manifest/compose/context.h"

/* Takes from `base` what `over` resets or overrides. */
void compose_apply_resets(struct yaml_node *base, const struct yaml_node *over);
/* Takes out what is tagged !reset, and all tags; before a tree is merged. */
void compose_strip_resets(struct yaml_node *over);
/*
 * `over` upon `base`, at a place; either may be changed, and parts of both are in the result. NULL:
 * the two do not go together, which was reported.
 */
MUST_CHECK struct yaml_node *compose_merge(struct compose_context *context, struct yaml_node *base,
					   struct yaml_node *over,
					   const struct compose_place *place);
/* ["a", "b"] as {a: , b: }; with `is_dependency` each as depends_on has it at length. Others as is. */
struct yaml_node *compose_names_map(struct compose_context *context, struct yaml_node *node,
				    bool is_dependency);

#endif
