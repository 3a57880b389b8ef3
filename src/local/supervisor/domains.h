/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_DOMAINS_H
#define I2KIT_LOCAL_SUPERVISOR_DOMAINS_H

/* What libvirt has against what we know: domains that came, went or changed. */

#include "base/error.h"

struct supervisor;

MUST_CHECK bool domains_open(struct supervisor *supervisor, struct error *err);

#endif
