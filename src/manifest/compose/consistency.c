/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/compose/consistency.h"
#include "manifest/compose/units.h"
#include "manifest/service_reference.h"

struct checker {
	struct compose_context *context;
	const struct yaml_node *model;
	const struct string_list *left_out;
	const char *name; /* of the service */
	const struct yaml_node *service;
};

static void list_keys(const struct yaml_node *map, struct string_list *ret)
{
	for (size_t i = 0; map != NULL && i < map->pair_count; i++)
		string_list_add(ret, map->pairs[i].key->text);
}

/* what: "volume"; key: where they are declared. */
static void check_reference(const struct checker *checker, const struct yaml_node *place,
			    const char *what, const char *key, const char *name)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	const struct yaml_node *map = tree_get(checker->model, key);

	if (name == NULL || name[0] == '\0' || tree_get(map, name) != NULL)
		return;
	list_keys(map, &known);
	const char *nearest = suggest_nearest(name, &known);
	AUTO_FREE char *hint = nearest != NULL
				       ? xasprintf("did you mean '%s'?", nearest)
				       : xasprintf("add it under %s: at the top of the file", key);
	compose_error(checker->context, place, hint, "service '%s': there is no %s '%.80s'",
		      checker->name, what, name);
}

static void check_source(const struct checker *checker)
{
	const char *image = tree_get_text(checker->service, "image");
	if (tree_get(checker->service, "build") == NULL && (image == NULL || image[0] == '\0') &&
	    tree_get(checker->service, "provider") == NULL)
		compose_error(checker->context, checker->service,
			      "image: nginx:1.25, or build: FOLDER",
			      "service '%s' has neither an image nor a build", checker->name);
}

static void check_networks(const struct checker *checker)
{
	const struct yaml_node *networks = tree_get(checker->service, "networks");
	const struct yaml_node *mode = tree_get(checker->service, "network_mode");
	if (networks == NULL || networks->kind != YAML_MAP)
		return;
	if (mode != NULL && mode->text[0] != '\0' && networks->pair_count > 0)
		compose_error(checker->context, mode, "keep one of them",
			      "service '%s': network_mode and networks exclude each other",
			      checker->name);
	for (size_t i = 0; i < networks->pair_count; i++)
		check_reference(checker, networks->pairs[i].key, "network", "networks",
				networks->pairs[i].key->text);
}

static void check_dependencies(const struct checker *checker)
{
	const struct yaml_node *all = tree_get(checker->service, "depends_on");
	const struct yaml_node *services = tree_get(checker->model, "services");

	for (size_t i = 0; all != NULL && i < all->pair_count; i++) {
		const struct yaml_node *key = all->pairs[i].key;
		const struct yaml_node *value = all->pairs[i].value;
		bool is_required = !yaml_is_text(tree_get(value, "required"), "false");
		bool is_left_out = string_list_has(checker->left_out, key->text);
		if (tree_get(services, key->text) != NULL || (is_left_out && !is_required))
			continue;
		/* The key of a list's entry is made; the value stands where it was written. */
		if (is_left_out)
			compose_error(
				checker->context, value, "--profile NAME, or required: false",
				"service '%s' depends on '%.80s', whose profile is not chosen",
				checker->name, key->text);
		else
			check_reference(checker, value, "service", "services", key->text);
	}
}

