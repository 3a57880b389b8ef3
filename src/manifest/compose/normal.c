/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/normal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/compose/service_parts.h"
#include "manifest/service_reference.h"

struct normalizer {
	struct compose_context *context;
	struct yaml_node *model;
	const struct compose_variables *variables;
	bool uses_default;
};

static void add_network(struct normalizer *normalizer, struct yaml_node *service)
{
	struct tree_store *store = &normalizer->context->store;
	struct yaml_node *networks = tree_get(service, "networks");

	if (tree_get(service, "provider") != NULL || tree_get(service, "network_mode") != NULL)
		return;
	if (networks == NULL || networks->kind != YAML_MAP || networks->pair_count == 0) {
		struct yaml_node *map = tree_new(store, YAML_MAP, service);
		tree_set(store, map, "default", tree_new(store, YAML_NULL, service));
		tree_set(store, service, "networks", map);
		normalizer->uses_default = true;
	} else if (tree_get(networks, "default") != NULL) {
		normalizer->uses_default = true;
	}
}

static void add_dependency(struct normalizer *normalizer, struct yaml_node *service,
			   const char *name, bool restarts, const struct yaml_node *like)
{
	struct compose_context *context = normalizer->context;
	struct yaml_node *all = tree_get_map(&context->store, service, "depends_on");
	struct yaml_node *one = tree_new(&context->store, YAML_MAP, like);

	if (all == NULL || tree_get(all, name) != NULL)
		return;
	tree_set_text(&context->store, one, "condition", "service_started");
	tree_set(&context->store, one, "restart", compose_bool(context, restarts, like));
	tree_set(&context->store, one, "required", compose_bool(context, true, like));
	tree_set(&context->store, all, name, one);
}

static void add_dependencies(struct normalizer *normalizer, struct yaml_node *service)
{
	static const char *const namespaces[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};
	const struct yaml_node *links = tree_get(service, "links");
	const struct yaml_node *from = tree_get(service, "volumes_from");

	for (size_t i = 0; links != NULL && i < links->item_count; i++) {
		AUTO_FREE char *name =
			xstrndup(links->items[i]->text, strcspn(links->items[i]->text, ":"));
		add_dependency(normalizer, service, name, true, links->items[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		const char *name = service_reference(tree_get_text(service, namespaces[i]));
		if (name != NULL)
			add_dependency(normalizer, service, name, true,
				       tree_get(service, namespaces[i]));
	}
	for (size_t i = 0; from != NULL && i < from->item_count; i++) {
		const char *text = from->items[i]->text;
		AUTO_FREE char *name = xstrndup(text, strcspn(text, ":"));
		if (strncmp(text, COMPOSE_CONTAINER, strlen(COMPOSE_CONTAINER)) != 0)
			add_dependency(normalizer, service, name, false, from->items[i]);
	}
}

static void complete_build(struct normalizer *normalizer, const struct yaml_node *service)
{
	struct tree_store *store = &normalizer->context->store;
	struct yaml_node *build = tree_get(service, "build");
	struct yaml_node *args = tree_get(build, "args");

	if (build == NULL)
		return;
	if (tree_get(build, "dockerfile") == NULL && tree_get(build, "dockerfile_inline") == NULL)
		tree_set_text(store, build, "dockerfile", "Dockerfile");
	for (size_t i = args != NULL && args->kind == YAML_MAP ? args->pair_count : 0; i > 0; i--) {
		struct yaml_pair *pair = &args->pairs[i - 1];
		if (pair->value->kind != YAML_NULL)
			continue;
		const char *value = compose_variables_get(normalizer->variables, pair->key->text);
		if (value != NULL)
			pair->value = tree_text(store, value, pair->key);
		else
			tree_remove(args, pair->key->text);
	}
}

static void clean_targets(struct normalizer *normalizer, const struct yaml_node *service)
{
	const struct yaml_node *volumes = tree_get(service, "volumes");
	for (size_t i = 0; volumes != NULL && i < volumes->item_count; i++) {
		struct yaml_node *volume = volumes->items[i];
		const char *target = tree_get_text(volume, "target");
		if (target == NULL)
			continue;
		AUTO_FREE char *clean = compose_clean_path(target);
		/* What is not absolute is left for the one who says so. */
		tree_set_text(&normalizer->context->store, volume, "target",
			      target[0] == '/' ? clean : target);
	}
}

/* Variables that were set outside, then those of the service; both go before what the file holds. */
static bool read_env_file(struct normalizer *normalizer, const struct yaml_node *entry,
			  const struct compose_variables *outside, struct compose_variables *ret)
{
	const char *path = tree_get_text(entry, "path");
	const char *format = tree_get_text(entry, "format");
	const struct yaml_node *required = tree_get(entry, "required");
	bool is_raw = format != NULL && strcmp(format, "raw") == 0;
	bool is_required = true;

	if (path == NULL)
		return true;
	(void)yaml_is_bool(required, &is_required);
	if (required != NULL && yaml_is_text(required, "false"))
		is_required = false;
	if (format != NULL && format[0] != '\0' && !is_raw) {
		compose_error(normalizer->context, tree_get(entry, "format"), "format: raw",
			      "env_file: '%.40s' is not a format", format);
		return false;
	}
	if (!is_required && !path_exists(path))
		return true;
	return compose_read_env_file(normalizer->context, path, tree_get(entry, "path"), outside,
				     is_raw, ret);
}

static bool read_env_files(struct normalizer *normalizer, struct yaml_node *service)
{
	AUTO(compose_variables_clear) struct compose_variables outside = {0};
	AUTO(compose_variables_clear) struct compose_variables own = {0};
	struct tree_store *store = &normalizer->context->store;
	const struct yaml_node *files = tree_get(service, "env_file");
	struct yaml_node *environment = tree_get(service, "environment");

	if (files == NULL || files->kind != YAML_LIST || files->item_count == 0)
		return true;
	compose_variables_complete(&outside, normalizer->variables);
	for (size_t i = 0; environment != NULL && i < environment->pair_count; i++) {
		const struct yaml_pair *pair = &environment->pairs[i];
		if (pair->value->kind == YAML_SCALAR &&
		    compose_variables_get(&outside, pair->key->text) == NULL)
			(void)compose_variables_set(&outside, pair->key->text, pair->value->text,
						    NULL, 0);
	}
	for (size_t i = 0; i < files->item_count; i++) {
		if (!read_env_file(normalizer, files->items[i], &outside, &own))
			return false;
	}
	struct yaml_node *all = tree_new(store, YAML_MAP, files);
	for (size_t i = 0; i < own.count; i++) {
		struct yaml_node place = {
			.file = own.items[i].file, .line = own.items[i].line, .column = 1};
		/* They are sorted, each once: no looking for it among the others. */
		if (tree_get(environment, own.items[i].name) == NULL)
			tree_set(store, all, own.items[i].name,
				 tree_text(store, own.items[i].value, &place));
	}
	for (size_t i = 0; environment != NULL && i < environment->pair_count; i++)
		tree_set(store, all, environment->pairs[i].key->text, environment->pairs[i].value);
	tree_set(store, service, "environment", all);
	return true;
}

static bool read_label_files(struct normalizer *normalizer, struct yaml_node *service)
{
	AUTO(compose_variables_clear) struct compose_variables own = {0};
	struct tree_store *store = &normalizer->context->store;
	const struct yaml_node *files = tree_get(service, "label_file");

	for (size_t i = 0; files != NULL && i < files->item_count; i++) {
		if (!compose_read_env_file(normalizer->context, files->items[i]->text,
					   files->items[i], normalizer->variables, false, &own))
			return false;
	}
	for (size_t i = 0; i < own.count; i++) {
		struct yaml_node *labels = tree_get_map(store, service, "labels");
		if (labels != NULL && tree_get(labels, own.items[i].name) == NULL)
			tree_set_text(store, labels, own.items[i].name, own.items[i].value);
	}
	return true;
}

static void name_resources(struct normalizer *normalizer, const char *project)
{
	static const char *const keys[] = {"networks", "volumes", "configs", "secrets"};
	struct tree_store *store = &normalizer->context->store;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct yaml_node *map = tree_get(normalizer->model, keys[k]);
		for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->pair_count;
		     i++) {
			const char *key = map->pairs[i].key->text;
			if (map->pairs[i].value->kind != YAML_MAP)
				map->pairs[i].value = tree_new(store, YAML_MAP, map->pairs[i].key);
			struct yaml_node *one = map->pairs[i].value;
			const struct yaml_node *external = tree_get(one, "external");
			bool is_external = yaml_is_text(external, "true");
			AUTO_FREE char *name =
				is_external ? xstrdup(key) : xasprintf("%s_%s", project, key);
			if (tree_get(one, "name") == NULL)
				tree_set_text(store, one, "name", name);
		}
	}
}

