/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PLACE_SCOPE_MARK_H
#define I2KIT_CLOUD_OPENSTACK_PLACE_SCOPE_MARK_H

/*
 * Whose a thing is that can be given a description and no metadata (a port, a group, a floating address):
 * "i2kit project=shop environment=production pod=web release=3f0ac6e5". Without an environment it says "-",
 * which is no name of one. Nothing is touched that says something else. Pure.
 */

#include <stdbool.h>

#include "cloud/provider.h"

/* rest: what follows, "pod=web"; NULL: nothing. Owned. */
char *scope_mark(const struct cloud_scope *scope, const char *rest);
/* Whether a description is of this scope, with any rest; text NULL: no. */
bool scope_mark_is(const char *text, const struct cloud_scope *scope);
/* The value of a key of it; owned; NULL: it has none. */
char *scope_mark_value(const char *text, const char *key);

#endif