static void check_mounts(const struct checker *checker)
{
	AUTO(string_list_clear) struct string_list targets = STRING_LIST_INIT;
	const struct yaml_node *volumes = tree_get(checker->service, "volumes");
	const struct yaml_node *tmpfs = tree_get(checker->service, "tmpfs");

	for (size_t i = 0; tmpfs != NULL && i < tmpfs->item_count; i++) {
		const char *text = tmpfs->items[i]->text;
		AUTO_FREE char *path = xstrndup(text, strcspn(text, ":"));
		if (string_list_has(&targets, path))
			compose_error(checker->context, tmpfs->items[i], "remove one of them",
				      "service '%s': two mounts at %.200s", checker->name, path);
		string_list_add(&targets, path);
	}
	for (size_t i = 0; volumes != NULL && i < volumes->item_count; i++) {
		const struct yaml_node *volume = volumes->items[i];
		const char *target = tree_get_text(volume, "target");
		const char *type = tree_get_text(volume, "type");
		const char *source = tree_get_text(volume, "source");
		if (type != NULL && strcmp(type, "volume") == 0)
			check_reference(checker, volume, "volume", "volumes", source);
		if (type != NULL && strcmp(type, "bind") == 0 && source == NULL)
			compose_error(checker->context, volume, "source: ./FOLDER",
				      "service '%s': a bind mount has a source", checker->name);
		if (target == NULL || target[0] == '\0')
			continue;
		if (string_list_has(&targets, target))
			compose_error(checker->context, volume, "remove one of them",
				      "service '%s': two mounts at %.200s", checker->name, target);
		string_list_add(&targets, target);
	}
}

static void check_sources(const struct checker *checker, const struct yaml_node *list,
			  const char *what, const char *key)
{
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->item_count; i++)
		check_reference(checker, list->items[i], what, key,
				tree_get_text(list->items[i], "source"));
}

static void check_health(const struct checker *checker)
{
	const struct yaml_node *test = tree_get(tree_get(checker->service, "healthcheck"), "test");
	static const char *const words[] = {"CMD", "CMD-SHELL", "NONE"};
	bool is_known = test == NULL || test->kind != YAML_LIST || test->item_count == 0;
	for (size_t i = 0; !is_known && i < ARRAY_SIZE(words); i++)
		is_known = yaml_is_text(test->items[0], words[i]);
	if (!is_known)
		compose_error(checker->context, test->items[0],
			      "[CMD, PROGRAM, …], [CMD-SHELL, \"…\"] or [NONE]",
			      "healthcheck.test begins with CMD, CMD-SHELL or NONE, not '%.60s'",
			      test->items[0]->text);
}

static void check_ports(const struct checker *checker)
{
	const struct yaml_node *ports = tree_get(checker->service, "ports");
	for (size_t i = 0; ports != NULL && i < ports->item_count; i++) {
		unsigned char raw[sizeof(struct in6_addr)];
		const struct yaml_node *ip = tree_get(ports->items[i], "host_ip");
		if (ip == NULL || ip->kind != YAML_SCALAR)
			continue;
		if (inet_pton(AF_INET, ip->text, raw) != 1 &&
		    inet_pton(AF_INET6, ip->text, raw) != 1)
			compose_error(checker->context, ip, "127.0.0.1",
				      "host_ip: '%.80s' is not an IP address", ip->text);
	}
}

static void check_scale(const struct checker *checker)
{
	const struct yaml_node *scale = tree_get(checker->service, "scale");
	const struct yaml_node *replicas =
		tree_get(tree_get(checker->service, "deploy"), "replicas");
	const struct yaml_node *name = tree_get(checker->service, "container_name");
	const struct yaml_node *count = scale != NULL ? scale : replicas;

	if (scale != NULL && replicas != NULL && scale->integer != replicas->integer)
		compose_error(checker->context, scale, "keep one of them",
			      "service '%s': scale and deploy.replicas differ", checker->name);
	if (count == NULL || count->kind != YAML_SCALAR)
		return;
	if (count->integer < 0)
		compose_error(checker->context, count, NULL, "service '%s': less than no replicas",
			      checker->name);
	if (count->integer > 1 && name != NULL)
		compose_error(checker->context, name, "leave it out",
			      "service '%s': several replicas cannot have one container_name",
			      checker->name);
}

static bool amount_of(const struct yaml_node *node, bool is_bytes, double *ret)
{
	uint64_t bytes = 0;
	if (node == NULL || node->kind != YAML_SCALAR)
		return false;
	if (!is_bytes)
		return compose_number(node, ret) && *ret > 0;
	if (!compose_bytes(node, &bytes) || bytes == 0)
		return false;
	*ret = (double)bytes;
	return true;
}

