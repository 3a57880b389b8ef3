/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/canonical.h"
#include "manifest/compose/extends.h"
#include "manifest/compose/include.h"
#include "manifest/compose/interpolate.h"
#include "manifest/compose/merge.h"
#include "manifest/compose/schema.h"
#include "manifest/compose/unique.h"

static void omit_empty_dns(struct yaml_node *model)
{
	struct yaml_node *services = tree_get(model, "services");
	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		struct yaml_node *dns = tree_get(services->pairs[i].value, "dns");
		for (size_t k = dns != NULL && dns->kind == YAML_LIST ? dns->item_count : 0; k > 0;
		     k--) {
			if (dns->items[k - 1]->kind == YAML_NULL ||
			    yaml_is_text(dns->items[k - 1], ""))
				tree_remove_item(dns, k - 1);
		}
	}
}

static bool add_document(struct compose_context *context, const struct compose_scope *scope,
			 struct yaml_node *root, struct yaml_node **model)
{
	if (root->kind != YAML_MAP) {
		compose_error(context, root, "services: {web: {image: nginx}}",
			      "a Compose file is a map, not %s", yaml_describe(root));
		return false;
	}
	if (!compose_interpolate(context, root, scope->variables))
		return false;
	if (!scope->is_extended && !compose_apply_includes(context, scope, root))
		return false;
	compose_apply_resets(*model, root);
	if (!scope->is_extended && !compose_apply_extends(context, scope, root))
		return false;
	if (!scope->is_extended)
		compose_strip_resets(root);
	struct yaml_node *merged = compose_merge(context, *model, root, NULL);
	if (merged == NULL)
		return false;
	*model = merged;
	compose_drop_doubles(merged);
	if (!scope->is_extended && !compose_check_schema(context, merged))
		return false;
	tree_remove(merged, "version");
	if (!compose_make_canonical(context, merged))
		return false;
	omit_empty_dns(merged);
	compose_drop_doubles(merged);
	return true;
}

bool compose_add_file(struct compose_context *context, const struct compose_scope *scope,
		      const struct yaml_node *named_by, struct yaml_node *const *trees,
		      size_t tree_count, struct yaml_node **model)
{
	struct yaml_node **own = NULL;
	bool is_good = true;

	if (++context->file_count > COMPOSE_FILES_MAX) {
		compose_error(context, named_by, NULL, "more than %d files in a project",
			      COMPOSE_FILES_MAX);
		return false;
	}
	if (trees == NULL) {
		is_good = compose_read_trees(context, scope->file, named_by, &own, &tree_count);
		trees = own;
	}
	for (size_t i = 0; is_good && i < tree_count; i++)
		is_good = add_document(context, scope, trees[i], model);
	if (is_good && context->store.is_full) {
		compose_error(context, named_by, NULL, "more than %d values in a project",
			      TREE_NODES_MAX);
		is_good = false;
	}
	free((void *)own);
	return is_good;
}

/* NAME alone, in a list or a map, has its value from outside. */
static void settle_environment(struct compose_context *context, const struct compose_scope *scope,
			       struct yaml_node *environment)
{
	for (size_t i = 0; environment->kind == YAML_LIST && i < environment->item_count; i++) {
		struct yaml_node *item = environment->items[i];
		const char *value = item->kind == YAML_SCALAR
					    ? compose_variables_get(scope->variables, item->text)
					    : NULL;
		if (value == NULL)
			continue;
		AUTO_FREE char *text = xasprintf("%s=%s", item->text, value);
		environment->items[i] = tree_text(&context->store, text, item);
	}
	for (size_t i = 0; environment->kind == YAML_MAP && i < environment->pair_count; i++) {
		struct yaml_pair *pair = &environment->pairs[i];
		const char *value =
			pair->value->kind == YAML_NULL
				? compose_variables_get(scope->variables, pair->key->text)
				: NULL;
		if (value != NULL)
			pair->value = tree_text(&context->store, value, pair->key);
	}
}

static void settle_contents(struct compose_context *context, const struct compose_scope *scope,
			    const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->pair_count; i++) {
		struct yaml_node *one = map->pairs[i].value;
		const char *name = tree_get_text(one, "environment");
		const char *value =
			name != NULL ? compose_variables_get(scope->variables, name) : NULL;
		if (value != NULL)
			tree_set(&context->store, one, key,
				 tree_text(&context->store, value, tree_get(one, "environment")));
	}
}

void compose_settle_model(struct compose_context *context, const struct compose_scope *scope,
			  struct yaml_node *model)
{
	struct yaml_node *services = tree_get(model, "services");

	compose_resolve_paths(context, model, scope->folder, scope->variables);
	for (size_t i = 0;
	     services != NULL && services->kind == YAML_MAP && i < services->pair_count; i++) {
		struct yaml_node *environment = tree_get(services->pairs[i].value, "environment");
		if (environment != NULL)
			settle_environment(context, scope, environment);
	}
	settle_contents(context, scope, tree_get(model, "configs"), "content");
	settle_contents(context, scope, tree_get(model, "secrets"), "x-#value");
}
