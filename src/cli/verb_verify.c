/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/disk_argument.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/verb.h"
#include "image/pod/disk_verify.h"

static const struct option_spec options[] = {
	{"base", 0, OPTION_VALUE, "FOLDER|FILE", "the base it was built on", COMPLETE_FILE},
};

static void print_result(const struct invocation *invocation,
			 const struct disk_verification *result)
{
	if (invocation->output == OUTPUT_JSON) {
		AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
		struct json_writer json = JSON_WRITER(&text, 0);
		json_open_object(&json, NULL);
		json_write_text(&json, "digest", DIGEST_TEXT(&result->digest));
		json_write_bool(&json, "verified", true);
		json_write_unsigned(&json, "partitions", result->partition_count);
		json_write_unsigned(&json, "layers", result->layer_count);
		json_write_unsigned(&json, "images", result->image_count);
		json_close(&json);
		output_document(strbuf_text(&text));
	} else {
		(void)printf("%s: verified: %zu partitions, %zu layers of %zu image%s built again, "
			     "byte for byte the same\n",
			     DIGEST_TEXT(&result->digest), result->partition_count,
			     result->layer_count, result->image_count,
			     result->image_count == 1 ? "" : "s");
	}
}

static int run(const struct invocation *invocation, struct error *err)
{
	struct image_options image_options = {.base = arguments_value(invocation->args, "base")};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO_FREE char *path = NULL;
	struct disk_verification result;
	if (store == NULL ||
	    !disk_argument_find(store, arguments_rest(invocation->args)->items[0], &path, err) ||
	    !disk_verify(store, path, &image_options, progress_view_progress(view), &result, err))
		return 1;
	print_result(invocation, &result);
	return 0;
}

const struct verb verb_verify = {
	.name = "verify",
	.group = VERB_IMAGE,
	.summary = "build a disk again and compare it byte for byte",
	.description =
		"Checks every partition of the disk against its table of contents, converts the "
		"layers again from the images it names by digest, lays the disk out again on the "
		"base, and compares SHA-256. What is not in the store is pulled by digest.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FILE|DIGEST", 1, 1, COMPLETE_FILE},
	.has_output = true,
	.names = "{.digest}",
	.example = "i2kit verify web.img",
	.run = run,
};
