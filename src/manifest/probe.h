/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROBE_H
#define I2KIT_MANIFEST_PROBE_H

/* Probes and lifecycle hooks of a container. */

#include "manifest/loader.h"

extern const struct field_set probe_fields;
extern const struct field_set hook_fields;
field_fn read_probe; /* struct probe */
field_fn read_hook;  /* struct probe */

#endif
