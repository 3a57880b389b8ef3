/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/canonical.h"
#include "manifest/compose/extends.h"
#include "manifest/compose/merge.h"

/* A service that is being extended; the chain shows circles. */
struct extending {
	const struct extending *outer;
	const char *file;
	const char *service;
	unsigned depth;
};

static bool is_circle(const struct extending *chain, const char *file, const char *service)
{
	for (; chain != NULL; chain = chain->outer) {
		if (strcmp(chain->file, file) == 0 && strcmp(chain->service, service) == 0)
			return true;
	}
	return false;
}

static struct yaml_node *extend(struct compose_context *context, const struct compose_scope *scope,
				struct yaml_node *services, const char *name,
				const struct extending *chain);

static struct yaml_node *no_service(struct compose_context *context, const struct yaml_node *place,
				    const char *file, const char *name)
{
	compose_error(context, place, "the name of a service of that file",
		      "extends: there is no service '%.80s' in %.300s", name, file);
	return NULL;
}

/* The base from another file, whose relative paths start there. */
static struct yaml_node *base_of_file(struct compose_context *context,
				      const struct compose_scope *scope,
				      const struct yaml_node *file, const char *name,
				      const struct extending *chain)
{
	AUTO_FREE char *path = compose_path(scope->folder, file->text, scope->variables);
	AUTO_FREE char *folder = compose_folder_of(path);
	struct yaml_node *model = tree_new(&context->store, YAML_MAP, file);
	const struct compose_scope inner = {.folder = folder,
					    .variables = scope->variables,
					    .file = compose_keep_name(context, path),
					    .outer = scope,
					    .is_extended = true};

	if (strstr(file->text, "://") != NULL) {
		compose_error(context, file, "fetch it first, and name the file",
			      "extends: '%.200s' is not a file of this machine", file->text);
		return NULL;
	}
	if (!compose_add_file(context, &inner, file, NULL, 0, &model))
		return NULL;
	struct yaml_node *services = tree_get(model, "services");
	if (services == NULL || tree_get(services, name) == NULL)
		return no_service(context, file, path, name);
	compose_resolve_paths(context, model, folder, scope->variables);
	return extend(context, &inner, services, name, chain);
}

static struct yaml_node *merge_service(struct compose_context *context, const char *name,
				       struct yaml_node *base, struct yaml_node *service)
{
	const struct compose_place services = {NULL, "services"};
	const struct compose_place place = {&services, name};
	struct yaml_node *copy = tree_copy(&context->store, base);

	compose_apply_resets(copy, service);
	compose_strip_resets(service);
	compose_strip_resets(copy);
	struct yaml_node *merged = compose_merge(context, copy, service, &place);
	if (merged != NULL)
		tree_remove(merged, "extends");
	return merged;
}

static struct yaml_node *extend(struct compose_context *context, const struct compose_scope *scope,
				struct yaml_node *services, const char *name,
				const struct extending *chain)
{
	struct yaml_node *service = tree_get(services, name);
	struct yaml_node *extends = tree_get(service, "extends");
	const struct extending link = {chain, scope->file, name,
				       chain != NULL ? chain->depth + 1 : 0};

	if (service == NULL || service->kind != YAML_MAP || extends == NULL ||
	    extends->kind == YAML_NULL)
		return service;
	struct yaml_node *from =
		extends->kind == YAML_SCALAR ? extends : tree_get(extends, "service");
	const struct yaml_node *file = tree_get(extends, "file");
	if (from == NULL || from->kind != YAML_SCALAR) {
		compose_error(context, extends, "extends: {service: base, file: common.yaml}",
			      "extends: it does not say which service");
		return NULL;
	}
	if (is_circle(chain, scope->file, name) || link.depth > COMPOSE_DEPTH_MAX) {
		compose_error(context, extends, NULL,
			      "extends: '%.80s' extends itself, by way of others", name);
		return NULL;
	}
	bool has_file = file != NULL && file->kind == YAML_SCALAR;
	struct yaml_node *base = NULL;
	if (has_file)
		base = base_of_file(context, scope, file, from->text, &link);
	else if (tree_get(services, from->text) == NULL)
		return no_service(context, from, scope->file, from->text);
	else
		base = extend(context, scope, services, from->text, &link);
	if (base == NULL)
		return NULL;
	if (base->kind != YAML_MAP)
		return service;
	struct yaml_node *merged = merge_service(context, name, base, service);
	if (merged != NULL)
		tree_set(&context->store, services, name, merged);
	return merged;
}

bool compose_apply_extends(struct compose_context *context, const struct compose_scope *scope,
			   struct yaml_node *root)
{
	struct yaml_node *services = tree_get(root, "services");
	if (services == NULL || services->kind != YAML_MAP)
		return true;
	for (size_t i = 0; i < services->pair_count; i++) {
		if (extend(context, scope, services, services->pairs[i].key->text, NULL) == NULL)
			return false;
	}
	return true;
}
