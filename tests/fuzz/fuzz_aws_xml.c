/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/xml.h"
#include "fuzz.h"

/* Whatever comes back from a service: no crash, no endless work, text in every node. */
static void visit(const struct xml *node)
{
	for (; node != NULL; node = node->next) {
		if (node->text == NULL || node->name == NULL)
			__builtin_trap();
		visit(node->first);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_PTR(xml) struct xml *root = xml_parse((const char *)bytes, size, NULL);
	visit(root);
	(void)xml_text(root, "imagesSet/item/imageId");
	return 0;
}
