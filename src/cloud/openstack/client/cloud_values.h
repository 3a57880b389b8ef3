/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_VALUES_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_VALUES_H

/*
 * One cloud of a clouds.yaml as flat keys and texts: "region_name", "auth.username". Numbers
 * are texts, as are booleans ("True"); a key that is null has no text and still covers what it is
 * laid over. Lists are left out, but for regions, which their reader asks the file for.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "manifest/yaml_node.h"

struct cloud_value {
	char *key;    /* owned */
	char *text;   /* owned; NULL: null */
	bool is_bool; /* a boolean of YAML's, not a text that looks like one */
};

struct cloud_values {
	struct cloud_value *items; /* owned; each key once */
	size_t count;
};

void cloud_values_clear(struct cloud_values *values);
/* The text; NULL: not there, or null. */
const char *cloud_values_get(const struct cloud_values *values, const char *key);
bool cloud_values_has(const struct cloud_values *values, const char *key);
bool cloud_values_is_bool(const struct cloud_values *values, const char *key);
void cloud_values_set(struct cloud_values *values, const char *key, const char *text_or_null);
/* Absent is fine. */
void cloud_values_remove(struct cloud_values *values, const char *key);
/* Takes a key's text away from *values: owned, NULL where there is none. */
char *cloud_values_take(struct cloud_values *values, const char *key);
/* Everything of a map over what is there; maps in it as "KEY.SUBKEY". */
void cloud_values_lay(struct cloud_values *values, const struct yaml_node *map);
/* Dashes in keys become underscores; of two that are one then, the later wins. */
void cloud_values_spell(struct cloud_values *values);
/* Those of another over what is there, without its nulls. */
void cloud_values_lay_values(struct cloud_values *values, const struct cloud_values *over);

/*
 * "https://{region_name}.example.com" with the values in it, as Python's str.format() does: {{ and }}
 * are braces. Owned. NULL and ERROR_INVALID for a name that is not there, or braces without a pair.
 */
char *cloud_values_format(const struct cloud_values *values, const char *text, struct error *err);

#endif
