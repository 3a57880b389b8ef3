/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_CLOUD_LOGS_H
#define I2KIT_CLI_CLOUD_LOGS_H

#include <stdint.h>

#include "cli/verb.h"

/*
 * `i2kit logs -e FILE [POD…]`: the lines the cloud keeps, with --since, --follow and --timestamps.
 */
MUST_CHECK bool cloud_logs_show(const struct invocation *invocation, int64_t since_ns,
				struct error *err);

#endif
