/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/canonical.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/merge.h"
#include "manifest/compose/mounts.h"
#include "manifest/compose/ports.h"
#include "manifest/service_reference.h"

/* NULL: it was reported. */
typedef struct yaml_node *canonical_fn(struct compose_context *context, struct yaml_node *node);

static struct yaml_node *map_of(struct compose_context *context, const char *key,
				struct yaml_node *value)
{
	struct yaml_node *map = tree_new(&context->store, YAML_MAP, value);
	tree_set(&context->store, map, key, value);
	return map;
}

static struct yaml_node *write_build(struct compose_context *context, struct yaml_node *node)
{
	return node->kind == YAML_SCALAR ? map_of(context, "context", node) : node;
}

static struct yaml_node *write_source(struct compose_context *context, struct yaml_node *node)
{
	return node->kind == YAML_SCALAR ? map_of(context, "source", node) : node;
}

static struct yaml_node *write_service(struct compose_context *context, struct yaml_node *node)
{
	return node->kind == YAML_SCALAR ? map_of(context, "service", node) : node;
}

static struct yaml_node *write_list(struct compose_context *context, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return node;
	struct yaml_node *list = tree_new(&context->store, YAML_LIST, node);
	tree_insert(&context->store, list, 0, node);
	return list;
}

static struct yaml_node *write_env_files(struct compose_context *context, struct yaml_node *node)
{
	struct yaml_node *list = write_list(context, node);
	for (size_t i = 0; list->kind == YAML_LIST && i < list->item_count; i++) {
		if (list->items[i]->kind == YAML_SCALAR)
			list->items[i] = map_of(context, "path", list->items[i]);
		if (list->items[i]->kind == YAML_MAP &&
		    tree_get(list->items[i], "required") == NULL)
			tree_set(&context->store, list->items[i], "required",
				 compose_bool(context, true, list->items[i]));
	}
	return list;
}

static struct yaml_node *write_names(struct compose_context *context, struct yaml_node *node)
{
	return compose_names_map(context, node, false);
}

static struct yaml_node *write_dependencies(struct compose_context *context, struct yaml_node *node)
{
	struct yaml_node *map = compose_names_map(context, node, true);
	for (size_t i = 0; map->kind == YAML_MAP && i < map->pair_count; i++) {
		struct yaml_node *one = map->pairs[i].value;
		if (one->kind == YAML_MAP && tree_get(one, "required") == NULL)
			tree_set(&context->store, one, "required",
				 compose_bool(context, true, one));
	}
	return map;
}

static struct yaml_node *write_ulimit(struct compose_context *context, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return node;
	struct yaml_node *map = map_of(context, "soft", node);
	tree_set(&context->store, map, "hard", node);
	return map;
}

static struct yaml_node *write_mount(struct compose_context *context, struct yaml_node *node)
{
	AUTO(compose_mount_clear) struct compose_mount mount = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct tree_store *store = &context->store;

	if (node->kind != YAML_SCALAR || node->type != YAML_TEXT)
		return node;
	if (!compose_mount_parse(node->text, &mount, &err)) {
		compose_error(context, node, err.hint, "%s", err.message);
		return NULL;
	}
	struct yaml_node *map = tree_new(store, YAML_MAP, node);
	tree_set_text(store, map, "type", mount.is_bind ? "bind" : "volume");
	if (mount.source != NULL)
		tree_set_text(store, map, "source", mount.source);
	AUTO_FREE char *target =
		mount.target[0] == '/'
			? compose_path("/", mount.target, &(struct compose_variables){0})
			: xstrdup(mount.target);
	tree_set_text(store, map, "target", target);
	if (mount.is_read_only)
		tree_set(store, map, "read_only", compose_bool(context, true, node));
	if (mount.is_bind) {
		struct yaml_node *bind = tree_get_map(store, map, "bind");
		tree_set(store, bind, "create_host_path", compose_bool(context, true, node));
		if (mount.propagation != NULL)
			tree_set_text(store, bind, "propagation", mount.propagation);
		if (mount.selinux != NULL)
			tree_set_text(store, bind, "selinux", mount.selinux);
	} else if (mount.no_copy) {
		tree_set(store, tree_get_map(store, map, "volume"), "nocopy",
			 compose_bool(context, true, node));
	}
	return map;
}