/* The same said in two ways, and not the same. */
static void check_limit(const struct checker *checker, const char *own, const char *part,
			const char *key, bool is_bytes)
{
	const struct yaml_node *one = tree_get(checker->service, own);
	const struct yaml_node *resources =
		tree_get(tree_get(checker->service, "deploy"), "resources");
	const struct yaml_node *other = tree_get(tree_get(resources, part), key);
	double left = 0;
	double right = 0;

	if (!amount_of(one, is_bytes, &left) || tree_get(resources, part) == NULL)
		return;
	(void)amount_of(other, is_bytes, &right);
	if (left < right || left > right)
		compose_error(checker->context, one, "keep one of them",
			      "service '%s': %s and deploy.resources.%s.%s differ", checker->name,
			      own, part, key);
}

static void check_build(const struct checker *checker)
{
	const struct yaml_node *build = tree_get(checker->service, "build");
	const struct yaml_node *platforms = tree_get(build, "platforms");
	const char *platform = tree_get_text(checker->service, "platform");
	bool is_there = platforms == NULL || platforms->item_count == 0 || platform == NULL ||
			platform[0] == '\0';

	if (tree_get(build, "dockerfile_inline") != NULL && tree_get(build, "dockerfile") != NULL)
		compose_error(checker->context, tree_get(build, "dockerfile"), "keep one of them",
			      "service '%s': dockerfile and dockerfile_inline exclude each other",
			      checker->name);
	for (size_t i = 0; !is_there && i < platforms->item_count; i++)
		is_there = yaml_is_text(platforms->items[i], platform);
	if (!is_there)
		compose_error(checker->context, tree_get(checker->service, "platform"), NULL,
			      "service '%s': build.platforms has not its platform %.60s",
			      checker->name, platform);
	check_sources(checker, tree_get(build, "secrets"), "secret", "secrets");
}

static void check_watches(const struct checker *checker)
{
	const struct yaml_node *rules = tree_get(tree_get(checker->service, "develop"), "watch");
	for (size_t i = 0; rules != NULL && i < rules->item_count; i++) {
		const char *action = tree_get_text(rules->items[i], "action");
		const char *target = tree_get_text(rules->items[i], "target");
		bool wants_target = action != NULL && strcmp(action, "rebuild") != 0 &&
				    strcmp(action, "restart") != 0;
		if (wants_target && (target == NULL || target[0] == '\0'))
			compose_error(checker->context, rules->items[i], "target: /app",
				      "service '%s': %s wants a target", checker->name, action);
		if (yaml_is_text(tree_get(rules->items[i], "path"), ""))
			compose_error(checker->context, rules->items[i], "path: ./src",
				      "service '%s': a watch has a path", checker->name);
	}
}

/* A letter or a digit, and one more of those or of _ . - */
static void check_container_name(const struct checker *checker)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char next[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	const struct yaml_node *name = tree_get(checker->service, "container_name");
	bool is_good = name == NULL || name->kind != YAML_SCALAR;
	for (size_t i = 0; !is_good && i < name->size; i++)
		is_good = strchr(first, name->text[i]) != NULL && name->text[i + 1] != '\0' &&
			  strchr(next, name->text[i + 1]) != NULL;
	if (!is_good)
		compose_error(checker->context, name, "letters, digits and _ . -, two at least",
			      "container_name: '%.60s' is no name", name->text);
}

static void check_service(const struct checker *checker)
{
	const char *partner = service_reference(tree_get_text(checker->service, "network_mode"));

	check_source(checker);
	check_container_name(checker);
	check_networks(checker);
	check_dependencies(checker);
	if (partner != NULL)
		check_reference(checker, tree_get(checker->service, "network_mode"), "service",
				"services", partner);
	check_mounts(checker);
	check_sources(checker, tree_get(checker->service, "configs"), "config", "configs");
	check_sources(checker, tree_get(checker->service, "secrets"), "secret", "secrets");
	check_health(checker);
	check_ports(checker);
	check_scale(checker);
	check_limit(checker, "cpus", "limits", "cpus", false);
	check_limit(checker, "mem_limit", "limits", "memory", true);
	check_limit(checker, "mem_reservation", "reservations", "memory", true);
	check_limit(checker, "pids_limit", "limits", "pids", false);
	check_build(checker);
	check_watches(checker);
}

