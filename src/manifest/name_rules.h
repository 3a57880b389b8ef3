/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_NAME_RULES_H
#define I2KIT_MANIFEST_NAME_RULES_H

/* What Kubernetes lets a name, a label, a port's name and a field path be. */

#include <stdbool.h>

/* A port's name: 15 of a-z, 0-9 and '-', with a letter. */
bool port_name_is_valid(const char *name);
/* What to do about a name that is not valid. */
const char *name_hint(const char *name);
bool name_is_valid(const char *name);	    /* RFC 1123 label, 63 characters */
bool name_is_subdomain(const char *name);   /* labels with dots between, 253 characters */
bool field_path_is_known(const char *path); /* of the downward API */
bool label_value_is_valid(const char *value);
bool label_key_is_valid(const char *key);

#endif
