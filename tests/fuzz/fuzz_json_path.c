/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/json_path.h"
#include "cli/json_path_write.h"
#include "fuzz.h"

/* The first line is a template, the rest the document; a template is also tried on one of ours. */
static void try_on(const char *template, const char *json, size_t size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_PTR(json_path) struct json_path *path = json_path_parse(template, &err);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(json, size, "fuzz", 0, NULL);

	if (path == NULL && (err.kind != ERROR_USAGE || err.message == NULL))
		abort();
	if (path != NULL && document != NULL)
		json_path_write(path, json_document_root(document), " ", &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char ours[] =
		"{\"a\":[{\"b\":\"x\",\"n\":1},{\"b\":[1,2,{\"c\":true}]}],\"d\":null}";

	if (size > 8192)
		return 0;
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	char *end = strchrnul(text, '\n');
	const char *rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	try_on(text, rest, strlen(rest));
	try_on(text, ours, strlen(ours));
	return 0;
}
