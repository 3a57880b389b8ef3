/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kustomization that only lists the files beside it changes nothing: read as a folder, they are
 * all there. Any other one must be rendered by kubectl.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/loader.h"

static bool has_only_plain_keys(const struct yaml_node *root)
{
	static const char *const plain[] = {"apiVersion", "kind", "metadata", "resources"};
	for (size_t i = 0; root->kind == YAML_MAP && i < root->pair_count; i++) {
		bool is_plain = false;
		for (size_t k = 0; k < ARRAY_SIZE(plain); k++)
			is_plain = is_plain || strcmp(root->pairs[i].key->text, plain[k]) == 0;
		if (!is_plain)
			return false;
	}
	return root->kind == YAML_MAP;
}

bool kustomization_is_plain(const struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *resources = yaml_get(root, "resources");
	const char *slash = strrchr(loader->file, '/');
	AUTO_FREE char *folder =
		slash ? xstrndup(loader->file, (size_t)(slash - loader->file)) : xstrdup(".");

	if (!has_only_plain_keys(root) || resources == NULL || resources->kind != YAML_LIST)
		return false;
	for (size_t i = 0; i < resources->item_count; i++) {
		const struct yaml_node *item = resources->items[i];
		if (item->kind != YAML_SCALAR)
			return false;
		const char *name = item->text + (strncmp(item->text, "./", 2) == 0 ? 2 : 0);
		AUTO_FREE char *path = path_join(folder, name);
		if (!string_list_has(&loader->app->files, path) &&
		    !string_list_has(&loader->app->files, name))
			return false;
	}
	return true;
}
