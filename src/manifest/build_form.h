/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_BUILD_FORM_H
#define I2KIT_MANIFEST_BUILD_FORM_H

/* `build:` of a container in the short forms, with Compose's words for it. */

#include "manifest/loader.h"

extern const struct field_set build_form_fields;
/* A folder, or a map of them; target is a struct container_spec. */
field_fn read_build_form;

#endif
