/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_INTERPOLATE_H
#define I2KIT_MANIFEST_COMPOSE_INTERPOLATE_H

/*
 * Fills variables into every text of a document, and makes numbers and booleans of the texts that
 * stand where such are wanted ("${PORT}" of a port). A variable without a value is empty, and said
 * once. False: an error was reported.
 */

#include "manifest/compose/context.h"

MUST_CHECK bool compose_interpolate(struct compose_context *context, struct yaml_node *root,
				    const struct compose_variables *variables);

#endif
