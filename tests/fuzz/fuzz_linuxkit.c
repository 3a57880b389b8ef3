/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/linuxkit/linuxkit_bundle.h"
#include "image/linuxkit/linuxkit_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_json(const char *text)
{
	json_t *root = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
	if (root == NULL)
		abort();
	json_decref(root);
}

static void make_all(const struct linuxkit_document *document,
		     const struct linuxkit_component_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		AUTO(linuxkit_bundle_clear) struct linuxkit_bundle bundle = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (!linuxkit_bundle_make(document, &list->items[i], "{}", "p", NULL, &bundle,
					  &err)) {
			if (err.message == NULL)
				abort();
			continue;
		}
		check_json(bundle.config_json);
		check_json(bundle.runtime_json);
	}
}

/* What is read as a document gives bundles whose files are JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *label = NULL;
	if (!linuxkit_document_parse((const char *)bytes, size, "f", &document, &err) &&
	    err.message == NULL)
		abort();
	make_all(&document, &document.onboot);
	make_all(&document, &document.services);
	if (linuxkit_label_parse((const char *)bytes, size, &label, NULL))
		check_json(label);
	return 0;
}
