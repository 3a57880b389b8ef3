/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/disk_view.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cli/output.h"
#include "cli/output_document.h"

void disk_view_print(const char *pod, const struct disk_image *image, const char *path,
		     bool is_json)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	char size[OUTPUT_SIZE_SIZE];

	if (!is_json) {
		output_format_size(size, image->size_bytes);
		(void)printf("%s  %s  %s  %s\n", pod, DIGEST_TEXT(&image->digest), size, path);
		return;
	}
	json_open_object(&json, NULL);
	json_write_text(&json, "pod", pod);
	json_write_text(&json, "digest", DIGEST_TEXT(&image->digest));
	json_write_unsigned(&json, "sizeBytes", image->size_bytes);
	json_write_bool(&json, "built", image->was_built);
	json_write_text(&json, "path", path);
	json_close(&json);
	output_document(strbuf_text(&text));
}
