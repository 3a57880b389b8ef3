/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What i2kit makes of .dockerignore files, for tests/oracle/dockerignore.py: cases on stdin, one JSON
 * object a line, {"file":TEXT,"paths":[…]}; {"bad":true} or {"matches":[…]} for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "image/build/ignore_patterns.h"

static void judge(const char *line, size_t size)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(line, size, "case", 0, NULL);
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	struct json_view root = json_document_root(document);
	AUTO_FREE char *file = json_view_text(json_view_get(root, "file"));
	struct ignore_patterns *patterns = ignore_patterns_read("case", file, strlen(file), NULL);

	json_view_texts(json_view_get(root, "paths"), 1000, &paths);
	if (patterns == NULL) {
		(void)puts("{\"bad\":true}");
		return;
	}
	(void)printf("{\"matches\":[");
	for (size_t i = 0; i < paths.count; i++)
		(void)printf("%s%s", i > 0 ? "," : "",
			     ignore_patterns_match(patterns, paths.items[i]) ? "true" : "false");
	(void)puts("]}");
	ignore_patterns_free(patterns);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0)
		judge(line, (size_t)size);
	free(line);
	return 0;
}
