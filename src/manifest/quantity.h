/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_QUANTITY_H
#define I2KIT_MANIFEST_QUANTITY_H

/* Kubernetes' quantities: 500m, 1.5, 64Mi, and what they may be divided by. */

#include <stdbool.h>
#include <stdint.h>

/* Kubernetes quantities: 500m, 1.5, 64Mi, 1e3 … → thousandths; false: not one. */
bool quantity_parse_millis(const char *text, uint64_t *ret);
/* What a resourceFieldRef may be divided by: 1m or 1 of a processor, 1, 1k, 1Ki … of bytes. */
bool divisor_is_valid(const char *resource, const char *divisor);

#endif