static struct yaml_node *port_map(struct compose_context *context, const struct compose_port *port,
				  const struct yaml_node *like)
{
	struct tree_store *store = &context->store;
	struct yaml_node *map = tree_new(store, YAML_MAP, like);
	tree_set_text(store, map, "mode", "ingress");
	if (port->host_ip != NULL)
		tree_set_text(store, map, "host_ip", port->host_ip);
	tree_set(store, map, "target", compose_integer(context, port->target, like));
	if (port->published != NULL)
		tree_set_text(store, map, "published", port->published);
	tree_set_text(store, map, "protocol", port->protocol);
	return map;
}

enum { PORTS_MAX = 1024 };

static struct yaml_node *write_ports(struct compose_context *context, struct yaml_node *node)
{
	struct yaml_node *list = tree_new(&context->store, YAML_LIST, node);
	if (node->kind != YAML_LIST)
		return node;
	for (size_t i = 0; i < node->item_count; i++) {
		AUTO(compose_ports_clear) struct compose_ports ports = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		const struct yaml_node *item = node->items[i];
		if (item->kind != YAML_SCALAR) {
			tree_insert(&context->store, list, list->item_count, node->items[i]);
			continue;
		}
		if (!compose_ports_parse(item->text, &ports, &err)) {
			compose_error(context, item, err.hint, "%s", err.message);
			return NULL;
		}
		for (size_t k = 0; k < ports.count; k++)
			tree_insert(&context->store, list, list->item_count,
				    port_map(context, &ports.items[k], item));
		if (list->item_count > PORTS_MAX) {
			compose_error(context, item, NULL, "ports: more than %d of one service",
				      PORTS_MAX);
			return NULL;
		}
	}
	return list;
}

static struct yaml_node *write_device(struct compose_context *context, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return node;
	const char *colon = strchr(node->text, ':');
	AUTO_FREE char *source = xstrndup(node->text, strcspn(node->text, ":"));
	struct yaml_node *map = tree_new(&context->store, YAML_MAP, node);
	tree_set_text(&context->store, map, "source", source);
	AUTO_FREE char *target = xstrndup(colon != NULL ? colon + 1 : source,
					  colon != NULL ? strcspn(colon + 1, ":") : strlen(source));
	tree_set_text(&context->store, map, "target", target);
	return map;
}

/* {external: {name: X}}, as it was once written. */
static struct yaml_node *write_external(struct compose_context *context, struct yaml_node *node)
{
	struct yaml_node *external = tree_get(node, "external");
	if (external == NULL || external->kind != YAML_MAP)
		return node;
	const char *name = tree_get_text(external, "name");
	const char *other = tree_get_text(node, "name");
	if (name != NULL && other != NULL && strcmp(name, other) != 0) {
		compose_error(context, external, "name: … beside external: true",
			      "external.name says another name");
		return NULL;
	}
	if (name != NULL && other == NULL)
		tree_set_text(&context->store, node, "name", name);
	tree_set(&context->store, node, "external", compose_bool(context, true, external));
	return node;
}

/* ["NAME=VALUE"] as {NAME: VALUE}; a name alone has nothing. */
static struct yaml_node *write_pairs(struct compose_context *context, struct yaml_node *node)
{
	struct tree_store *store = &context->store;
	struct yaml_node *map = tree_new(store, YAML_MAP, node);

