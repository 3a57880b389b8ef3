/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/compose/include.h"
#include "manifest/compose/merge.h"

static bool is_circle(const struct compose_scope *scope, const char *file)
{
	unsigned depth = 0;
	for (; scope != NULL; scope = scope->outer) {
		if (strcmp(scope->file, file) == 0 || ++depth > COMPOSE_DEPTH_MAX)
			return true;
	}
	return false;
}

/* One text, or several. */
static void add_texts(const struct yaml_node *node, struct string_list *ret)
{
	if (node != NULL && node->kind == YAML_SCALAR)
		string_list_add(ret, node->text);
	for (size_t i = 0; node != NULL && node->kind == YAML_LIST && i < node->item_count; i++) {
		if (node->items[i]->kind == YAML_SCALAR)
			string_list_add(ret, node->items[i]->text);
	}
}

/* Its own env files, or the .env of its folder; what is set outside goes before them. */
static bool read_variables(struct compose_context *context, const struct compose_scope *scope,
			   const struct yaml_node *entry, const char *folder,
			   struct compose_variables *ret)
{
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	AUTO(compose_variables_clear) struct compose_variables own = {0};

	add_texts(tree_get(entry, "env_file"), &files);
	AUTO_FREE char *standard = path_join(folder, ".env");
	bool is_said = files.count > 0;
	if (!is_said && path_exists(standard))
		string_list_add(&files, standard);
	for (size_t i = 0; i < files.count; i++) {
		AUTO_FREE char *path =
			is_said ? compose_path(scope->folder, files.items[i], scope->variables)
				: xstrdup(files.items[i]);
		if (!compose_read_env_file(context, path, entry, scope->variables, false, &own))
			return false;
	}
	compose_variables_complete(ret, scope->variables);
	compose_variables_complete(ret, &own);
	return true;
}

/* What the file itself says goes before what it includes. */
static bool import(struct compose_context *context, struct yaml_node *from, struct yaml_node *root)
{
	static const char *const keys[] = {"services", "volumes", "networks",
					   "secrets",  "configs", "models"};

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct yaml_node *source = tree_get(from, keys[k]);
		const struct compose_place outer = {NULL, keys[k]};
		if (source == NULL || source->kind != YAML_MAP)
			continue;
		struct yaml_node *target = tree_get_map(&context->store, root, keys[k]);
		if (target == NULL)
			continue; /* the schema says so */
		for (size_t i = 0; i < source->pair_count; i++) {
			const struct compose_place place = {&outer, source->pairs[i].key->text};
			struct yaml_node *value = source->pairs[i].value;
			struct yaml_node *own = tree_get(target, place.name);
			if (own != NULL) {
				compose_apply_resets(value, own);
				value = compose_merge(context, value, own, &place);
			}
			if (value == NULL)
				return false;
			tree_set(&context->store, target, place.name, value);
		}
	}
	return true;
}

static bool include_one(struct compose_context *context, const struct compose_scope *scope,
			const struct yaml_node *entry, struct yaml_node *root)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(compose_variables_clear) struct compose_variables variables = {0};
	const char *said = tree_get_text(entry, "project_directory");
	struct yaml_node *model = tree_new(&context->store, YAML_MAP, entry);

	add_texts(entry->kind == YAML_SCALAR ? entry : tree_get(entry, "path"), &paths);
	if (paths.count == 0) {
		compose_error(context, entry, "- path: other/compose.yaml",
			      "include: it does not say which file");
		return false;
	}
	AUTO_FREE char *first = compose_path(scope->folder, paths.items[0], scope->variables);
	AUTO_FREE char *folder = said != NULL ? compose_path(scope->folder, said, scope->variables)
					      : compose_folder_of(first);
	struct compose_scope inner = {
		.folder = folder, .variables = &variables, .outer = scope, .is_extended = false};
	if (!read_variables(context, scope, entry, folder, &variables))
		return false;
	for (size_t i = 0; i < paths.count; i++) {
		AUTO_FREE char *path =
			compose_path(scope->folder, paths.items[i], scope->variables);
		inner.file = compose_keep_name(context, path);
		if (strstr(paths.items[i], "://") != NULL) {
			compose_error(context, entry, "fetch it first, and name the file",
				      "include: '%.200s' is not a file of this machine",
				      paths.items[i]);
			return false;
		}
		if (is_circle(scope, inner.file)) {
			compose_error(context, entry, "take one of the two out",
				      "include: %.300s includes itself, by way of others", path);
			return false;
		}
		if (!compose_add_file(context, &inner, entry, NULL, 0, &model))
			return false;
	}
	compose_settle_model(context, &inner, model);
	return import(context, model, root);
}

bool compose_apply_includes(struct compose_context *context, const struct compose_scope *scope,
			    struct yaml_node *root)
{
	const struct yaml_node *list = tree_get(root, "include");
	bool is_good = true;

	if (list == NULL)
		return true;
	if (list->kind != YAML_LIST && list->kind != YAML_NULL) {
		compose_error(context, list, "begin each item with '- '",
			      "include: a list is wanted here, not %s", yaml_describe(list));
		return false;
	}
	for (size_t i = 0; i < list->item_count && is_good; i++)
		is_good = include_one(context, scope, list->items[i], root);
	tree_remove(root, "include");
	return is_good;
}
