/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KIND_NAMES_H
#define I2KIT_MANIFEST_KIND_NAMES_H

/* Kubernetes' kinds as people write them: what `kubectl api-resources` lists. */

#include <stdbool.h>

/* Whether that is the kind's name in any case, its plural or its short name: deploy, deployments. */
bool kind_is_called(const char *kind, const char *word);

#endif