	if (node->kind == YAML_SCALAR && node->text[0] != '\0')
		tree_set(store, map, node->text, tree_new(store, YAML_NULL, node));
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		if (item->kind != YAML_SCALAR)
			continue; /* the schema says so */
		const char *equals = strchr(item->text, '=');
		AUTO_FREE char *name = xstrndup(item->text, strcspn(item->text, "="));
		tree_set(store, map, name,
			 equals != NULL ? tree_text(store, equals + 1, item)
					: tree_new(store, YAML_NULL, item));
	}
	return node->kind == YAML_MAP ? node : map;
}

struct canonical_rule {
	const char *pattern;
	canonical_fn *write;
};

static const struct canonical_rule canonical_rules[] = {
	{"services.*.build", write_build},
	{"services.*.build.secrets.*", write_source},
	{"services.*.build.additional_contexts", write_pairs},
	{"services.*.build.ssh", write_pairs},
	{"services.*.build.ulimits.*", write_ulimit},
	{"services.*.depends_on", write_dependencies},
	{"services.*.env_file", write_env_files},
	{"services.*.label_file", write_list},
	{"services.*.extends", write_service},
	{"services.*.networks", write_names},
	{"services.*.models", write_names},
	{"services.*.volumes.*", write_mount},
	{"services.*.dns", write_list},
	{"services.*.devices.*", write_device},
	{"services.*.secrets.*", write_source},
	{"services.*.configs.*", write_source},
	{"services.*.ports", write_ports},
	{"services.*.ulimits.*", write_ulimit},
	{"services.*.develop.watch.*.ignore", write_list},
	{"services.*.develop.watch.*.include", write_list},
	{"volumes.*", write_external},
	{"networks.*", write_external},
	{"secrets.*", write_external},
	{"configs.*", write_external},
};

static const struct canonical_rule map_rules[] = {
	{"services.*.annotations", write_pairs},
	{"services.*.build.args", write_pairs},
	{"services.*.build.labels", write_pairs},
	{"services.*.deploy.labels", write_pairs},
	{"services.*.environment", write_pairs},
	{"services.*.labels", write_pairs},
	{"services.*.sysctls", write_pairs},
	{"services.*.tmpfs", write_list},
	{"services.*.develop.watch.*.exec.environment", write_pairs},
	{"services.*.dns_search", write_list},
	{"services.*.post_start.*.environment", write_pairs},
	{"services.*.pre_stop.*.environment", write_pairs},
};

struct walk {
	struct compose_context *context;
	const struct canonical_rule *rules;
	size_t rule_count;
	bool is_good;
};

static struct yaml_node *visit(struct walk *walk, struct yaml_node *node,
			       const struct compose_place *place)
{
	for (size_t i = 0; place != NULL && node->kind != YAML_NULL && i < walk->rule_count; i++) {
		if (!compose_place_matches(place, walk->rules[i].pattern))
			continue;
		struct yaml_node *written = walk->rules[i].write(walk->context, node);
		walk->is_good = walk->is_good && written != NULL;
		if (written == NULL)
			return node;
		node = written;
		break;
	}
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct compose_place below = {place, node->pairs[i].key->text};
		node->pairs[i].value = visit(walk, node->pairs[i].value, &below);
	}
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		const struct compose_place below = {place, "[]"};
		node->items[i] = visit(walk, node->items[i], &below);
	}
	return node;
}

bool compose_make_canonical(struct compose_context *context, struct yaml_node *root)
{
	struct walk walk = {context, canonical_rules, ARRAY_SIZE(canonical_rules), true};
	(void)visit(&walk, root, NULL);
	return walk.is_good;
}

bool compose_make_maps(struct compose_context *context, struct yaml_node *root)
{
	struct walk walk = {context, map_rules, ARRAY_SIZE(map_rules), true};
	(void)visit(&walk, root, NULL);
	return walk.is_good;
}

struct resolver {
	struct compose_context *context;
	const char *folder;
	const struct compose_variables *variables;
};

