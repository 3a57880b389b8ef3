/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_READ_VALUE_H
#define I2KIT_MANIFEST_READ_VALUE_H

/* Values of fields: strict, as kubectl is, so that what i2kit takes runs in a cluster too. */

#include "manifest/loader.h"

/* Typed fields (target is a pointer to what the comment says). */
field_fn read_text;	   /* char * */
field_fn read_name;	   /* char *, RFC 1123 label */
field_fn read_bool;	   /* bool */
field_fn read_tristate;	   /* enum tristate */
field_fn read_u32;	   /* uint32_t */
field_fn read_u64;	   /* uint64_t */
field_fn read_port_number; /* uint16_t */
field_fn read_bytes;	   /* uint64_t from a quantity */
field_fn read_millis;	   /* uint64_t thousandths from a quantity */
field_fn read_scalar;	   /* char *, numbers and booleans as they are written */
field_fn read_text_list;   /* struct string_list */
field_fn read_number_list; /* struct string_list of decimals */
field_fn read_choice;	   /* an enum whose values are the field's choices, in their order */
field_fn read_mode;	   /* uint16_t, octal or decimal */
field_fn read_ignored;	   /* nothing */

/* In maps of texts: a key that YAML takes for a boolean would be called "true" in a cluster. */
void check_text_key(struct loader *loader, const struct yaml_node *key);
/* label-like maps → key_value arrays */
void read_key_values(struct loader *loader, const struct yaml_node *node, struct key_value **array,
		     size_t *count);

#endif
