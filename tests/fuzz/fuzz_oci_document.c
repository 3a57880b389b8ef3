/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/oci/oci_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct oci_document *document)
{
	struct error err = ERROR_INIT;
	if (document->is_index) {
		const struct oci_descriptor *item = oci_index_choose(document, NULL, &err);
		if ((item == NULL) != (err.message != NULL))
			abort();
	} else if (document->item_count > OCI_LAYERS_MAX ||
		   !digest_is_set(&document->config.digest)) {
		abort();
	}
	for (size_t i = 0; i < document->item_count; i++) {
		if (!digest_is_set(&document->items[i].digest) ||
		    document->items[i].size_bytes > OCI_BLOB_MAX_BYTES)
			abort();
	}
	error_clear(&err);
}

/* As a manifest or index, and as an image's config. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	AUTO(oci_document_clear) struct oci_document document = {0};
	AUTO_FREE struct digest *diff_ids = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (oci_document_parse(text, size, NULL, &document, &err))
		check(&document);
	else if (err.message == NULL)
		abort();
	if (oci_config_parse(text, size, 1, &diff_ids, &err) && !digest_is_set(&diff_ids[0]))
		abort();
	return 0;
}
