/* SPDX-License-Identifier: Apache-2.0 */
/* What a release's record says of services and routes: what is taken is written again as it was. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cloud/openstack/service/octavia_routes.h"
#include "cloud/openstack/service/service_fronts.h"
#include "fuzz.h"

/* False: it is not taken. *ret: as it is written. */
static bool read_once(const void *bytes, size_t size, struct service_fronts *fronts,
		      struct strbuf *ret)
{
	struct json_writer json = JSON_WRITER(ret, 0);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "record", 0, NULL);

	if (document == NULL)
		return false;
	service_fronts_read(json_document_root(document), fronts);
	if (!json_document_check(document, NULL))
		return false;
	service_fronts_write(fronts, &json, NULL);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(service_fronts_clear) struct service_fronts fronts = {0};
	AUTO(service_fronts_clear) struct service_fronts again = {0};
	AUTO(strbuf_clear) struct strbuf one = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf two = STRBUF_INIT;
	AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};

	if (!read_once(bytes, size, &fronts, &one))
		return 0;
	if (!read_once(strbuf_text(&one), one.size, &again, &two) ||
	    strcmp(strbuf_text(&one), strbuf_text(&two)) != 0)
		abort();
	for (size_t i = 0; i < fronts.pods.count; i++)
		service_fronts_rules(&fronts, fronts.pods.items[i], &rules);
	cloud_scope_make("shop", "eu", &scope);
	if (fronts.routes.provider != NULL)
		free(octavia_routes_document(&scope, &fronts.routes, "net"));
	return 0;
}