/* Where a config or a secret comes from. */
static void check_contents(struct compose_context *context, const struct yaml_node *map,
			   const char *what, bool has_content)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->pair_count; i++) {
		const struct yaml_node *one = map->pairs[i].value;
		unsigned count = tree_get(one, "file") != NULL ? 1 : 0;
		bool has_environment = tree_get(one, "environment") != NULL;
		count += has_environment ? 1 : 0;
		/* Of a variable the content is there by now. */
		count +=
			has_content && !has_environment && tree_get(one, "content") != NULL ? 1 : 0;
		bool is_elsewhere =
			tree_get(one, "external") != NULL || tree_get(one, "driver") != NULL;
		if (count > 1)
			compose_error(context, one, "keep one of them",
				      "%s '%s': file, environment%s exclude each other", what,
				      map->pairs[i].key->text, has_content ? ", content" : "");
		if (count == 0 && !is_elsewhere)
			compose_error(context, map->pairs[i].key,
				      has_content ? "file: PATH, environment: NAME or content: |"
						  : "file: PATH, or environment: NAME",
				      "%s '%s' does not say where it comes from", what,
				      map->pairs[i].key->text);
	}
}

static void check_external(struct compose_context *context, const struct yaml_node *volumes)
{
	for (size_t i = 0; volumes != NULL && i < volumes->pair_count; i++) {
		const struct yaml_node *one = volumes->pairs[i].value;
		if (!yaml_is_text(tree_get(one, "external"), "true"))
			continue;
		for (size_t k = 0; k < one->pair_count; k++) {
			const char *key = one->pairs[k].key->text;
			if (strcmp(key, "name") != 0 && strcmp(key, "external") != 0 &&
			    strncmp(key, "x-", 2) != 0)
				compose_error(context, one->pairs[k].key, "remove it",
					      "volume '%s': external and %.40s exclude each other",
					      volumes->pairs[i].key->text, key);
		}
	}
}

/* Depth first; a service that is met again on the way down waits for itself. */
struct circle {
	const struct yaml_node *services;
	char *states; /* 0 unseen, 1 on the way, 2 done */
	struct compose_context *context;
	bool is_found;
};

static void follow(struct circle *circle, size_t index, const struct yaml_node *place)
{
	const struct yaml_node *all = tree_get(circle->services->pairs[index].value, "depends_on");

	if (circle->states[index] == 2 || circle->is_found)
		return;
	if (circle->states[index] == 1) {
		circle->is_found = true;
		compose_error(circle->context, place, "take one depends_on out",
			      "service '%s' depends on itself, by way of others",
			      circle->services->pairs[index].key->text);
		return;
	}
	circle->states[index] = 1;
	for (size_t i = 0; all != NULL && all->kind == YAML_MAP && i < all->pair_count; i++) {
		for (size_t k = 0; k < circle->services->pair_count; k++) {
			if (strcmp(circle->services->pairs[k].key->text, all->pairs[i].key->text) ==
			    0)
				follow(circle, k, all->pairs[i].value);
		}
	}
	circle->states[index] = 2;
}

bool compose_check_consistency(struct compose_context *context, const struct yaml_node *model,
			       const struct string_list *left_out)
{
	const struct yaml_node *services = tree_get(model, "services");
	size_t before = context->problems->error_count;
	struct checker checker = {.context = context, .model = model, .left_out = left_out};

	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		checker.name = services->pairs[i].key->text;
		checker.service = services->pairs[i].value;
		if (checker.service->kind == YAML_MAP)
			check_service(&checker);
	}
	check_contents(context, tree_get(model, "configs"), "config", true);
	check_contents(context, tree_get(model, "secrets"), "secret", false);
	check_external(context, tree_get(model, "volumes"));
	if (services != NULL && context->problems->error_count == before) {
		AUTO_FREE char *states = xcalloc(services->pair_count + 1, 1);
		struct circle circle = {.services = services, .states = states, .context = context};
		for (size_t i = 0; i < services->pair_count; i++)
			follow(&circle, i, services->pairs[i].key);
	}
	return context->problems->error_count == before;
}
