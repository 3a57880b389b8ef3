/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PLACEHOLDER_H
#define I2KIT_MANIFEST_PLACEHOLDER_H

/*
 * Values that stand in a Secret for what somebody was to fill in. The list is in doc/manifests.md
 * ("Placeholders"); only what nobody could mean as a secret is in it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct app;

bool placeholder_is(const char *bytes, size_t size);

/*
 * False, ERROR_DENIED with the Secrets and keys (never their values), where a Secret that a pod
 * refers to holds one.
 */
MUST_CHECK bool placeholders_refuse(const struct app *app, struct error *err);

#endif
