/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/output_document.h"
#include "cli/verb.h"
#include "image/layer/squashfs_writer.h"

static void print_json(void)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "version", I2KIT_VERSION);
	json_write_text(&json, "packer", squashfs_writer_libraries());
	json_close(&json);
	output_document(strbuf_text(&out));
}

static int run(const struct invocation *invocation, struct error *err)
{
	(void)err;
	if (invocation->output == OUTPUT_JSON)
		print_json();
	else
		(void)printf("i2kit %s (%s)\n", I2KIT_VERSION, squashfs_writer_libraries());
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.group = VERB_SYSTEM,
	.summary = "show the version",
	.has_output = true,
	.run = run,
};
