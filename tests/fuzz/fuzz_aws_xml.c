/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/xml.h"
#include "fuzz.h"
#include "wire/name_record.h"

/* Whatever comes back from a service: no crash, no endless work, text in every node. */
static void visit(const struct xml *node)
{
	for (; node != NULL; node = node->next) {
		if (node->text == NULL || node->name == NULL)
			__builtin_trap();
		visit(node->first);
	}
}

/* Records come as addresses of instances, or not at all. */
static void read_records(const struct xml *root)
{
	AUTO(name_record_list_clear) struct name_record_list listed = {0};
	AUTO(name_record_list_clear) struct name_record_list written = {0};
	AUTO(name_record_list_clear) struct name_record_list removed = {0};
	AUTO_FREE char *next = NULL;
	(void)!name_records_read(root, &listed, &next, NULL);
	(void)!name_changes_read(root, &written, &removed, NULL);
	for (size_t i = 0; i < listed.count; i++)
		if (strncmp(listed.items[i].instance, "i-", 2) != 0 ||
		    strlen(listed.items[i].address) > 15)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_PTR(xml) struct xml *root = xml_parse((const char *)bytes, size, NULL);
	visit(root);
	if (root != NULL)
		read_records(root);
	(void)xml_text(root, "imagesSet/item/imageId");
	return 0;
}
