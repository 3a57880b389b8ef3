/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_INCLUDE_H
#define I2KIT_MANIFEST_COMPOSE_INCLUDE_H

/* include (https://github.com/compose-spec/compose-spec/blob/main/14-include.md). */

#include "manifest/compose/document.h"

/* What `include` names is added to the document, which goes before it. */
MUST_CHECK bool compose_apply_includes(struct compose_context *context,
				       const struct compose_scope *scope, struct yaml_node *root);

#endif
