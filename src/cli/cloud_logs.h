/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_CLOUD_LOGS_H
#define I2KIT_CLI_CLOUD_LOGS_H

#include <stdint.h>

#include "cli/verb.h"

struct cloud_logs_options {
	int64_t since_ns; /* 0: from the first on */
	int64_t until_ns; /* INT64_MAX: no end */
	bool has_tail;	  /* the last `tail` lines of each stream alone */
	uint64_t tail;
};

/* `i2kit logs -e FILE [POD[/CONTAINER]…]`: the lines the cloud keeps, merged by time. */
MUST_CHECK bool cloud_logs_show(const struct invocation *invocation,
				const struct cloud_logs_options *options, struct error *err);

#endif
