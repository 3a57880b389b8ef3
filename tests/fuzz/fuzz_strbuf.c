/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fuzz.h"

/* What the JSON writer makes is JSON, whatever it is given. */
static void check_json(const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_append_char(&out, '[');
	strbuf_append_json(&out, text);
	strbuf_append_char(&out, ']');
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(out.data, out.size, "text", 0, NULL);
	if (document == NULL)
		abort();
}

/* What goes to a terminal is valid UTF-8 without controls. */
static void check_printable(const char *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_append_printable(&out, bytes, size);
	if (!utf8_is_valid(strbuf_text(&out), out.size, NULL))
		abort();
	for (size_t i = 0; i < out.size; i++) {
		unsigned char c = (unsigned char)out.data[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			abort();
	}
}

static void check_xml(const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_append_xml(&out, text);
	if (strpbrk(strbuf_text(&out), "<>\"'") != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	check_json(text);
	check_xml(text);
	check_printable((const char *)bytes, size);
	strbuf_append_url(&out, text);
	strbuf_append_shell(&out, text);
	return 0;
}