bool compose_normalize(struct compose_context *context, struct yaml_node *model, const char *name,
		       const struct compose_variables *variables)
{
	struct normalizer normalizer = {.context = context, .model = model, .variables = variables};
	struct yaml_node *services = tree_get(model, "services");
	bool is_good = true;

	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		struct yaml_node *service = services->pairs[i].value;
		if (service->kind != YAML_MAP)
			continue;
		add_network(&normalizer, service);
		add_dependencies(&normalizer, service);
		complete_build(&normalizer, service);
		clean_targets(&normalizer, service);
		is_good = read_env_files(&normalizer, service) && is_good;
		is_good = read_label_files(&normalizer, service) && is_good;
	}
	if (normalizer.uses_default) {
		struct yaml_node *networks = tree_get_map(&context->store, model, "networks");
		if (networks != NULL && tree_get(networks, "default") == NULL)
			tree_set(&context->store, networks, "default",
				 tree_new(&context->store, YAML_NULL, networks));
	}
	name_resources(&normalizer, name);
	return is_good;
}

static bool is_chosen(const struct yaml_node *service, const struct string_list *profiles)
{
	const struct yaml_node *list = tree_get(service, "profiles");
	if (list == NULL || list->item_count == 0 || string_list_has(profiles, "*"))
		return true;
	for (size_t i = 0; i < list->item_count; i++) {
		if (string_list_has(profiles, list->items[i]->text))
			return true;
	}
	return false;
}

void compose_add_profiles_of(const struct yaml_node *model, const struct string_list *names,
			     struct string_list *profiles)
{
	const struct yaml_node *services = yaml_get(model, "services");
	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		const struct yaml_node *list = yaml_get(services->pairs[i].value, "profiles");
		const char *name = services->pairs[i].key->text;
		AUTO_FREE char *plain = compose_plain_name(name);
		if (!string_list_has(names, name) && !string_list_has(names, plain))
			continue;
		for (size_t k = 0; list != NULL && k < list->item_count; k++)
			string_list_add(profiles, list->items[k]->text);
	}
}

void compose_choose_profiles(struct yaml_node *model, const struct string_list *profiles,
			     struct string_list *ret_left_out)
{
	struct yaml_node *services = tree_get(model, "services");
	for (size_t i = services != NULL ? services->pair_count : 0; i > 0; i--) {
		if (is_chosen(services->pairs[i - 1].value, profiles))
			continue;
		string_list_add(ret_left_out, services->pairs[i - 1].key->text);
		tree_remove(services, services->pairs[i - 1].key->text);
	}
}
