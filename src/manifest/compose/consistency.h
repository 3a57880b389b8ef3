/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_CONSISTENCY_H
#define I2KIT_MANIFEST_COMPOSE_CONSISTENCY_H

/* What contradicts itself. */

#include "manifest/compose/context.h"

/* References, contradictions and circles, as the specification's loader refuses them. */
MUST_CHECK bool compose_check_consistency(struct compose_context *context,
					  const struct yaml_node *model,
					  const struct string_list *left_out);

#endif
