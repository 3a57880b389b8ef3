/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/image_purl.h"

#include <string.h>

#include "base/cleanup.h"
#include "image/oci/reference.h"

char *image_purl_of(const struct sbom_image *image)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (image->digest == NULL || !reference_parse(image->name, "/", &reference, NULL) ||
	    reference.name == NULL || reference.transport != TRANSPORT_REGISTRY)
		return NULL;
	const char *slash = strrchr(reference.name, '/');
	AUTO_FREE char *repository = xasprintf("%s/%s", reference.host, reference.name);
	strbuf_append(&out, "pkg:oci/");
	strbuf_append_url(&out, slash != NULL ? slash + 1 : reference.name);
	strbuf_append_char(&out, '@');
	strbuf_append_url(&out, image->digest);
	strbuf_append(&out, "?repository_url=");
	strbuf_append_url(&out, repository);
	if (reference.tag != NULL) {
		strbuf_append(&out, "&tag=");
		strbuf_append_url(&out, reference.tag);
	}
	return strbuf_take(&out);
}
