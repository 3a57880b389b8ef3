/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 'c': a console, to which what the server signed is added: that counts, and nothing else does. Else: a page
 * of Nova's servers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/openstack/server/console_read.h"
#include "cloud/openstack/server/server_read.h"
#include "fuzz.h"

#define KEY    "key"
#define SERVER "3f0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"
#define LAST   INT64_MAX

static void mac_hex(const char *key, const char *text, char ret[CONSOLE_MAC_SIZE])
{
	uint8_t raw[SHA256_SIZE];

	sha256_hmac(key, strlen(key), text, strlen(text), raw);
	sha256_hex(raw, ret);
}

static void read_console(const uint8_t *bytes, size_t size)
{
	const struct console_speaker server = {KEY, SERVER, mac_hex};
	AUTO(strbuf_clear) struct strbuf console = STRBUF_INIT;
	AUTO_FREE char *line = console_line_write(&server, CONSOLE_DONE, LAST, NULL);
	struct console_state state;

	/* A wrong key: whatever is in there, it is not signed. */
	console_read((const char *)bytes, size, "another key", SERVER, &state);
	if (state.has_state || state.has_booted)
		abort();
	strbuf_append_bytes(&console, bytes, size);
	strbuf_appendf(&console, "\n%s", line);
	console_read(strbuf_text(&console), console.size, KEY, SERVER, &state);
	if (!state.has_state || state.state != CONSOLE_DONE)
		abort();
}

static void read_servers(const uint8_t *bytes, size_t size)
{
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	AUTO(server_list_clear) struct server_list list = {0};
	AUTO_FREE char *last = NULL;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "servers", 0, NULL);

	if (document == NULL)
		return;
	cloud_scope_make("shop", "eu", &scope);
	server_read_page(json_document_root(document), &scope, &list, &last);
	bool is_whole = json_document_check(document, NULL);
	for (size_t i = 0; i < list.count && is_whole; i++)
		if (list.items[i].id == NULL || list.items[i].name == NULL ||
		    list.items[i].status == NULL || list.items[i].pod == NULL ||
		    list.items[i].image == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > 0 && bytes[0] == 'c')
		read_console(bytes + 1, size - 1);
	else
		read_servers(bytes, size);
	return 0;
}
