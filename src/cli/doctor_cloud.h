/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DOCTOR_CLOUD_H
#define I2KIT_CLI_DOCTOR_CLOUD_H

#include "cli/verb.h"

/*
 * doctor --cloud: who we are in the cloud of -e, and the least permissions that promoting there
 * needs; with --policy that policy alone, and nothing is asked. The exit status.
 */
int doctor_cloud(const struct invocation *invocation, struct error *err);

#endif
