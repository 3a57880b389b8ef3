/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A reference that is understood is written in a form that means the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	AUTO(reference_clear) struct reference first = {0};
	AUTO(reference_clear) struct reference second = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!reference_parse(text, "/base", &first, &err)) {
		if (err.message == NULL || first.text != NULL)
			abort();
		return 0;
	}
	if (!reference_parse(first.text, "/base", &second, &err) ||
	    strcmp(first.text, second.text) != 0 || first.transport != second.transport)
		abort();
	return 0;
}
