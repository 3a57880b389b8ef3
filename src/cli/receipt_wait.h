/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_RECEIPT_WAIT_H
#define I2KIT_CLI_RECEIPT_WAIT_H

#include "cli/verb.h"

/*
 * The supervisor writes the receipt of a pod when it has read the whole disk that was booted, which is seconds after
 * the pod became ready. Waits for those of the project's pods that are ready now, a minute at most; what then is
 * missing is for the caller to find.
 */
void receipt_wait(const struct invocation *invocation, const char *project);

#endif