/* git@host:…, https://…, docker-image://…, service:NAME, target:NAME: what is no folder here. */
static bool is_remote(const char *path)
{
	return strstr(path, "://") != NULL || strncmp(path, "git@", 4) == 0 ||
	       strncmp(path, "github.com/", 11) == 0 || service_reference(path) != NULL ||
	       strncmp(path, "target:", 7) == 0;
}

static void resolve(const struct resolver *resolver, struct yaml_node *map, const char *key,
		    bool may_be_remote)
{
	const char *path = tree_get_text(map, key);
	if (path == NULL || path[0] == '\0' || (may_be_remote && is_remote(path)))
		return;
	AUTO_FREE char *whole = compose_path(resolver->folder, path, resolver->variables);
	tree_set_text(&resolver->context->store, map, key, whole);
}

static void resolve_build(const struct resolver *resolver, struct yaml_node *service)
{
	struct yaml_node *build = tree_get(service, "build");
	struct yaml_node *contexts = tree_get(build, "additional_contexts");
	struct yaml_node *keys = tree_get(build, "ssh");

	if (build != NULL && build->kind == YAML_MAP && tree_get(build, "context") == NULL)
		tree_set_text(&resolver->context->store, build, "context", ".");
	resolve(resolver, build, "context", true);
	for (size_t i = 0; contexts != NULL && i < contexts->pair_count; i++)
		resolve(resolver, contexts, contexts->pairs[i].key->text, true);
	for (size_t i = 0; keys != NULL && i < keys->pair_count; i++)
		resolve(resolver, keys, keys->pairs[i].key->text, false);
}

static void resolve_items(const struct resolver *resolver, struct yaml_node *list, const char *key)
{
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->item_count; i++)
		resolve(resolver, list->items[i], key, false);
}

static void resolve_service(const struct resolver *resolver, struct yaml_node *service)
{
	struct yaml_node *volumes = tree_get(service, "volumes");
	struct yaml_node *labels = tree_get(service, "label_file");

	resolve_build(resolver, service);
	resolve_items(resolver, tree_get(service, "env_file"), "path");
	resolve_items(resolver, tree_get(tree_get(service, "develop"), "watch"), "path");
	for (size_t i = 0; volumes != NULL && i < volumes->item_count; i++) {
		const char *type = tree_get_text(volumes->items[i], "type");
		if (type != NULL && strcmp(type, "bind") == 0)
			resolve(resolver, volumes->items[i], "source", false);
	}
	for (size_t i = 0; labels != NULL && i < labels->item_count; i++) {
		if (labels->items[i]->kind != YAML_SCALAR)
			continue;
		AUTO_FREE char *whole =
			compose_path(resolver->folder, labels->items[i]->text, resolver->variables);
		labels->items[i] = tree_text(&resolver->context->store, whole, labels->items[i]);
	}
}

void compose_resolve_paths(struct compose_context *context, struct yaml_node *root,
			   const char *folder, const struct compose_variables *variables)
{
	static const char *const file_maps[] = {"configs", "secrets"};
	const struct resolver resolver = {context, folder, variables};
	struct yaml_node *services = tree_get(root, "services");
	struct yaml_node *volumes = tree_get(root, "volumes");

	for (size_t i = 0; services != NULL && i < services->pair_count; i++)
		resolve_service(&resolver, services->pairs[i].value);
	for (size_t k = 0; k < ARRAY_SIZE(file_maps); k++) {
		struct yaml_node *map = tree_get(root, file_maps[k]);
		for (size_t i = 0; map != NULL && i < map->pair_count; i++)
			resolve(&resolver, map->pairs[i].value, "file", false);
	}
	for (size_t i = 0; volumes != NULL && i < volumes->pair_count; i++) {
		struct yaml_node *options = tree_get(volumes->pairs[i].value, "driver_opts");
		const char *how = tree_get_text(options, "o");
		if (how != NULL && strstr(how, "bind") != NULL)
			resolve(&resolver, options, "device", false);
	}
}
