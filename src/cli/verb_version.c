/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/output_document.h"
#include "cli/verb.h"

static int run(const struct invocation *invocation, struct error *err)
{
	(void)err;
	if (invocation->output == OUTPUT_JSON)
		output_document("{\"version\":\"" I2KIT_VERSION "\"}");
	else
		(void)printf("i2kit %s\n", I2KIT_VERSION);
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.group = VERB_SYSTEM,
	.summary = "show the version",
	.has_output = true,
	.run = run,
};
