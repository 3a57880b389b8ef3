/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/read_words.h"

#include "base/cleanup.h"
#include "manifest/compose/units.h"

void compose_read_words(struct loader *loader, const struct yaml_node *node,
			struct string_list *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *rest = NULL;

	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++)
		string_list_add(ret, node->items[i]->text);
	if (node->kind != YAML_SCALAR)
		return;
	if (!compose_split_words(node->text, ret, &rest, &err))
		loader_error(loader, node, err.hint, "%s: %s", loader->current->name, err.message);
	else if (rest != NULL)
		loader_warn(loader, node,
			    "%s: no shell reads it, and it ends before '%.40s'; [sh, -c, \"…\"] "
			    "gives it to one",
			    loader->current->name, rest);
}
