/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SHORT_FORM_H
#define I2KIT_MANIFEST_SHORT_FORM_H

/* Documents of i2kit's own short form: one is one pod. */

#include <stdbool.h>

struct field_set;
struct loader;
struct yaml_node;

/* One document; false: it is not of this form. */
bool read_short_form(struct loader *loader, const struct yaml_node *root);
extern const struct field_set short_fields;

#endif
