/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_LINUXKIT_RUNTIME_H
#define I2KIT_GUEST_LINUXKIT_RUNTIME_H

#include "base/error.h"

/* Does what BUNDLE/runtime.json asks for before the start: mounts, folders. */
MUST_CHECK bool linuxkit_prepare(const char *bundle, struct error *err);

#endif
