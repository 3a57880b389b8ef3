/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SECURITY_H
#define I2KIT_MANIFEST_SECURITY_H

/* Security contexts of pods and containers. */

#include "manifest/loader.h"

extern const struct field_set security_fields;
extern const struct field_set pod_security_fields;
field_fn read_security;	    /* struct security_context */
field_fn read_pod_security; /* struct pod_spec */
/* struct string_list of capabilities without CAP_, those that Linux has. */
field_fn read_capability_list;
bool sysctl_name_is_valid(const char *name);

#endif
