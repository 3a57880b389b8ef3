/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_POD_CHECK_H
#define I2KIT_CLOUD_POD_CHECK_H

/* What no cloud runs, whichever it is: pods that end, that have a schedule, two releases, a folder of this machine. */

#include "base/error.h"
#include "manifest/app.h"

MUST_CHECK bool cloud_pod_check(const struct pod_spec *pod, struct error *err);

#endif
