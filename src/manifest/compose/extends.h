/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_EXTENDS_H
#define I2KIT_MANIFEST_COMPOSE_EXTENDS_H

/* extends, of the same file or another. */

#include "manifest/compose/document.h"

/* Every service that extends another. */
MUST_CHECK bool compose_apply_extends(struct compose_context *context,
				      const struct compose_scope *scope, struct yaml_node *root);

#endif
