/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_LIMITS_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_LIMITS_H

/* Capabilities and resource limits, as a LinuxKit document spells them. */

#include "base/error.h"
#include "base/string_list.h"
#include "image/linuxkit/go_json.h"

/* "all" and "none", when alone, become what they mean; every name is checked (CAP_NET_ADMIN). */
MUST_CHECK bool linuxkit_capabilities_expand(struct string_list *list, struct error *err);

/* "nofile,1024,unlimited" as an object of "rlimits". */
MUST_CHECK bool linuxkit_limit_write(const char *text, struct go_json *out, struct error *err);

#endif
